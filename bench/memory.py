"""How much memory a web process holds after work of every sort."""

from __future__ import annotations

from bench import guide, submit, world
from bench.measure import Report, times
from bench.server import CONNECTIONS, Browser, Job, rate, web
from yiwang.platform.catalog import queries as catalog

PAGES = ("/", "/events/", "/progress/", "/verify/", "/ratings/", "/search/?q=%E9%A5%AD%E5%BA%97")
OWN = ("/my/", "/my/messages/", "/my/licences/", "/account/")
DESK = ("/desk/inbox/", "/desk/help/")
TIMES = times(20)


def run(report: Report) -> None:
    """Measure."""
    person = world.applicant("jia")
    single = world.draft_of_item(person, "1133030200DEM1093R4330709201000")
    codes = [catalog.get_edition(pk).definition.task_code for _item, pk in catalog.published_implementations()]
    with web() as served:
        person_, clerk = Browser(served.port), Browser(served.port)
        person_.sign_in("jia")
        clerk.sign_in("lc-police-review")
        report.figure("before", max(served.megabytes()), " MB")
        strangers = [Browser(served.port) for _number in range(CONNECTIONS)]
        seen = {"before": served.megabytes()}
        rate(strangers, [guide.read(code) for code in codes[: times(len(codes))]])
        seen["guides"] = served.megabytes()
        events = [f"/events/{event.code}/" for event in catalog.life_events()]
        rate(strangers, [_look(path) for path in (*PAGES, *events) for _again in range(TIMES)])
        seen["public pages"] = served.megabytes()
        own = [person_.like() for _number in range(CONNECTIONS)]
        rate(own, [_look(path) for path in OWN for _again in range(TIMES)])
        seen["a person's pages"] = served.megabytes()
        rate(own, [submit.hand_in(pk) for pk in world.copies(single, times(300))])
        seen["handing in"] = served.megabytes()
        rate(
            [clerk.like() for _number in range(CONNECTIONS)], [_look(path) for path in DESK for _again in range(TIMES)]
        )
        found = served.megabytes()
        report.figure("after", max(found), " MB", at_most=220)
        report.details = {"workers": seen | {"desk": found}}


def _look(path: str) -> Job:
    def job(browser: Browser) -> None:
        answer = browser.get(path)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")

    return job
