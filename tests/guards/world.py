"""A small world of matters in Testville, and everybody who may come to a door.

All matters are those of one firm, the eatery: what its people see, nobody else may. The visitors are the columns of the
tables beside this file (``routes.txt``, ``acts.txt``).
"""

from __future__ import annotations

import base64
import uuid
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from http.cookies import SimpleCookie
from io import BytesIO
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import Client as Browser
from django.test.client import ClientHandler
from PIL import Image

from yiwang.config.environment import ROOT
from yiwang.config.journey import CorrectionPlan, Journey, Scenario
from yiwang.doors.openapi import acts as openapi
from yiwang.doors.openapi.models import Client
from yiwang.kernel import clock
from yiwang.kernel.acts import record_read
from yiwang.kernel.api import SCOPES
from yiwang.kernel.events import Happening, subscribers
from yiwang.kernel.models import AuditEntry, Event
from yiwang.kernel.sealed import blind_index
from yiwang.kernel.serials import allot
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind, Role
from yiwang.platform.cases.acts.papers import make_once as make_paper
from yiwang.platform.cases.models import Application, ApplicationFile, Case, Correction, Document, Task
from yiwang.platform.catalog.editing.models import ElementDraft, ItemDraft
from yiwang.platform.directory import pack as directory
from yiwang.platform.directory import queries as agencies
from yiwang.platform.directory.models import Agency, StaffMember
from yiwang.platform.identity import acts as identity
from yiwang.platform.identity.models import Account, Delegation, Organisation, Person
from yiwang.platform.licences.acts import copy as copy_licence
from yiwang.platform.licences.acts import grant as grant_licence
from yiwang.platform.licences.acts import take_copy
from yiwang.platform.licences.acts.documents import make_once as make_licence
from yiwang.platform.licences.models import Batch, Licence, RowFault
from yiwang.platform.notices.models import Delivery, Message
from yiwang.platform.oversight import queries as oversight
from yiwang.platform.oversight.acts import rate
from yiwang.platform.oversight.models import Alert, BadRating
from yiwang.platform.oversight.types import Level
from yiwang.platform.papers.models import Page as LeafOfScan
from yiwang.platform.papers.models import Paper, Scan
from yiwang.platform.sharing.indexes import SUBJECT
from yiwang.platform.sharing.means.documents import dump_report
from yiwang.platform.sharing.means.queries import get_scheme
from yiwang.platform.sharing.means.types import Consent, ConsentWay, Member, Preliminary, Report
from yiwang.platform.sharing.models import (
    Check,
    Comparison,
    ConsentRequest,
    Dataset,
    DatasetDraft,
    Feed,
    Grant,
    Objection,
    QualityScore,
    QuarantinedMessage,
    ReadingAlert,
    Reask,
    Subscription,
    TopicMessage,
    TopicRow,
)
from yiwang.ui import store

MONDAY = date(2026, 3, 2)
NOON = datetime.combine(MONDAY + timedelta(days=21), time(12), tzinfo=clock.SHANGHAI)
"""When everybody comes."""
FOOD, FIRE = "330131018001", "330103015000"
SHOP = {"place_region": "339901001", "has_licence": True, "shop_area": 120, "food_kinds": ["hot"]}
_HANDLER = ClientHandler(enforce_csrf_checks=False)
SECRET = "only-for-tests-0123456789"
EVERY_CASE_ROLE = (
    Role.INTAKE,
    Role.REVIEWER,
    Role.INSPECTOR,
    Role.DECIDER,
    Role.ISSUER,
    Role.DISPATCHER,
    Role.SUPERVISOR,
)

PEOPLE = ("anon", "weak", "stranger", "owner", "agent", "limited", "expired", "revoked")
"""Nobody; persons with no part (of low and of high assurance); the firm's representative and its agent; delegates
for another item, of a term that is over, and whose delegation was taken back while they were signed in."""
STAFF = ("intake", "clerk", "reviewer", "inspector", "decider", "issuer", "dispatcher", "supervisor")
"""Those of the place and agency that handle the matters; the clerk serves the firm's representative at the counter."""
OTHERS = ("fire", "city", "west")
"""Every role at a neighbour agency; the city's counter (whose region holds the county); every role in another county."""
ADMINS = ("editor", "stray", "publisher", "steward", "data-office", "system", "security", "audit")
"""Editor and publisher of the place, both for another agency, and those who keep the house."""
MACHINES = ("firm-api", "read-api", "bare-api", "rival-api", "office-api", "ended-api")
"""Clients: of the firm with every scope, with reading only, with a scope of another kind; of another firm, of an agency;
one whose delegation from the firm has ended."""
FALLEN_BACK = {"expired", "revoked", "ended-api"}
VISITOR = "yiwang.visitor"
"""In a request's environment: who asks."""
BROWSERS = (*PEOPLE, *STAFF, *OTHERS, *ADMINS)


@dataclass
class Visitor:
    """Somebody at the door: a browser with their session, or a client with its token."""

    name: str
    browser: Browser
    headers: dict[str, str] = field(default_factory=dict)
    cookies: str = ""

    def fresh(self) -> Browser:
        """Return the browser as it was when they had just signed in."""
        self.browser.cookies = SimpleCookie(self.cookies)
        return self.browser


@dataclass
class World:
    """Real objects by the name that a route's parameter goes by, and the visitors."""

    ids: dict[str, Any]
    visitors: dict[str, Visitor]
    actors: dict[str, Actor]
    files: Path


def build(files: Path) -> World:
    """Make matters of every stage, then let everybody sign in."""
    for sample in (ROOT / "packs" / "testville" / "samples").iterdir():
        with sample.open("rb") as file:
            store.save(file)
    rep, eatery = _person("rep"), Organisation.objects.get(uscc="91339901MADEM0011Y")
    for name in ("stranger", "revoked"):
        _newcomer(name)
    _colleagues()
    with clock.at(datetime.combine(MONDAY, time(8), tzinfo=clock.SHANGHAI)):
        delegations = _delegations(eatery)
    ids = _matters(rep, eatery) | delegations
    with clock.at(NOON):
        visitors = _visitors(eatery, rep, delegations)
        actors = {name: _actor(visitor) for name, visitor in visitors.items()}
    for name, visitor in visitors.items():
        visitor.browser.defaults[VISITOR] = name
    visitors["ended-api"].headers["Yiwang-Delegation"] = str(delegations["revoked"])
    ids["client"] = Client.objects.get(name="firm-api").pk
    return World(ids, visitors, actors, files)


def _person(login: str) -> Person:
    found = Account.objects.get(login=login).person
    assert found is not None
    return found


def _newcomer(name: str) -> None:
    person = Person.objects.create(name=f"测试{name}", number=name, checked_level=AssuranceLevel.L3)
    Account.objects.create(login=name, person=person)


def _colleagues() -> None:
    """Appoint every role at the neighbour agency and in the other county."""
    parent = Agency.objects.get(code="339900")
    Agency.objects.create(
        code="339902-amr",
        name="测试西县市场监督管理局",
        short_name="西县市场局",
        uscc="1133990200DEM1317K",
        function="amr",
        region_id="339902",
        level=4,
        parent=parent,
        path=f"{parent.path}339902-amr/",
    )
    account = Account.objects.create(login="stray", is_staff=True)
    editing = (
        directory.RoleRow(Role.ITEM_EDITOR),
        directory.RoleRow(Role.ITEM_PUBLISHER),
        directory.RoleRow(Role.DATA_STEWARD),
    )
    directory.enrol([(directory.StaffRow("X-stray", "测试编辑", "339900-civil_affairs", editing), account.pk)])
    rows = {"fire": ("339901-fire", ""), "west": ("339902-amr", "339902")}
    for name, (agency, region) in rows.items():
        account = Account.objects.create(login=name, is_staff=True)
        everywhere = {Role.INTAKE: ("*", region), Role.DISPATCHER: ("*", region), Role.SUPERVISOR: ("*", region)}
        roles = tuple(
            directory.RoleRow(role, *everywhere[role])
            if region and role in everywhere
            else directory.RoleRow(role, agency)
            for role in EVERY_CASE_ROLE
        )
        directory.enrol([(directory.StaffRow(f"X-{name}", f"测试{name}", agency, roles), account.pk)])


def _delegations(eatery: Organisation) -> dict[str, Any]:
    def give(login: str, items: list[str], days: int) -> uuid.UUID:
        row = Delegation.objects.create(
            grantor_organisation=eatery,
            delegate=_person(login),
            items=items,
            created_at=clock.now(),
            expires_at=clock.now() + timedelta(days=days),
        )
        return row.pk

    return {
        "delegation": Delegation.objects.get(grantor_organisation=eatery, delegate=_person("agent")).pk,
        "limited": give("elder", [FIRE], 900),
        "expired": give("starter", [], 900),
        "revoked": give("revoked", [], 900),
    }


# --- the firm's matters ---


def _applicant(rep: Person, eatery: Organisation) -> Actor:
    return Actor(
        kind=ActorKind.PERSON,
        id=rep.pk,
        label="申请人",
        principal=Party(PartyKind.ORGANISATION, eatery.pk),
        level=AssuranceLevel.L3,
        door=Door.PORTAL,
    )


def _walk(rep: Person, eatery: Organisation, until: str, days: int = 0, **more: Any) -> Application:
    scenario = Scenario(life_event="shop", person="rep", answers=SHOP, **more)
    journey = Journey(scenario, rep.pk, eatery.pk, MONDAY + timedelta(days=days))
    for stage in journey.steps():
        if stage.act == until:
            break
    return Application.objects.get(pk=journey.walk.application)


def _matters(rep: Person, eatery: Organisation) -> dict[str, Any]:
    by = _applicant(rep, eatery)
    draft = _walk(rep, eatery, "cases.add_file")
    submitted = _walk(rep, eatery, "cases.submit", 20)
    plan = CorrectionPlan(item=FOOD, material="floor_plan", message="看不清")
    running = _walk(rep, eatery, "cases.request_correction", 18, correction=plan)
    closed = _walk(rep, eatery, "")
    case = Case.objects.get(application=closed)
    _deliver_events()
    service = _rate_badly(case, by)
    paper = Document.objects.filter(case=case).earliest("pk")
    make_paper(paper.pk)
    assert case.licence_id is not None
    make_licence(case.licence_id)
    with clock.at(NOON):
        copy = copy_licence(case.licence_id, "银行开户", 30, by=by, key=uuid.uuid4().hex)
        day = NOON.date() + timedelta(days=30)
        showing = grant_licence(case.licence_id, "339901-amr", "测试", day, by=by, key=uuid.uuid4().hex)
        taken = take_copy(showing, case.licence_id, by=SYSTEM, key=uuid.uuid4().hex)
    message = Message.objects.filter(recipient_id=eatery.pk).latest("created_at")
    delivery = Delivery.objects.create(
        message=message, channel="sms", destination="19900000001", text="-", next_try_at=NOON, created_at=NOON
    )
    return {
        "firm": f"organisation:{eatery.pk}",
        "firm_id": eatery.pk,
        "representative": rep.pk,
        "account": Account.objects.get(login="rep").pk,
        "staff_account": Account.objects.get(login="amr-reviewer").pk,
        "draft": draft.pk,
        "draft_file": ApplicationFile.objects.get(application=draft).pk,
        "submitted": submitted.pk,
        "submitted_case": Case.objects.get(application=submitted).pk,
        "running": running.pk,
        "running_case": Case.objects.get(application=running).pk,
        "correction": Correction.objects.get(case__application=running).pk,
        "task": Task.objects.filter(case__application=running).first().pk,  # type: ignore[union-attr]
        "closed": closed.pk,
        "closed_case": case.pk,
        "closed_file": ApplicationFile.objects.filter(application=closed).first().pk,  # type: ignore[union-attr]
        "document": paper.pk,
        "licence": case.licence_id,
        "copy": copy,
        "showing": showing,
        "batch": _batch().pk,
        **_kept_paper(eatery),
        "taken": taken,
        "service": service,
        "bad": BadRating.objects.get().pk,
        "alert": Alert.objects.latest("raised_at").pk,
        "message": message.pk,
        "delivery": delivery.pk,
        "edition": case.edition_id,
        "implementation": case.edition.implementation_id,
        "task_code": case.edition.implementation.task_code,
        "item_draft": ItemDraft.objects.get(implementation=case.edition.implementation).pk,
        "grant": _grant().pk,
        "objection": _objection(rep).pk,
        "reask": Reask.objects.create(case_id=uuid.uuid4(), left=[]).pk,
        "reading_alert": _reading_alert().pk,
        "topic": TopicRow.objects.get(code="amr.firm_changed").pk,
        **_subscription(),
        "check": Check.objects.filter(party_id=eatery.pk).latest("at").pk,
        "read": _read(eatery),
        "element_draft": ElementDraft.objects.earliest("pk").pk,
        "dataset": _scored().pk,
        "comparison": _comparison(Case.objects.get(application=running)).pk,
        "consent": _consent(Case.objects.get(application=running), rep).pk,
        "feed": _feed().pk,
        "dataset_draft": DatasetDraft.objects.get(dataset__code="legal_persons").pk,
        "member": StaffMember.objects.get(number="A001").pk,
        "check_code": Licence.objects.get(pk=case.licence_id).check_code,
    }


def _kept_paper(eatery: Organisation) -> dict[str, Any]:
    """A paper of the firm's that the county's window scanned and nobody has checked yet, with a page beside it."""
    picture = BytesIO()
    Image.new("L", (20, 30), 255).save(picture, "JPEG")
    digest, window = store.save(picture), agencies.get_agency("339901-data")
    whose = {
        "party_kind": "organisation",
        "party_id": eatery.pk,
        "party_name": eatery.name,
        "agency_path": window.path,
        "region": window.region,
    }
    scan = Scan.objects.create(
        agency_name=window.name, by="测试", began_at=NOON, state="done", total=2, done=2, **whose
    )
    paper = Paper.objects.create(
        scan=scan, identity="staff_health", name="从业人员健康证明", pages=[1], digest=digest, size=1, named_at=NOON,
        named_by="测试", **whose,
    )  # fmt: skip
    for number, of in ((1, paper), (2, None)):
        LeafOfScan.objects.create(scan=scan, number=number, source=digest, digest=digest, paper=of)
    return {"scan": scan.pk, "paper": paper.pk}


def _batch() -> Batch:
    """An import of the bureau's that is done, with a row to mend; its archive is a table alone."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("table.csv", "证照编号,持证主体\n1,测试\n")
    row = Batch.objects.create(
        type_id="food_licence",
        agency_path=agencies.get_agency("339901-amr").path,
        agency_name="测试",
        region="339901000000",
        archive=store.save(buffer),
        by="测试",
        state="done",
        began_at=NOON,
        ended_at=NOON,
        total=1,
        done=1,
        refused=1,
    )
    RowFault.objects.create(batch=row, line=2, column="证件号码", reason="测试")
    return row


def _objection(rep: Person) -> Objection:
    return Objection.objects.create(
        kind="data",
        party_kind="person",
        party_id=rep.pk,
        dataset=Dataset.objects.get(code="legal_persons"),
        agency=Agency.objects.get(code="339901-amr"),
        text="测试",
        raised_at=clock.now(),
        due_on=clock.today(),
    )


def _reading_alert() -> ReadingAlert:
    officer = StaffMember.objects.get(number="A001")
    return ReadingAlert.objects.create(
        rule="no_case",
        rule_name="测试",
        officer=officer.pk,
        officer_label=officer.number,
        agency=officer.agency,
        day=NOON.date(),
        count=1,
        first_at=NOON,
        last_at=NOON,
        raised_at=NOON,
    )


def _scored() -> Dataset:
    """Give a dataset a score, as the night before would have left it."""
    row = Dataset.objects.get(code="legal_persons")
    QualityScore.objects.create(
        dataset=row, day=NOON.date(), measured_at=NOON, rows=2, expected=4, filled=4, sound=2, columns={}, faults=[],
        completeness=100, accuracy=100, timeliness=100, score=100,
    )  # fmt: skip
    Dataset.objects.filter(pk=row.pk).update(quality=100, measured_at=NOON)
    return row


def _consent(case: Case, rep: Person) -> ConsentRequest:
    return ConsentRequest.objects.create(
        asked_at=clock.now(),
        asked_by="测试",
        scheme_id=get_scheme("elderly").id,
        case_id=case.pk,
        title=case.name,
        agency_name=case.agency.name,
        agency_path=case.agency_path,
        region=case.region,
        level=case.level,
        item=case.item_code,
        index=blind_index(rep.number, SUBJECT),
        number=rep.number,
    )


def _comparison(case: Case) -> Comparison:
    edition = get_scheme("elderly")
    member = Member(number="339901198501011119", name="测试法人甲", consent=Consent(way=ConsentWay.SIGNED, on=MONDAY))
    report = Report(
        scheme="elderly",
        name=edition.scheme.name,
        name_en=edition.scheme.name_en,
        number=edition.number,
        scheme_digest=edition.digest,
        at=clock.now(),
        asked_by="测试",
        members=(member,),
        sources=(),
        lines=(),
        contradictions=(),
        not_looked_at=(),
        verdict=Preliminary.LOOK,
        reason="测试",
        reason_en="Test",
    )
    return Comparison.objects.create(
        at=clock.now(),
        scheme_id=edition.id,
        case_id=case.pk,
        case_number=case.number,
        title=case.name,
        application_id=case.application_id,
        party_id=case.application.principal.id,
        item=case.item_code,
        agency_path=case.agency_path,
        region=case.region,
        level=case.level,
        by="测试",
        verdict="look",
        contradictions=0,
        lacking=0,
        digest="0" * 64,
        report=dump_report(report),
    )


def _grant() -> Grant:
    fire = Agency.objects.get(code="339901-fire")
    return Grant.objects.create(
        dataset=Dataset.objects.get(code="legal_persons"),
        agency=fire,
        function=fire.function,
        region=fire.region_id,
        items=[FIRE],
        fields=["name"],
        purpose="测试",
        months=12,
        requested_at=clock.now(),
        requested_by="测试",
    )


def _read(eatery: Organisation) -> int:
    """Let an officer open the firm's file; return the entry of the trail."""
    officer = Actor(kind=ActorKind.STAFF, label="X1", agency=Agency.objects.get(code="339901-amr").path)
    record_read(officer, name="cases.read", person=eatery.pk, purpose="办理")
    return AuditEntry.objects.filter(kind="read", person_id=eatery.pk).latest("seq").seq


def _subscription() -> dict[str, Any]:
    """Let the fire brigade subscribe to a topic, and refuse an event."""
    topic = TopicRow.objects.get(code="amr.firm_changed")
    told = TopicMessage.objects.create(
        topic=topic,
        seq=allot(f"topic:{topic.code}"),
        version=1,
        own_id="1",
        digest=b"",
        subject_index=b"",
        content={"subject": "测试", "data": {}},
        at=clock.now(),
        published_at=clock.now(),
        published_by="测试",
    )
    row = Subscription.objects.create(
        topic=topic,
        agency=Agency.objects.get(code="339901-fire"),
        address="https://fire.test/events",
        secrets=["00" * 32],
        method="hmac",
        purpose="测试",
        state="active",
        next_at=clock.now(),
        requested_at=clock.now(),
        requested_by="测试",
    )
    held = QuarantinedMessage.objects.create(
        subscription=row,
        message=told,
        seq=1,
        subject_index=b"",
        state="refused",
        attempts=5,
        next_at=clock.now(),
        at=clock.now(),
    )
    return {"subscription": row.pk, "held": held.pk}


def _feed() -> Feed:
    return Feed.objects.create(
        dataset=Dataset.objects.get(code="legal_persons"), connector="demo", settings={"count": 1}, next_at=clock.now()
    )


def _deliver_events() -> None:
    """Hand every event to its subscribers: the loops wait for transactions to end, which a test's never does."""
    for handlers in subscribers().values():
        for row in Event.objects.filter(name__in=handlers).order_by("seq"):
            handlers[row.name](Happening(row.id, row.at, row.name, row.subject_id, row.payload))


def _rate_badly(case: Case, by: Actor) -> uuid.UUID:
    service = oversight.services_of(case.pk, by)[0]
    with clock.at(NOON):
        rate(service.id, Level.DISSATISFIED, ["209"], by=by, key=uuid.uuid4().hex)
    return service.id


# --- the visitors ---


def _visitors(eatery: Organisation, rep: Person, delegations: dict[str, Any]) -> dict[str, Visitor]:
    logins = {name: name for name in BROWSERS} | {
        "owner": "rep",
        "limited": "elder",
        "expired": "starter",
        "clerk": "intake",
        "reviewer": "amr-reviewer",
        "inspector": "amr-inspector",
        "decider": "amr-decider",
        "issuer": "amr-issuer",
        "city": "intake-city",
        "system": "system-admin",
        "security": "security-admin",
        "audit": "audit-admin",
    }
    found = {name: Visitor(name, _browser("" if name == "anon" else logins[name])) for name in BROWSERS}
    firm = f"organisation:{eatery.pk}"
    for name in ("owner", "agent", "limited", "expired", "revoked"):
        assert found[name].browser.post("/standings/act/", {"party": firm}).status_code == 302, name
    serving = {"person": str(rep.pk), "party": firm, "consent": "yes", "key": uuid.uuid4().hex}
    clerk = found["clerk"].browser
    clerk.post("/desk/serve/party/", {"number": rep.number})
    assert clerk.post("/desk/serve/begin/", serving).status_code == 302
    machines = _machines(eatery)
    Delegation.objects.filter(pk=delegations["expired"]).update(expires_at=NOON - timedelta(days=1))
    identity.revoke_delegation(delegations["revoked"], by=_applicant(rep, eatery), key=uuid.uuid4().hex)
    for visitor in found.values():
        visitor.cookies = visitor.browser.cookies.output(header="", sep=";")
    return found | machines


def _open() -> Browser:
    """Return a browser; all share one stack of middleware, which takes time to be loaded."""
    client = Browser(raise_request_exception=False)
    client.handler = _HANDLER
    return client


def _browser(login: str) -> Browser:
    client = _open()
    if login:
        assert client.post("/sign-in/", {"method": "demo", "login": login}).status_code == 302, login
    return client


def _machines(eatery: Organisation) -> dict[str, Visitor]:
    rival = Organisation.objects.get(uscc="91339902MADEM002X5")
    bureau = agencies.get_agency("339901-amr")
    return {
        "firm-api": _machine("firm-api", list(SCOPES), organisation=eatery.pk),
        "read-api": _machine("read-api", ["applications:read"], organisation=eatery.pk),
        "bare-api": _machine("bare-api", ["licences:verify"], organisation=eatery.pk),
        "rival-api": _machine("rival-api", list(SCOPES), organisation=rival.pk),
        "office-api": _machine("office-api", list(SCOPES), agency=bureau.id),
        "ended-api": _machine("ended-api", list(SCOPES), organisation=rival.pk, agent=_person("revoked").pk),
    }


def _machine(name: str, scopes: list[str], **owner: Any) -> Visitor:
    openapi.register_client(name, name, SECRET, scopes, "守门测试", by=SYSTEM, key=uuid.uuid4().hex, **owner)
    browser = _open()
    basic = base64.b64encode(f"{name}:{SECRET}".encode()).decode()
    answer = browser.post(
        "/oauth/token", {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
    )
    return Visitor(name, browser, {"Authorization": f"Bearer {answer.json()['access_token']}"})


def _actor(visitor: Visitor) -> Actor:
    """Return whom the doors take a visitor for."""
    path = "/api/v1/health" if visitor.headers else "/desk/help/"
    with transaction.atomic():
        request = visitor.fresh().get(path, headers=visitor.headers).wsgi_request
        bool(request.actor)  # found only when it is asked for
        transaction.set_rollback(True)  # a delegation that has ended is noticed when they come, not now
    return Actor(**{name: getattr(request.actor, name) for name in Actor.__slots__})
