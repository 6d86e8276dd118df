"""Every page that anybody may open, and every page of a person: axe, html-validate, Lighthouse, layout, keyboard.

The pages are read from the address table itself. An address with an object in it needs a representative here: one that
nobody named is an error, so no page is forgotten.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.urls import URLResolver, get_resolver
from playwright.sync_api import Browser, BrowserContext, Page

from yiwang.config.environment import ROOT

from .conftest import SHOTS, City

pytestmark = pytest.mark.e2e

MODULES = ROOT / "node_modules"
AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = ["color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable"]
"""What an edition or a width can change: they change sizes and colours, nothing in the page."""
CHECKED = {
    ("standard", 390): {"type": "tag", "values": AXE},
    ("standard", 1280): {"type": "rule", "values": LOOKS},
    ("elder", 390): {"type": "rule", "values": LOOKS},
}
"""What axe looks for where."""
LEAST = 95
"""Least score of Lighthouse."""
EVENT = "restaurant"
ANSWERS = (
    "?q-place_region=330302006&q-legal_form=company&q-has_licence=true&q-shop_area=360&q-food_kinds=hot"
    "&q-food_kinds=cold&q-food_kinds=drinks&q-sign_wanted=true&q-staff_count=12"
)
FIRM = "温州演示餐饮有限公司"
OFFICER = "lc-supervisor"
"""Who may open all of the firm's cases."""
ASKED = "geng"
"""Who is asked to agree to be compared for a parent's matter."""
MACHINES = {"healthz", "readyz", "metrics", "openapi", "theme", "seal", "suggest", "sample", "components-error"}
"""Names of addresses that answer something else than a page of their own, or are visited below by themselves."""
MORE = (
    "/?for=organisation", "/events/?for=organisation", f"/events/{EVENT}/{ANSWERS}", f"/events/{EVENT}/?q-shop_area=abc",
    "/search/?q=%E9%A3%9F%E5%93%81", "/search/?q=zzzzqq", "/search/?who=person&theme=p040", "/search/suggest/?q=%E7%A4%BE",
    "/progress/?number=1&code=2", "/no-such-page",
    *(f"/_components/errors/{status}" for status in (400, 403, 404, 413, 429, 500, 503)),
)  # fmt: skip
"""States of public pages that their plain address does not show: answers, nothing found, errors."""


@dataclass
class Seen:
    """What was found on one page."""

    address: str
    status: int = 0
    html: str = ""
    english: str = ""
    faults: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def prepared(city: City) -> str:
    """Walk matters of one person and one firm to where every page of theirs has something to show."""
    command = [
        sys.executable,
        "-m",
        "tests.e2e.prepare",
        "restaurant:cases.request_correction",
        "car:oversight.rate",
        "restaurant:paper",
    ]
    done = subprocess.run(command, env=city.environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return city.url


def _routes(resolver: URLResolver, prefix: str = "", names: tuple[str, ...] = ()) -> Iterator[tuple]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from _routes(one, prefix + str(one.pattern), (*names, one.namespace or ""))
        else:
            yield prefix + str(one.pattern), one, names


def addresses(kinds: set[str]) -> Iterator[tuple[str, str]]:
    """Yield name and path, as the address table writes it, of every route of the portal with such an entry check."""
    for path, pattern, names in _routes(get_resolver()):
        entry = getattr(pattern.callback, "entry", None)
        if entry is None or entry.kind not in kinds or path.startswith(("desk/", "editors/", "api/v1/", "oauth/")):
            continue
        if pattern.name not in MACHINES and "serving" not in names:
            yield pattern.name or path, f"/{path}"


def filled(path: str, known: dict[str, str], name: str) -> str:
    """Put representatives into a path; ``known`` has them by ``name:parameter`` or parameter."""
    for parameter in re.findall(r"<(?:\w+:)?(\w+)>", path):
        value = known.get(f"{name}:{parameter}") or known.get(parameter)
        assert value, f"{path} ({name}) has no representative of {parameter}: name one in this test"
        path = re.sub(rf"<(?:\w+:)?{parameter}>", value, path)
    return path


def look(page: Page, address: str, *, name: str = "", also: bool = False) -> Seen:
    """Open a page and look at it as everybody may have it: wide and narrow, standard and large print.

    ``also``: Lighthouse looks at it as well, wide and in standard print, and asks axe.
    """
    answer = page.request.get(address)
    seen = Seen(address, answer.status)
    if answer.status == 405 or "text/html" not in answer.headers.get("content-type", ""):
        return seen  # only for posting, or no page
    seen.html = answer.text()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address)
    if (edition := page.locator("html").get_attribute("data-edition")) != "standard":
        seen.faults.append(f"no edition of the page is {(edition or '')[:40]}")
    page.evaluate(_axe())
    for edition in ("standard", "elder"):
        page.evaluate("edition => document.documentElement.dataset.edition = edition", edition)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            only = CHECKED.get((edition, width))
            if only and not (also and (edition, width) == ("standard", 1280)):
                found = page.evaluate("only => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only)
                for one in found["violations"]:
                    seen.faults.append(f"{edition} {width}: {one['id']}: {one['nodes'][0]['html'][:160]}")
            if SHOTS:
                Path(SHOTS).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=f"{SHOTS}/a11y-{name}-{edition}-{width}.png", full_page=True)
        seen.faults += sticking_out(page, edition)
    english = {"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": page.url}
    page.context.add_cookies([english])
    if said := page.goto(address):
        seen.english = said.text()
    seen.faults += sticking_out(page, "English")
    page.context.clear_cookies(name=english["name"])
    return seen


def sticking_out(page: Page, what: str) -> list[str]:
    """Return by how much the page sticks out sideways; 1280 px at 400 % are 320 px (WCAG 2.2, 1.4.10)."""
    faults = []
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            faults.append(f"{what} {width}: sticks out by {over} px")
    return faults


@cache
def _axe() -> str:
    return (MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def check_markup(pages: list[Seen], folder: Path) -> list[str]:
    """Return what html-validate finds, in either language."""
    for number, one in enumerate(pages):
        (folder / f"{number}.html").write_text(one.html, encoding="utf-8")
        assert one.english, one.address
        (folder / f"{number}.en.html").write_text(one.english, encoding="utf-8")
    config = ROOT / "src" / "yiwang" / "ui" / "tests" / "htmlvalidate.cjs"
    report = folder / "report"  # a pipe would be cut off: the tool ends before it is emptied
    command = [MODULES / ".bin" / "html-validate", "--config", config, "--formatter", f"json={report}"]
    files = sorted(folder.glob("*.html"))
    subprocess.run([str(part) for part in (*command, *files)], capture_output=True, check=False)
    return [
        f"{pages[int(Path(file['filePath']).name.split('.')[0])].address}: {one['ruleId']}: {one['message']} (line {one['line']})"
        for file in json.loads(report.read_text(encoding="utf-8"))
        for one in file["messages"]
    ]


def faults_of(pages: list[Seen]) -> list[str]:
    """Return every fault with its page."""
    return [f"{one.address} {fault}" for one in pages for fault in one.faults]


@pytest.fixture(scope="module")
def public(prepared: str, browser: Browser) -> list[str]:
    """Return the address of every public page."""
    page = browser.new_page(base_url=prepared)
    page.goto("/search/?q=%E9%A3%9F%E5%93%81%E7%BB%8F%E8%90%A5%E8%AE%B8%E5%8F%AF")
    item = page.locator("main a[href^='/items/']").first.get_attribute("href").strip("/").split("/")[1]
    page.close()
    known = {"navigator:code": EVENT, "task_code": item, "check:code": "A" * 20}
    known |= {"type:code": "tax_clearance", "dataset:code": "legal_persons", "base:code": "population"}
    found = [
        filled(path, known, name) for name, path in addresses({"public"}) if name not in {"item_changes"}
    ]  # the first edition of an item has nothing to compare: 404, as /no-such-page
    return [*found, *MORE]


def test_every_public_page(
    public: list[str], prepared: str, browser: Browser, debugging_port: int, tmp_path: Path
) -> None:
    """No error of axe or html-validate, nothing sticks out; Lighthouse gives at least 95."""
    asked = subprocess.Popen(
        ["node", str(ROOT / "tests" / "e2e" / "lighthouse.mjs"), str(debugging_port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    page = browser.new_page(base_url=prepared)
    seen = []
    for number, address in enumerate(public):
        seen.append(look(page, address, name=f"public-{number}", also=True))
        if seen[-1].html:  # Lighthouse works on the other core, a page behind
            print(f"{prepared}{address}", file=asked.stdin, flush=True)
    page.close()
    pages = [one for one in seen if one.html]
    assert len(pages) > 40
    said, broken = asked.communicate(timeout=240)
    assert asked.returncode == 0, broken
    scores = [json.loads(line) for line in said.splitlines()]
    assert faults_of(seen) == []
    assert check_markup(pages, tmp_path) == []
    assert len(scores) == len(pages)
    assert [one for one in scores if one["score"] < LEAST] == []


def test_every_page_of_a_person(prepared: str, browser: Browser, tmp_path: Path) -> None:
    """The same for everything that somebody sees of their own matters, and of a firm's that they act for."""
    context = browser.new_context(base_url=prepared)
    page = context.new_page()
    _sign_in(context, page, "jia")
    page.goto("/my/")
    for _second in range(30):  # what may be rated is told by the worker, soon after
        if page.locator("main a[href*='/rate/']").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    as_person = _representatives(page)
    seen = [look(page, filled("/cases/<uuid:pk>/rate/", as_person, "rate"), name="rate")]
    seen.append(look(page, filled("/cases/<uuid:pk>/rate/?level=1", as_person, "rate"), name="rate-bad"))
    _act_for(context, page)
    _let_an_officer_look(browser, page)
    known = _representatives(page) | {"rate:pk": ""}
    for name, path in addresses({"person", "applicant"}):
        if name not in {
            "rate",
            "autosave",
            "file",
            "document",
            "item_changes",
            "copy",
            "copy_file",
            "showing",  # a showing is begun by an act, and lasts a minute
            "renew_code",
            "showing_state",
            "answer",
            "take_back",
            "consent",  # is asked of another, below
        }:  # files, and seen already
            seen.append(look(page, filled(path, known, name), name=f"person-{name}"))
    page.goto("/my/licences/")
    seen.append(look(page, page.locator("main a[href*='/verify/']").first.get_attribute("href") or "", name="verdict"))
    _sign_in(context, page, ASKED)
    page.goto("/my/consents/")
    seen.append(
        look(page, page.locator("main a[href*='/my/consents/']").first.get_attribute("href") or "", name="consent")
    )
    for name in ("withdraw", "discard", "verify", "consents"):
        assert any(name in one.address for one in seen)
    context.close()
    pages = [one for one in seen if one.html]
    assert [one.address for one in seen if one.status >= 400 and one.status != 405] == []
    assert len(pages) > 25
    assert faults_of(pages) == []
    assert check_markup(pages, tmp_path) == []


def _sign_in(context: BrowserContext, page: Page, login: str) -> None:
    page.goto("/sign-in/")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    form = {"csrfmiddlewaretoken": token, "method": "demo", "login": login}
    assert context.request.post("/sign-in/", form=form, headers={"Referer": page.url}).ok


def _act_for(context: BrowserContext, page: Page) -> None:
    page.goto("/standings/")
    token = page.locator("main input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    party = page.get_by_label(FIRM).first.get_attribute("value")
    form = {"csrfmiddlewaretoken": token, "party": party, "next": "/my/"}
    assert context.request.post("/standings/act/", form=form, headers={"Referer": page.url}).ok


def _let_an_officer_look(browser: Browser, page: Page) -> None:
    """Have a case of this page's party opened at the desk, so that its list of who looked has a line."""
    page.goto("/my/")
    case = (page.locator("main a[href*='/correction/']").first.get_attribute("href") or "").split("/")[2]
    address = urlsplit(page.url)
    desk = browser.new_context(base_url=f"{address.scheme}://{address.netloc}")
    officer = desk.new_page()
    _sign_in(desk, officer, OFFICER)
    opened = officer.goto(f"/desk/cases/{case}/")
    assert opened is not None
    assert opened.ok, officer.title()
    desk.close()


def _representatives(page: Page) -> dict[str, str]:
    """Find one of each thing that pages of a person are about."""

    def first(address: str, selector: str, part: int) -> str:
        page.goto(address)
        link = page.locator(f"main a[href*='{selector}']")
        return (link.first.get_attribute("href") or "").split("/")[part] if link.count() else ""

    page.goto(f"/events/{EVENT}/start/{ANSWERS}")
    page.locator("main form button.yw-btn").first.click()
    page.wait_for_url("**/parts/**")
    draft, part = page.url.split("/")[-4], page.url.split("/")[-2]
    case = first("/my/", "/correction/", 2)
    application = first("/my/", "/applications/", 2)
    return {
        "navigator:code": EVENT,
        "start_event:code": EVENT,
        "code": part,
        "rate:pk": first("/my/", "/rate/", 2),
        "part:pk": draft, "materials:pk": draft, "review:pk": draft, "discard:pk": draft,
        "application:pk": application, "delivery:pk": application, "make_up:pk": application,
        "correction:pk": case, "withdraw:pk": case, "end_delegation:pk": case,
        "shown:pk": first("/my/papers/", "/my/papers/", 3),
        "message:pk": first("/my/messages/", "/my/messages/0", 3),
        **dict.fromkeys(("licence:pk", "offer:pk", "grant:pk"), first("/my/licences/", "/my/licences/", 3)),
        "ask_why:pk": first("/my/access/", "/ask/", 3),
        "ask_why_read:seq": first("/my/access/?show=people", "/reads/", 4), "object_to:code": "population",
        "task_code": first("/search/?q=%E9%A3%9F%E5%93%81", "/items/", 2),
    }  # fmt: skip
