"""Licences at the desk: an agency finds its own and does to them what the law allows, with a reason on record."""

import html
import re
import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from yiwang.kernel import clock, holidays
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import Party, PartyKind, Role
from yiwang.platform.directory.models import Agency, Region, StaffMember, StaffRole
from yiwang.platform.identity.models import Account
from yiwang.platform.licences import acts
from yiwang.platform.licences.models import Licence
from yiwang.platform.licences.tests.conftest import AMR, enter_type, official, spec
from yiwang.platform.licences.types import TrustLevel

Issue = Callable[..., Licence]
FIND = "/desk/licences/"


@pytest.fixture(autouse=True)
def calendar(db: None) -> None:
    """The desk's rail counts working days."""
    holidays.seed()


def at_desk(role: Role, path: str = AMR.path) -> Client:
    name = uuid.uuid4().hex[:12]
    region, _new = Region.objects.get_or_create(
        code=AMR.region, defaults={"name": "演示区", "full_name": "演示区", "level": 4}
    )
    agency = Agency.objects.create(
        code=name, name="演示局", short_name="演示局", uscc=name, function="amr", level=4, path=path, region=region
    )
    account = Account.objects.create_account(name, is_staff=True)
    member = StaffMember.objects.create(account=account, agency=agency, number=name, name="演示人")
    StaffRole.objects.create(staff=member, role=role.value, agency_path=path)
    client = Client()
    client.force_login(account, backend="yiwang.platform.identity.store.AccountBackend")
    return client


def page(licence: Licence) -> str:
    return f"{FIND}{licence.pk}/"


def do(client: Client, licence: Licence, operation: str, reason: str = "", key: str = "1") -> tuple[int, str]:
    answer = client.post(page(licence), {"operation": operation, "reason": reason, "key": key}, follow=True)
    return answer.status_code, answer.content.decode()


def test_an_agency_finds_its_own_only(issue: Issue) -> None:
    licence = issue()
    own, other = at_desk(Role.ISSUER), at_desk(Role.ISSUER, "/330300/elsewhere/")
    for words in ("", licence.number, licence.identifier, "演示餐饮"):
        assert licence.number in own.get(FIND, {"q": words}).content.decode()
        assert licence.number not in other.get(FIND).content.decode()
    assert "没有找到" in own.get(FIND, {"q": "餐饮有限"}).content.decode()
    assert (own.get(page(licence)).status_code, other.get(page(licence)).status_code) == (200, 404)


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.INTAKE, Role.SUPERVISOR])
def test_only_issuers_and_deciders_come_in(issue: Issue, role: Role) -> None:
    client = at_desk(role)
    assert client.get(page(issue())).status_code in (302, 403, 404)
    assert client.get(FIND).status_code in (302, 403, 404)


@pytest.mark.parametrize("role", [Role.INTAKE, Role.ISSUER, Role.DECIDER])
def test_whoever_may_compare_with_the_original_finds_what_waits_and_does(issue: Issue, role: Role) -> None:
    scanned, checked = issue(trust=TrustLevel.C, scan="0" * 64), issue()
    desk, other = at_desk(role), at_desk(role, "/330300/elsewhere/")
    listed = desk.get(f"{FIND}unchecked/").content.decode()
    assert scanned.number in listed
    assert checked.number not in listed
    assert "待核对原件" in desk.get("/desk/").content.decode() or "待核对原件" in listed
    assert scanned.number not in other.get(f"{FIND}unchecked/").content.decode()
    assert other.get(page(scanned)).status_code == 404
    shown = desk.get(page(scanned)).content.decode()
    assert "和原件一致" in shown
    assert ('name="operation"' in shown) == (role is not Role.INTAKE)
    if role is Role.INTAKE:
        assert desk.post(page(scanned), {"operation": "revoke", "reason": "演示", "key": "0"}).status_code in (403, 404)
    done = desk.post(f"{page(scanned)}original/", {"key": "1"}, follow=True)
    assert done.status_code == 200
    scanned.refresh_from_db()
    assert (scanned.trust, scanned.status) == ("B", "valid")
    assert scanned.number not in desk.get(f"{FIND}unchecked/").content.decode()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.SUPERVISOR, Role.DATA_STEWARD])
def test_nobody_else_sees_what_waits(issue: Issue, role: Role) -> None:
    scanned, client = issue(trust=TrustLevel.C, scan="0" * 64), at_desk(role)
    for address in (f"{FIND}unchecked/", page(scanned)):
        assert client.get(address).status_code in (302, 403, 404)
    client.post(f"{page(scanned)}original/", {"key": "1"})
    scanned.refresh_from_db()
    assert scanned.trust == "C"


def test_what_waits_is_filtered_and_paged(issue: Issue) -> None:
    enter_type(spec(code="demo_other", type_code="1110000000DEM03148055"))
    rows = [issue(trust=TrustLevel.C, scan="0" * 64, number=f"页{number:03}") for number in range(25)]
    other = issue(type_code="demo_other", trust=TrustLevel.C, scan="0" * 64, number="另001", holder_name="演示另一家")
    desk, address = at_desk(Role.INTAKE), f"{FIND}unchecked/"
    first = desk.get(address).content.decode()
    assert [one.number in first for one in rows] == [True] * 20 + [False] * 5
    following = re.search(r'href="(\?[^"]*after=[^"]+)"', first)
    assert following is not None
    second = desk.get(address + html.unescape(following[1])).content.decode()
    assert all(one.number in second for one in rows[20:])
    for query in ({"type": "demo_other"}, {"q": "另001"}, {"q": "演示另"}, {"agency": AMR.path, "q": "另001"}):
        found = desk.get(address, query).content.decode()
        assert other.number in found
        assert rows[0].number not in found
    nothing = desk.get(address, {"batch": str(uuid.uuid4())}).content.decode()
    assert "没有找到" in nothing
    assert "取消全部筛选" in nothing
    assert desk.get(address, {"batch": "x", "after": "x"}).status_code == 302


def test_what_is_held_may_be_given_back(issue: Issue) -> None:
    licence, client = issue(), at_desk(Role.DECIDER)
    status, shown = do(client, licence, "hold", "抽检不合格，停业整改")
    licence.refresh_from_db()
    assert (status, licence.status, licence.status_reason) == (200, "held", "抽检不合格，停业整改")
    assert "抽检不合格，停业整改" in shown
    assert 'value="release"' in shown
    assert 'value="hold"' not in shown
    do(client, licence, "release", key="2")
    licence.refresh_from_db()
    assert (licence.status, licence.status_reason) == ("valid", "")


def test_what_goes_against_the_holder_needs_a_reason(issue: Issue) -> None:
    licence, client = issue(), at_desk(Role.DECIDER)
    status, shown = do(client, licence, "revoke", "  ")
    assert status == 422
    assert 'href="#o-reason"' in shown
    assert "<title>错误：" in shown
    assert shown.index("yw-summary") < shown.index("证照内容"), "what is wrong stands on top"
    assert 'href="#o-operation-1"' in do(client, licence, "", key="n")[1], "a link leads to the first choice"
    assert 'value="revoke" checked' in shown
    assert do(client, licence, "", "写过的原因")[1].count("写过的原因") == 1
    assert do(client, licence, "expire", "没有这一项")[0] == 422
    licence.refresh_from_db()
    assert licence.status == "valid"


def test_what_is_over_in_the_meantime_is_told(issue: Issue) -> None:
    licence, client = issue(), at_desk(Role.DECIDER)
    acts.cancel(licence.pk, reason="企业申请注销", by=official(Role.DECIDER), key="first")
    status, shown = do(client, licence, "hold", "抽检不合格")
    assert status == 422
    assert "这一版已经了结" in shown


def test_a_renewed_licence_leads_to_its_new_version(issue: Issue) -> None:
    licence, client = issue(), at_desk(Role.DECIDER)
    answer = client.post(page(licence), {"operation": "renew", "reason": "", "key": "1"})
    new = Licence.objects.get(previous=licence)
    assert answer.headers["Location"] == page(new)
    assert "第 1 版" in client.get(page(new)).content.decode()


def test_an_application_for_renewal_is_noted(issue: Issue) -> None:
    licence, client = issue(), at_desk(Role.ISSUER)
    assert 'value="note_renewal"' in client.get(page(licence)).content.decode()
    assert do(client, licence, "note_renewal")[0] == 200
    licence.refresh_from_db()
    assert licence.renewal_applied_on == clock.today()
    Licence.objects.filter(pk=licence.pk).update(valid_to=None, renewal_applied_on=None)
    assert 'value="note_renewal"' not in client.get(page(licence)).content.decode()


def test_a_licence_from_elsewhere_is_taken_over_at_the_desk(issue: Issue) -> None:
    before, client = issue(), at_desk(Role.ISSUER)
    address = f"{FIND}new/demo_food/"
    sent = {
        "f-holder_number": "91330302MADEM0011Y", "f-holder_name": "演示餐饮有限公司", "f-name": "演示餐饮有限公司",
        "f-associated": before.identifier[:-1] + "?", "key": "1",
    }  # fmt: skip
    wrong = client.post(address, sent)
    assert wrong.status_code == 422
    made = client.post(address, sent | {"f-associated": before.identifier, "key": "2"})
    assert made.status_code == 302
    row = Licence.objects.get(pk=made.headers["Location"].rstrip("/").rpartition("/")[2])
    assert row.associated == before.identifier
    assert list(row.uses.values_list("operation", flat=True)) == ["transfer_in"]


def test_a_person_sees_that_an_official_looked(issue: Issue) -> None:
    holder = Party(PartyKind.PERSON, uuid.uuid4())
    licence, client = issue(holder=holder), at_desk(Role.ISSUER)
    client.get(page(licence))
    assert AuditEntry.objects.filter(name="licences.read").count() == 1
    client.get(page(issue()))
    assert AuditEntry.objects.filter(name="licences.read").count() == 1


def test_few_queries(issue: Issue, django_assert_max_num_queries: Callable[..., object]) -> None:
    for _number in range(5):
        licence = issue(holder=Party(PartyKind.PERSON, uuid.uuid4()))
    client = at_desk(Role.ISSUER)
    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        client.get(FIND)
    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        assert client.get(page(licence)).status_code == 200
