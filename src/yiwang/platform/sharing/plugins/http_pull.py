"""JSON over HTTP: ``GET address?since=TOKEN&limit=N`` answers ``{"rows": [...], "next": "TOKEN", "more": true}``.

``next`` is whatever the source likes: it is given back as ``since`` the next time, also when nothing is new; a source that
has none gives all of its rows each time. One that only knows pages is asked ``?page=N&limit=M`` from the first page on, each
time; what has not changed changes nothing here.
The bearer token is the feed's secret.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Generator
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.plugins import Finding, Level
from yiwang.kernel.types import FieldError
from yiwang.platform.sharing.connectors import Batch, Connector, Source, SourceFault, limit_spec, registry
from yiwang.platform.sharing.intake import MOST
from yiwang.platform.sharing.reaching import Outside, resolved

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
WHOLE = 60.0
"""Seconds that one answer may take altogether: one that comes byte by byte would never time out."""
MAX_BYTES = 32 * 1_048_576
MAX_TOKEN = 2_000
SINCE, PAGES = "since", "pages"


@registry.register("http_pull")
class HttpPull(Connector):
    """A source that answers by HTTP."""

    label = gettext_lazy("HTTP 接口")
    address_hint = gettext_lazy("接口地址，http 或 https；每次问“从上次的标记以后有什么”")
    takes_secret = True
    sparse = True

    def check_config(self) -> list[Finding]:
        """Look whether there is a network in which sources may lie."""
        if settings.YIWANG_FEED_NETWORKS:
            return []
        return [Finding(Level.WARNING, _("没有设置 YIWANG_FEED_NETWORKS，连不到任何数据源。"))]

    def settings(self) -> tuple[FieldSpec, ...]:
        """How it pages."""
        ways = (Option(SINCE, _("从上次的标记接着读")), Option(PAGES, _("每次从第一页读到最后")))
        return (
            FieldSpec("paging", _("怎么翻页"), FieldKind.CHOICE, required=False, options=ways),
            limit_spec(),
        )

    def check(self, source: Source) -> list[FieldError]:
        """Look at address and settings."""
        found = super().check(source)
        try:
            url = _address(source)
            resolved(url.host, _port(url))
        except SourceFault as fault:
            found.append(FieldError("address", str(fault)))
        return found

    def batches(self, source: Source, token: Any) -> Generator[Batch, None, None]:
        """Ask until the source says that there is no more."""
        read = _pages if source.settings.get("paging") == PAGES else _since
        # The system's certificates, nothing of the environment: a proxy would resolve the name again.
        with httpx.Client(
            verify=ssl.create_default_context(), trust_env=False, follow_redirects=False, timeout=TIMEOUT
        ) as client:
            yield from read(client, source, token)


def _since(client: httpx.Client, source: Source, token: Any) -> Generator[Batch, None, None]:
    more = True
    while more:
        answer = _asked(client, source, {} if token is None else {"since": str(token)})
        following, more = answer.get("next", token), answer.get("more") is True
        if not isinstance(following, str | int | None) or len(str(following)) > MAX_TOKEN:
            raise SourceFault(_("回答里的 next 要是一个短的文字或整数。"))
        if more and following == token:
            raise SourceFault(_("数据源说还有，却没有给出往下的标记。"))
        token = following
        yield Batch(_rows(answer), token)


def _pages(client: httpx.Client, source: Source, token: Any) -> Generator[Batch, None, None]:
    page = token["page"] if isinstance(token, dict) else 1
    while True:
        answer = _asked(client, source, {"page": str(page)})
        rows, more = _rows(answer), answer.get("more") is True
        if more and not rows:
            raise SourceFault(_("数据源说还有，却没有给出往下的标记。"))
        page += 1
        yield Batch(rows, {"page": page} if more else None)
        if not more:
            return


def _rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows; what is no object has nothing in it, and is told as such."""
    return [row if isinstance(row, dict) else {} for row in answer["rows"]]


def _asked(client: httpx.Client, source: Source, asked: dict[str, str]) -> dict[str, Any]:
    """Ask once. The address is resolved here, and the very address that was looked at is connected to."""
    url = _address(source)
    pinned = url.copy_with(host=resolved(url.host, _port(url)))
    headers = {"Host": url.netloc.decode("ascii"), "Accept": "application/json", "Accept-Encoding": "identity"}
    if source.secret:
        headers["Authorization"] = f"Bearer {source.secret}"
    request = client.build_request(
        "GET",
        pinned.copy_merge_params({**asked, "limit": str(source.limit)}),
        headers=headers,
        extensions={"sni_hostname": url.raw_host.decode("ascii")},
    )
    until = time.monotonic() + WHOLE
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
    if not isinstance(found, dict) or not isinstance(found.get("rows"), list):
        raise SourceFault(_("数据源的回答里没有 rows。"))
    if len(found["rows"]) > MOST:
        raise SourceFault(_("一批是 1 到 %(most)d 行。") % {"most": MOST})
    return found


def _address(source: Source) -> httpx.URL:
    try:
        url = httpx.URL(source.address)
    except httpx.InvalidURL:
        raise Outside(_("这不是网址。")) from None
    if url.scheme not in ("http", "https") or not url.host or not 0 < _port(url) < 65_536:
        raise Outside(_("请写 http 或 https 的网址。"))
    if url.userinfo or url.fragment:
        raise Outside(_("网址里不能有用户名、密码和 #。"))
    return url


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
