"""Calls to agencies' systems over HTTP: to the very address that was looked at, with a limit to size and time."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from yiwang.kernel import certificates
from yiwang.kernel.types import FieldError
from yiwang.platform.sharing.connectors import Source, SourceFault
from yiwang.platform.sharing.reaching import Outside, resolved

if TYPE_CHECKING:
    import httpx  # imported where a system is called: large, and most web processes call none

CONNECT, READ = 5.0, 30.0
"""Seconds that a connection, and each piece of an answer, may take."""
WHOLE = 60.0
"""Seconds that one answer may take altogether: one that comes byte by byte would never time out."""
MAX_BYTES = 32 * 1_048_576


def client() -> httpx.Client:
    """Return a client with the system's certificates and nothing of the environment: a proxy would resolve names again."""
    import httpx

    return httpx.Client(verify=certificates.trusted(), trust_env=False, follow_redirects=False)


def asked(
    client: httpx.Client,
    source: Source,
    *,
    params: dict[str, str] | None = None,
    body: Any = None,
    seconds: float = 0.0,
) -> dict[str, Any]:
    """Ask once: GET, or POST of a JSON ``body``. Raises ``SourceFault``; the address is resolved here and looked at.

    ``seconds``: how long the whole may take; ``WHOLE`` if it is not said.
    """
    import httpx

    url = address(source)
    pinned = url.copy_with(host=resolved(url.host, port(url)))
    headers = {"Host": url.netloc.decode("ascii"), "Accept": "application/json", "Accept-Encoding": "identity"}
    if source.secret:
        headers["Authorization"] = f"Bearer {source.secret}"
    request = client.build_request(
        "GET" if body is None else "POST",
        pinned.copy_merge_params(params or {}),
        json=body,
        headers=headers,
        timeout=httpx.Timeout(min(seconds or READ, READ), connect=min(seconds or CONNECT, CONNECT)),
        extensions={"sni_hostname": url.raw_host.decode("ascii")},
    )
    until = time.monotonic() + (seconds or WHOLE)
    try:
        answer = client.send(request, stream=True)
        try:
            _must_be_well(answer)
            return _read(answer, until)
        finally:
            answer.close()
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise SourceFault(_("连不上数据源（%(kind)s）。") % {"kind": type(error).__name__}) from None


def _must_be_well(answer: httpx.Response) -> None:
    if answer.is_redirect:
        raise SourceFault(_("数据源让去别的地址，没有跟去。"))
    if answer.status_code in (401, 403):
        raise SourceFault(_("数据源不认令牌（%(status)d）。") % {"status": answer.status_code})
    if answer.status_code != 200:
        raise SourceFault(_("数据源回答 %(status)d。") % {"status": answer.status_code})
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise SourceFault(_("数据源的回答是压缩的，没有要求这样。"))  # a few bytes could unpack to gigabytes


def _read(answer: httpx.Response, until: float) -> dict[str, Any]:
    whole = bytearray()
    for piece in answer.iter_raw():
        whole += piece
        if len(whole) > MAX_BYTES:
            raise SourceFault(_("数据源的回答超过 %(size)d MB，请减少每批的行数。") % {"size": MAX_BYTES >> 20})
        if time.monotonic() > until:
            raise SourceFault(_("数据源的回答太慢。"))
    try:
        found = json.loads(whole)
    except (ValueError, RecursionError):
        raise SourceFault(_("数据源的回答不是 JSON。")) from None
    if not isinstance(found, dict):
        raise SourceFault(_("数据源的回答不是 JSON 对象。"))
    return found


def faults(source: Source) -> list[FieldError]:
    """Tell what is wrong with a source's address, and whether it may be reached."""
    try:
        url = address(source)
        resolved(url.host, port(url))
    except SourceFault as fault:
        return [FieldError("address", str(fault))]
    return []


def address(source: Source) -> httpx.URL:
    """Read an address. Raises ``Outside`` for one that is none, or that says more than where."""
    import httpx

    try:
        url = httpx.URL(source.address)
    except httpx.InvalidURL:
        raise Outside(_("这不是网址。")) from None
    if url.scheme not in ("http", "https") or not url.host or not 0 < port(url) < 65_536:
        raise Outside(_("请写 http 或 https 的网址。"))
    if url.userinfo or url.fragment:
        raise Outside(_("网址里不能有用户名、密码和 #。"))
    return url


def port(url: httpx.URL) -> int:
    """Return the port of an address."""
    return url.port or (443 if url.scheme == "https" else 80)
