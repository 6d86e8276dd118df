"""JSON over HTTP: ``GET address?since=TOKEN&limit=N`` answers ``{"rows": [...], "next": "TOKEN", "more": true}``.

``next`` is whatever the source likes: it is given back as ``since`` the next time, also when nothing is new; a source that
has none gives all of its rows each time. One that only knows pages is asked ``?page=N&limit=M`` from the first page on, each
time; what has not changed changes nothing here.
The bearer token is the feed's secret.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.plugins import Finding
from yiwang.kernel.types import FieldError
from yiwang.platform.sharing import calling
from yiwang.platform.sharing.connectors import Batch, Connector, Source, SourceFault, limit_spec, registry
from yiwang.platform.sharing.intake import MOST
from yiwang.platform.sharing.reaching import networks_found

if TYPE_CHECKING:
    import httpx

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
        return networks_found()

    def settings(self) -> tuple[FieldSpec, ...]:
        """How it pages."""
        ways = (Option(SINCE, _("从上次的标记接着读")), Option(PAGES, _("每次从第一页读到最后")))
        return (
            FieldSpec("paging", _("怎么翻页"), FieldKind.CHOICE, required=False, options=ways),
            limit_spec(),
        )

    def check(self, source: Source) -> list[FieldError]:
        """Look at address and settings."""
        return super().check(source) + calling.faults(source)

    def batches(self, source: Source, token: Any) -> Generator[Batch, None, None]:
        """Ask until the source says that there is no more."""
        read = _pages if source.settings.get("paging") == PAGES else _since
        with calling.client() as client:
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


def _asked(client: httpx.Client, source: Source, params: dict[str, str]) -> dict[str, Any]:
    found = calling.asked(client, source, params={**params, "limit": str(source.limit)})
    if not isinstance(found.get("rows"), list):
        raise SourceFault(_("数据源的回答里没有 rows。"))
    if len(found["rows"]) > MOST:
        raise SourceFault(_("一批是 1 到 %(most)d 行。") % {"most": MOST})
    return found
