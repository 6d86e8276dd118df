"""Every list takes a fixed number of queries, however many rows it shows; none at the desk takes more than twelve."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from yiwang.kernel import clock
from yiwang.kernel.ids import uuid7
from yiwang.kernel.models import AuditEntry
from yiwang.platform.cases.models import Application, Case, Document, InboxEntry, PublicGrant
from yiwang.platform.catalog.editing.models import ElementDraft, ItemDraft
from yiwang.platform.catalog.models import LifeEventRow, SampleFile
from yiwang.platform.directory.models import Agency, ServiceCentre, StaffMember, StaffRole
from yiwang.platform.identity.models import Account, Delegation, Organisation, SignedIn
from yiwang.platform.licences.models import Batch, Licence, LicenceType, Showing
from yiwang.platform.notices.models import Delivery, Message
from yiwang.platform.oversight.models import Alert, BadRating, Explanation, Rating, Service
from yiwang.platform.papers.models import Paper, Scan
from yiwang.platform.search.models import SearchDocument
from yiwang.platform.sharing.models import (
    BadRow,
    Check,
    ConsentRequest,
    Dataset,
    DatasetDraft,
    Feed,
    Grant,
    Objection,
    QualityScore,
    ReadingAlert,
    Run,
    Subscription,
    TopicRow,
)

from .matrix import IN, read, routes
from .test_matrix import undone
from .world import NOON, World

MOST = 12
"""Queries that a page of the desk may take, knowing who asks included."""
MOST_FOR = {"/desk/": MOST, "/licensing-decisions/": MOST, "/": 20}
"""By the beginning of the address."""


def copies(row: models.Model, count: int, **changes: Any) -> list[Any]:
    """Make further rows like one; a change that is a function gets the number of the copy."""
    made = []
    for number in range(count):
        one = copy.copy(row)
        one.pk = uuid7() if isinstance(row._meta.pk, models.UUIDField) else None
        for name, value in changes.items():
            setattr(one, name, value(number) if callable(value) else value)
        made.append(one)
    return type(row)._base_manager.bulk_create(made)


def unique(number: int) -> str:
    return f"{uuid.uuid4().hex[:12]}{number:02d}"


def matters(world: World, count: int, of: str = "running") -> list[Case]:
    """Make applications with one case each, of which a step waits and is late."""
    late = NOON.date() - timedelta(days=3)
    application, case = Application.objects.get(pk=world.ids[of]), Case.objects.get(pk=world.ids[f"{of}_case"])
    made = []
    for parent in copies(application, count, number=unique):
        changes = {"application_id": parent.pk, "number": unique(0), "due_on": late, "half_on": late}
        if of == "running":
            changes |= {"state": "in_process"}
        made += copies(case, 1, **changes)
    reach = case.reach
    InboxEntry.objects.bulk_create(
        InboxEntry(
            id=uuid7(), case=one, role="reviewer", agency_path=reach.agency, region=reach.region, level=reach.level,
            item_code=reach.item, step="审查", state="in_process", due_on=late, half_on=late,
        )
        for one in made
    )  # fmt: skip
    return made


def submitted(world: World, count: int) -> None:
    matters(world, count, "submitted")


def drafts(world: World, count: int) -> None:
    copies(Application.objects.get(pk=world.ids["draft"]), count)


def ratings(world: World, count: int) -> None:
    bad = BadRating.objects.get(pk=world.ids["bad"])
    service, rating = Service.objects.get(pk=world.ids["service"]), Rating.objects.get(handling=bad)
    for number, one in enumerate(copies(service, count, number=lambda number: number + 50)):
        given = copies(rating, 1, service_id=one.pk)
        copies(bad, 1, rating_id=given[0].pk, received_at=bad.received_at + timedelta(minutes=number))


def late(world: World, count: int) -> None:
    cases = matters(world, count)
    for case in cases:
        copies(Alert.objects.get(pk=world.ids["alert"]), 1, case_id=case.pk)
    Explanation.objects.bulk_create(
        Explanation(
            case=case, name=case.name, agency_path=case.agency_path, due_on=case.due_on, text="人手不足", at=NOON
        )
        for case in cases[: count // 2]
    )


def explained(world: World, count: int) -> None:
    late(world, 2 * count)


def members(world: World, count: int) -> None:
    member = StaffMember.objects.get(pk=world.ids["member"])
    accounts = copies(Account.objects.get(login="amr-reviewer"), count, login=unique)
    made = copies(member, count, number=unique, account_id=lambda number: accounts[number].pk)
    role = StaffRole.objects.get(staff=member)
    for one in made:
        copies(role, 1, staff_id=one.pk, id=uuid.uuid4())


def agencies(world: World, count: int) -> list[Agency]:
    row = Agency.objects.get(code="339901-amr")
    path = lambda number: f"{row.path}{number}/"  # noqa: E731
    return copies(row, count, code=unique, uscc=lambda number: unique(number)[:18], path=path)


def offers(world: World, count: int) -> None:
    """Let an item that can be found be offered by further agencies, under names of its own."""
    row = SearchDocument.objects.filter(kind="item", name__contains="食品").earliest("pk")
    for agency in agencies(world, count):
        mine = f"{row.name}{agency.code}"
        copies(row, 1, key=unique, target=unique, group=unique, agency=agency.code, name=mine, folded=mine)


def centres(world: World, count: int) -> None:
    row = ServiceCentre.objects.get(code="339901-centre")
    for number in range(count):
        one = copy.copy(row)
        one.code = unique(number)
        one.save(force_insert=True)
        copies(row.counters.first(), 2, centre_id=one.code, number=str)


def lost(world: World, count: int) -> None:
    delivery = Delivery.objects.get(pk=world.ids["delivery"])
    for one in messages(world, count):
        copies(delivery, 1, message_id=one.pk, state="given_up")


def messages(world: World, count: int) -> list[Message]:
    return copies(Message.objects.get(pk=world.ids["message"]), count, cause=unique)


def licences(world: World, count: int) -> None:
    row = Licence.objects.get(pk=world.ids["licence"])
    copies(row, count, identifier=unique, number=unique, serial=unique, check_code=unique, digest="")


def public_grants(world: World, count: int) -> None:
    case = Case.objects.get(pk=world.ids["closed_case"])
    row = Document.objects.filter(case__isnull=False).earliest("id")
    made = agencies(world, count)
    for number, one in enumerate(copies(row, count, number=unique, digest="")):
        PublicGrant.objects.create(
            document=one, agency=made[number], name=case.name, holder="测*", decided_on=NOON.date()
        )


def unchecked(world: World, count: int) -> None:
    row = Licence.objects.get(pk=world.ids["licence"])
    copies(
        row,
        count,
        identifier=unique,
        number=unique,
        serial=unique,
        check_code=unique,
        digest="",
        trust="C",
        scan="0" * 64,
    )


def batches(world: World, count: int) -> None:
    copies(Batch.objects.get(pk=world.ids["batch"]), count)


def scans(world: World, count: int) -> None:
    copies(Scan.objects.get(pk=world.ids["scan"]), count)


def papers(world: World, count: int) -> None:
    copies(Paper.objects.get(pk=world.ids["paper"]), count)


def showings(world: World, count: int) -> None:
    copies(Showing.objects.get(pk=world.ids["showing"]), count)


def licence_types(world: World, count: int) -> None:
    row = LicenceType.objects.get(pk="food_licence")
    for one in range(count):
        code = unique(one)
        LicenceType.objects.create(
            code=code,
            type_code=code[:21],
            name=code,
            kind=row.kind,
            group=row.group,
            document=row.document | {"code": code},
        )


def samples(world: World, count: int) -> None:
    SampleFile.objects.bulk_create(
        SampleFile(name=f"{unique(number)}.pdf", digest="0" * 64, media_type="application/pdf", size=1)
        for number in range(count)
    )


def delegations(world: World, count: int) -> None:
    copies(Delegation.objects.get(pk=world.ids["delegation"]), count)


def standings(world: World, count: int) -> None:
    row = Delegation.objects.get(pk=world.ids["delegation"])
    firms = copies(Organisation.objects.get(pk=world.ids["firm_id"]), count, uscc=lambda number: unique(number)[:18])
    for firm in firms:
        copies(row, 1, grantor_organisation_id=firm.pk)


def trail(kind: str, **more: Any) -> Callable[[World, int], None]:
    def grow(world: World, count: int) -> None:
        like = AuditEntry.objects.filter(kind="act", name="cases.submit").first()
        assert like is not None
        owner, agent = world.actors["owner"], world.actors["agent"]
        party = owner.principal
        assert party is not None
        whose = {"person_id": party.id, "principal_kind": party.kind, "principal_id": party.id, "actor_id": agent.id}
        copies(like, count, kind=kind, **whose, **more)

    return grow


def sessions(world: World, count: int) -> None:
    row = SignedIn.objects.filter(account__login="rep").latest("began_at")
    live = Session.objects.get(pk=row.session_key)
    for one in copies(row, count, session_key=unique):
        copies(live, 1, session_key=one.session_key)


def items(world: World, count: int) -> None:
    draft = ItemDraft.objects.get(pk=world.ids["item_draft"])
    for one in copies(draft.implementation, count, task_code=unique):
        copies(draft, 1, implementation_id=one.pk)


def elements(world: World, count: int) -> None:
    draft = ElementDraft.objects.get(pk=world.ids["element_draft"])
    rows = []
    for number in range(count):
        row = copy.copy(draft.element)
        row.pk = f"a{unique(number)}"
        row.save(force_insert=True)
        rows += copies(draft, 1, element_id=row.pk)


def datasets(world: World, count: int) -> None:
    draft = DatasetDraft.objects.get(pk=world.ids["dataset_draft"])
    for one in copies(draft.dataset, count, code=unique, resource_code=unique):
        copies(draft, 1, dataset_id=one.pk)


def published_datasets(world: World, count: int) -> None:
    row = Dataset.objects.get(pk=world.ids["dataset"])
    assert row.current is not None
    for one in copies(row, count, code=unique, resource_code=unique, current=None):
        (edition,) = copies(row.current, 1, dataset_id=one.pk)
        Dataset.objects.filter(pk=one.pk).update(current=edition)


def objections(world: World, count: int) -> None:
    copies(Objection.objects.get(pk=world.ids["objection"]), count)


def asked_objections(world: World, count: int) -> None:
    row = Objection.objects.get(pk=world.ids["objection"])
    copies(row, count, asker_id=row.agency_id, party_kind="agency", party_id=row.agency_id)


def reading_alerts(world: World, count: int) -> None:
    officers = {"officer": lambda _number: uuid.uuid4()}
    copies(ReadingAlert.objects.get(pk=world.ids["reading_alert"]), count, **officers)


def closed_alerts(world: World, count: int) -> None:
    reading_alerts(world, count)
    ReadingAlert.objects.update(closed_at=NOON, state="explained")


def ending_grants(world: World, count: int) -> None:
    ends = NOON.date() + timedelta(days=9)
    copies(Grant.objects.get(pk=world.ids["grant"]), count, state="granted", expires_on=ends)


def my_consents(world: World, count: int) -> None:
    row = ConsentRequest.objects.get(pk=world.ids["consent"])
    for _number in range(count):
        copies(row, 1, case_id=uuid.uuid4())


def my_objections(world: World, count: int) -> None:
    firm = world.ids["firm_id"]
    copies(Objection.objects.get(pk=world.ids["objection"]), count, party_id=firm, party_kind="organisation")


def scored(world: World, count: int) -> None:
    """Give agencies a measured dataset each, with a score of today."""
    row = Dataset.objects.get(pk=world.ids["dataset"])
    for agency in agencies(world, count):
        (one,) = copies(row, 1, agency=agency, code=unique, resource_code=unique, measured_at=NOON, current=None)
        (edition,) = copies(row.current, 1, dataset_id=one.pk)  # type: ignore[type-var]
        Dataset.objects.filter(pk=one.pk).update(current=edition)
        QualityScore.objects.create(
            dataset=one, day=NOON.date(), measured_at=NOON, rows=1, expected=1, filled=0, sound=0, columns={},
            faults=[["name", "required", 1]], completeness=0, accuracy=0, timeliness=0, score=0,
        )  # fmt: skip


def grants(world: World, count: int) -> None:
    copies(Grant.objects.get(pk=world.ids["grant"]), count)


def subscriptions(world: World, count: int) -> None:
    row = Subscription.objects.get(pk=world.ids["subscription"])
    copies(row, count, address=lambda number: f"https://{number}.test/")
    topics(world, count)


def topics(world: World, count: int) -> None:
    copies(TopicRow.objects.get(pk=world.ids["topic"]), count, code=lambda number: f"test.topic_{number}")


def checks(world: World, count: int) -> None:
    copies(Check.objects.filter(case_id__isnull=False).latest("at"), count)


def feeds(world: World, count: int) -> None:
    """Let further datasets be fed, each with runs and rows to mend."""
    feed = Feed.objects.select_related("dataset__current").get(pk=world.ids["feed"])
    row = feed.dataset
    assert row.current is not None
    for one in copies(row, count, code=unique, resource_code=unique, current=None):
        (edition,) = copies(row.current, 1, dataset_id=one.pk)
        Dataset.objects.filter(pk=one.pk).update(current=edition)
        copies(feed, 1, dataset_id=one.pk)
        run = Run.objects.create(dataset=one, connector="demo", by="系统", began_at=NOON, read=3)
        BadRow.objects.create(
            run=run, dataset=one, line=1, subject_index=b"", faults=[["x", "kind"]], values={}, at=NOON
        )


def events(world: World, count: int) -> None:
    row = LifeEventRow.objects.get(code="shop")
    for number in range(count):
        one = copy.copy(row)
        one.pk, one.current = unique(number), None
        one.save(force_insert=True)
        (edition,) = copies(row.current, 1, life_event_id=one.pk)
        LifeEventRow.objects.filter(pk=one.pk).update(current=edition)
    copies(SearchDocument.objects.filter(kind="event").earliest("pk"), count, key=unique, source=unique, target=unique)


Grow = Callable[[World, int], Any]


@dataclass(frozen=True, slots=True)
class List:
    """A list: its address, who looks at it, what makes it longer."""

    path: str
    who: str
    grow: Grow


LISTS = [
    List("/desk/intake/", "intake", submitted),
    List("/desk/inbox/", "reviewer", matters),
    List("/desk/inbox/export/", "reviewer", matters),
    List("/desk/find/?q=测试小吃", "reviewer", matters),
    List("/desk/supervision/", "supervisor", matters),
    List("/desk/limits/", "supervisor", late),
    List("/desk/bad-ratings/", "decider", ratings),
    List("/desk/staff/", "security", members),
    List("/desk/agencies/", "system", agencies),
    List("/desk/licences/", "issuer", licences),
    List("/desk/licences/unchecked/", "intake", unchecked),
    List("/desk/licences/new/", "issuer", licence_types),
    List("/licences/types/", "anon", licence_types),
    List("/licensing-decisions/", "anon", public_grants),
    List("/api/v1/licence-types", "firm-api", licence_types),
    List("/desk/centres/", "system", centres),
    List("/desk/channels/", "system", lost),
    List("/desk/audit/?name=planted.act", "audit", trail("act", name="planted.act")),
    List("/desk/serve/client/", "clerk", matters),
    List("/desk/serve/events/?for=organisation", "clerk", events),
    List("/my/", "owner", matters),
    List("/my/", "owner", drafts),
    List("/my/applications/", "owner", matters),
    List("/my/messages/", "owner", messages),
    List("/my/licences/", "owner", licences),
    List("/desk/licences/history/", "steward", batches),
    List("/desk/papers/", "intake", scans),
    List("/my/papers/", "owner", papers),
    List("/my/showings/", "owner", showings),
    List("/desk/licences/shown/", "reviewer", showings),
    List("/my/delegations/", "owner", delegations),
    List("/my/acted/", "owner", trail("act")),
    List("/my/access/", "owner", checks),
    List("/my/access/?show=people", "owner", trail("read")),
    List("/my/organisations/", "agent", standings),
    List("/account/sessions/", "owner", sessions),
    List("/standings/", "agent", standings),
    List("/ratings/late/", "anon", explained),
    List("/events/?for=organisation", "anon", events),
    List("/?for=organisation", "anon", events),
    List("/agencies/", "anon", offers),
    List("/centres/", "anon", centres),
    List("/site-map/", "anon", offers),
    List("/search/?q=食品", "anon", offers),
    List("/editors/items/", "editor", items),
    List("/editors/items-files/", "editor", samples),
    List("/editors/items/results/", "editor", items),
    List("/editors/datasets/", "steward", datasets),
    List("/editors/elements/", "steward", elements),
    List("/editors/elements/results/", "steward", elements),
    List("/data/", "anon", published_datasets),
    List("/desk/data/", "clerk", published_datasets),
    List("/desk/grants/", "steward", grants),
    List("/desk/objections/", "steward", objections),
    List("/desk/objections/?show=ours", "steward", asked_objections),
    List("/desk/alerts/", "supervisor", reading_alerts),
    List("/desk/alerts/?show=closed", "data-office", closed_alerts),
    List("/desk/grants/?show=ending", "steward", ending_grants),
    List("/desk/events/", "steward", subscriptions),
    List("/my/objections/", "owner", my_objections),
    List("/my/consents/", "owner", my_consents),
    List("/desk/quality/", "supervisor", scored),
    List("/desk/quality/?show=datasets", "steward", scored),
    List("/desk/feeds/", "steward", feeds),
    List("/editors/datasets/results/", "steward", datasets),
    List("/api/v1/items", "firm-api", items),
    List("/api/v1/datasets", "firm-api", published_datasets),
    List("/api/v1/topics", "firm-api", topics),
    List("/api/v1/life-events", "firm-api", events),
    List("/api/v1/applications", "firm-api", matters),
    List("/api/v1/licences", "firm-api", licences),
]
NO_LISTS = {
    "/my/access/children/",
    "/healthz", "/readyz", "/metrics", "/seal.svg", "/_components", "/_components/desk", "/place/", "/accessibility/",
    "/privacy/", "/sign-in/", "/sign-out/", "/sign-up/", "/reset/", "/step-up/", "/account/", "/account/password/",
    "/account/factors/", "/account/verify/", "/my/messages/settings/", "/my/delegations/new/", "/progress/", "/verify/",
    "/desk/help/", "/desk/serve/", "/desk/people/", "/desk/staff/new/", "/desk/agencies/new/", "/desk/centres/new/",
    "/desk/calendar/", "/editors/dismissibles/", "/editors/items/add/", "/editors/sprite/", "/editors/jsi18n/",
    "/editors/items-import/", "/editors/items-export/", "/editors/datasets/add/", "/editors/elements/add/",
    "/data/catalogue.csv", "/data/catalogue.jsonld",
    "/data/catalogue.ttl",
    "/api/v1/health", "/api/v1/rating-reasons", "/api/v1/rating-figures", "/ratings/", "/themes/", "/search/suggest/",
    "/desk/absence/", "/.well-known/jwks.json",
}  # fmt: skip
"""Pages without an object of their own that are no lists, or whose length is set by law or by the pack."""


def unsteady(
    ask: Callable[[], int], grow: Callable[[int], Any], few: int = 2, many: int = 9, most: int = MOST
) -> Iterator[str]:
    """Ask with few rows and with many; ``ask`` returns how long the answer is. Yield what is wrong."""
    counts, lengths, said = [], [], []
    for count in (few, many):
        with undone():
            grow(count)
            ask()  # what is kept in memory afterwards is not counted
            with CaptureQueriesContext(connection) as captured:
                lengths.append(ask())
            counts.append(len(captured))
            said.append([one["sql"][:200] for one in captured])
    if lengths[1] <= lengths[0]:
        yield f"the list does not grow: {lengths}"
    if counts[0] != counts[1]:
        more = [one for one in said[1] if said[1].count(one) > said[0].count(one)]
        yield f"{counts[0]} queries for {few} rows, {counts[1]} for {many}: {more[:3]}"
    if counts[1] > most:
        yield "\n  ".join([f"{counts[1]} queries:", *said[1]])


@pytest.mark.slow
@pytest.mark.django_db
def test_every_list_takes_a_fixed_number_of_queries(world: World, forget: Callable[[], None]) -> None:
    wrong: list[str] = []
    with clock.at(NOON):
        for one in LISTS:
            visitor = world.visitors[one.who]

            def ask(path: str = one.path, visitor: Any = visitor) -> int:
                answer = visitor.fresh().get(path, headers=visitor.headers)
                assert answer.status_code == 200, f"{path}: {answer.status_code}"
                return len(answer.content)

            def grow(count: int, grow: Grow = one.grow) -> None:
                grow(world, count)
                forget()

            most = next(most for begin, most in MOST_FOR.items() if one.path.startswith(begin))
            wrong += [f"{one.path} ({one.grow.__name__}): {fault}" for fault in unsteady(ask, grow, most=most)]
    assert not wrong, "\n".join(wrong)


def test_every_page_is_in_the_list_of_lists_or_is_none() -> None:
    pages = {
        row.split()[0]
        for table in ("routes.txt", "api.txt")
        for row, letters in read(table).items()
        if _page(row, letters)
    }
    assert {one.path.partition("?")[0] for one in LISTS} | NO_LISTS == pages
    assert len(list(routes())) > len(pages) > 60


def _page(row: str, letters: str) -> bool:
    path, method = row.split()
    return method == "GET" and "<" not in path and "(" not in path and bool(IN & {"o"} & set(letters))


@pytest.mark.slow
@pytest.mark.django_db
def test_a_list_that_asks_once_a_row_is_seen(world: World) -> None:
    row = Agency.objects.get(code="339901-amr")

    def grow(count: int) -> None:
        copies(row, count, code=unique, uscc=lambda number: unique(number)[:18])

    def each() -> int:
        return sum(len(list(agency.staff.all())) + 1 for agency in Agency.objects.all())

    def together() -> int:
        return len(list(Agency.objects.select_related("region")))

    (found,) = unsteady(each, grow, few=1, many=5)
    assert "queries for 1 rows" in found
    assert list(unsteady(together, grow)) == []
    assert list(unsteady(lambda: 1, grow)) == ["the list does not grow: [1, 1]"]
    (found,) = unsteady(lambda: sum(Agency.objects.count() for _one in range(MOST + 1)), grow)
    assert found.startswith("13 queries")
