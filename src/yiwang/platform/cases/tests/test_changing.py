"""变更、换发、注销: what a decided case makes of licences that are there already."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from yiwang.kernel import clock
from yiwang.kernel.acts import system_record
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import SYSTEM, Party, PartyKind
from yiwang.platform.cases import changing, engine
from yiwang.platform.cases.models import ApplicationFile, Case
from yiwang.platform.cases.tests.at_desk import MOST, queries, signed_in, text
from yiwang.platform.cases.tests.conftest import (
    FOOD,
    accepted,
    case_of,
    decide,
    edition_of,
    firm,
    fresh,
    person,
    republish,
    review,
    stored,
)
from yiwang.platform.catalog.types import Concerned, ResultKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity.models import Person
from yiwang.platform.licences import acts as issuing
from yiwang.platform.licences import queries as licences
from yiwang.platform.licences.models import Licence, LicenceType, LicenceUse
from yiwang.platform.licences.types import LicenceStatus, LicenceView

BUSINESS = "business_licence"
USCC = "91339901MADEM0011Y"


def says(**result: Any) -> None:
    """Let the food item say this of its result."""
    republish(FOOD, result=replace(edition_of(FOOD).definition.result, **result))


def handle(by: Any, grant: bool = True, **said: str) -> Case:
    """Hand in, accept and decide the food item; ``said`` is what the application says of these data."""
    application = accepted(by, FOOD)
    application.facts |= {name: {"value": value, "state": "given"} for name, value in said.items()}
    application.save()
    case = case_of(application, FOOD)
    decide(case, grant)
    return fresh(case)


def licence(pk: Any) -> LicenceView:
    return licences.get_licence(pk, SYSTEM)


def business() -> LicenceView:
    """Return the eatery's business licence, in its newest version."""
    return licence(Licence.objects.get(type_id=BUSINESS, number="3399012026000001", next__isnull=True).pk)


def give(holder: Party, **more: Any) -> LicenceView:
    """Give somebody a food licence that no case gave."""
    agency = next(one for one in directory.agencies() if one.function == "amr")
    with system_record("tests.give"):
        pk = issuing.issue_inside(
            type_code="food_licence", holder=holder, holder_name="某人", issuer=agency, values=more
        )
    return licence(pk)


def seen_by_anybody(one: LicenceView) -> str:
    """Return the page that the QR code leads to."""
    return Client().get(f"/verify/{one.check_code}").content.decode()


def test_a_change_makes_a_new_version_and_the_old_one_is_not_valid(owner):
    old = licence(handle(owner).licence_id)
    says(changes=(Concerned("food_licence"),))
    case = handle(owner)
    new = licence(case.licence_id)
    assert (new.number, new.version, new.associated) == (old.number, 2, old.identifier)
    assert (new.valid_to, new.case_id) == (old.valid_to, case.pk)
    assert (licence(old.id).status, new.status) == (LicenceStatus.EXPIRED, LicenceStatus.VALID)
    assert [one.id for one in licences.held_by(owner.principal, ["food_licence"])] == [new.id]


def test_a_licence_bears_the_newest_photograph_that_was_given_and_keeps_it(owner):
    kind = LicenceType.objects.get(code="food_licence")
    kind.document["photo"] = "photo"
    kind.save()

    def given(*photos: dict[str, Any]) -> LicenceView:
        application = accepted(owner, FOOD)
        for number, one in enumerate(photos):
            ApplicationFile.objects.create(
                application=application, identity="photo", added_at=clock.now() + timedelta(seconds=number), **one
            )
        case = case_of(application, FOOD)
        decide(case)
        return licence(fresh(case).licence_id)

    first, second = stored(), stored()
    old = given(first, second, stored() | {"scan": "pending"}, stored() | {"media_type": "application/pdf"})
    assert old.photo == second["digest"]
    says(changes=(Concerned("food_licence"),))
    same = given()
    assert (same.version, same.photo) == (2, second["digest"])
    third = stored()
    assert given(third).photo == third["digest"]
    kind.document["photo"] = ""
    kind.save()
    says(changes=())
    assert given(stored()).photo == ""


def test_the_use_log_leads_to_the_matter_for_whose_it_is(monday):
    owner = person("测试创业戊")
    case = handle(owner)
    pk = case.licence_id
    with system_record("tests.use"):
        issuing.record_uses([licence(pk).identifier], purpose="再办一件", application_id=case.application_id)
        issuing.record_uses([licence(pk).identifier], purpose="不是您的", application_id=uuid.uuid4())

    def log(login: str) -> str:
        page = text(signed_in(login).get(reverse("licences:licence", args=[pk])))
        return page.split('id="used"')[1].split("</section>")[0]

    there = reverse("services:application", args=[case.application_id])
    mine = log("starter")
    assert mine.count(f'<a href="{there}">') == 2, "the issue, and the use in the application"
    assert f'<a href="{there}">再办一件</a>' in mine
    assert "不是您的" in mine
    assert mine.count("<a ") == 2
    Licence.objects.filter(pk=pk).update(joint=[Person.objects.get(name="测试法人甲").pk], joint_names=["测试法人甲"])
    theirs = log("rep")
    assert "再办一件" in theirs
    assert "<a " not in theirs, "who holds it too sees that it was used, and may not open the other's matter"


def test_without_a_licence_the_result_is_a_new_one(owner):
    says(changes=(Concerned("food_licence"),))
    new = licence(handle(owner).licence_id)
    assert (new.version, new.status, new.associated) == (1, LicenceStatus.VALID, "")


def test_a_refusal_changes_and_ends_nothing(owner):
    old = licence(handle(owner).licence_id)
    says(changes=(Concerned("food_licence"),), ends=(Concerned(BUSINESS),))
    handle(owner, grant=False)
    assert licence(old.id).status is LicenceStatus.VALID


def test_another_licence_is_changed_beside_the_notice(monday):
    document = LicenceType.objects.get(code=BUSINESS)
    for field in document.document["fields"]:
        field["changed_by"] = {"name": "handler_name", "address": "drain_point"}.get(field["name"], "")
    document.save()
    old = business()
    says(changes=(Concerned(BUSINESS, by="uscc"),))
    case = handle(firm(), handler_name="测试新名有限公司", drain_point="测试市新街 2 号")
    new = business()
    assert (new.version, new.associated, new.number) == (old.version + 1, old.identifier, old.number)
    assert new.fields == old.fields | {"name": "测试新名有限公司", "address": "测试市新街 2 号"}
    assert new.holder_name == "测试新名有限公司"
    assert licence(old.id).status is LicenceStatus.EXPIRED
    assert licence(case.licence_id).type_slug == "food_licence"
    assert licences.of_cases([case.pk])[case.pk].id == case.licence_id


def test_closing_cancels_the_licence_and_its_code_says_so(monday):
    old = business()
    assert "已注销" not in seen_by_anybody(old)
    says(ends=(Concerned(BUSINESS, by="uscc"),))
    case = handle(firm())
    ended = licence(old.id)
    assert ended.status is LicenceStatus.CANCELLED
    assert "食品经营许可" in ended.status_reason
    assert "已注销" in seen_by_anybody(old)
    assert licence(case.licence_id).status is LicenceStatus.VALID
    assert LicenceUse.objects.filter(licence_id=old.id, operation="cancel").count() == 1


def test_what_is_held_is_ended_too_but_not_changed(monday):
    old = business()
    Licence.objects.filter(pk=old.id).update(status="held")
    says(changes=(Concerned(BUSINESS, by="uscc"),))
    handle(firm())
    assert licence(old.id).status is LicenceStatus.HELD
    says(changes=(), ends=(Concerned(BUSINESS, by="uscc"),))
    handle(firm())
    assert licence(old.id).status is LicenceStatus.CANCELLED


@pytest.mark.parametrize("by", ["shop_area", "staff"])
def test_a_licence_that_says_something_else_stays(monday, by):
    says(ends=(Concerned(BUSINESS, by=by),))
    handle(firm())
    assert business().status is LicenceStatus.VALID


def test_nobody_elses_licence_is_touched(owner, monday):
    says(ends=(Concerned(BUSINESS),))
    handle(owner)
    assert business().status is LicenceStatus.VALID


def test_a_replaced_licence_is_void_and_the_new_one_names_it(owner):
    old = licence(handle(owner).licence_id)
    says(ends=(Concerned("food_licence"),))
    new = licence(handle(owner).licence_id)
    assert new.number != old.number
    assert (new.version, new.associated, new.status) == (1, old.identifier, LicenceStatus.VALID)
    assert licence(old.id).status is LicenceStatus.CANCELLED
    assert "换发" in licence(old.id).status_reason
    begun = LicenceUse.objects.get(licence_id=new.id, operation__in=["issue", "transfer_in"])
    assert begun.operation == "issue", "nothing came from elsewhere"


def test_what_another_decision_ended_meanwhile_is_looked_for_anew(owner, monkeypatch):
    old = licence(handle(owner).licence_id)
    says(ends=(Concerned("food_licence"),))
    read, others = changing.held.in_force, []

    def meanwhile(*args):
        found = read(*args)
        if not others:
            with system_record("tests.other"):
                issuing.cancel_inside(old.id, reason="换发")
            others.append(give(old.holder))
        return found

    monkeypatch.setattr(changing.held, "in_force", meanwhile)
    new = licence(handle(owner).licence_id)
    assert new.status is LicenceStatus.VALID
    assert new.associated == others[0].identifier
    assert {licence(one.id).status for one in (old, *others)} == {LicenceStatus.CANCELLED}


def test_every_one_that_was_held_twice_is_void(owner):
    first, second = licence(handle(owner).licence_id), licence(handle(owner).licence_id)
    says(ends=(Concerned("food_licence"),))
    new = handle(owner).licence_id
    assert {licence(one.id).status for one in (first, second)} == {LicenceStatus.CANCELLED}
    assert [one.id for one in licences.held_by(owner.principal, ["food_licence"])] == [new]


def test_the_licence_of_somebody_whom_the_application_names_ends(owner):
    neighbour = next(one for one in Person.objects.exclude(pk=owner.id) if one.number)
    LicenceType.objects.filter(code="food_licence").update(
        document=LicenceType.objects.get(code="food_licence").document | {"holder": "person"}
    )
    theirs = give(Party(PartyKind.PERSON, neighbour.pk), place="某处")
    says(ends=(Concerned("food_licence", holder="legal_rep_name"),))
    handle(owner, legal_rep_name=neighbour.number)
    assert licence(theirs.id).status is LicenceStatus.CANCELLED


def to_decide(by: Any, **said: str) -> Case:
    """Bring the food item to where it waits for its decision; ``said`` as in ``handle``."""
    application = accepted(by, FOOD)
    application.facts |= {name: {"value": value, "state": "given"} for name, value in said.items()}
    application.save()
    case = case_of(application, FOOD)
    review(case)
    return fresh(case)


def seen_before(case: Case) -> str:
    """Return what the decider reads on the case page and in the preview, where both say it alike."""
    client = signed_in("amr-decider")
    number, sql = queries(client, reverse("cases:case", args=[case.pk]))
    assert number <= MOST, "\n".join(sql)
    part = re.compile(r"(?:准予以后，|这个事项会变更|还会变更)(?:(?!</div>).)*")
    found = part.search(text(client.get(reverse("cases:case", args=[case.pk]))))
    preview = part.search(
        text(client.post(reverse("cases:preview", args=[case.pk]), {"opinion": "准", "grant": "yes"}))
    )
    if found and "别人持有" in found[0]:
        found = preview
    assert (found and found[0]) == (preview and preview[0])
    refusal = text(client.post(reverse("cases:preview", args=[case.pk]), {"opinion": "不", "grant": "no"}))
    assert not part.search(refusal)
    return re.sub(r"<[^>]*>", "", found[0]) if found else ""


def test_the_decider_sees_before_what_a_grant_changes_and_then_it_is_so(monday):
    document = LicenceType.objects.get(code=BUSINESS)
    for field in document.document["fields"]:
        field["changed_by"] = {"name": "handler_name"}.get(field["name"], "")
    document.save()
    old = business()
    says(changes=(Concerned(BUSINESS, by="uscc"),))
    case = to_decide(firm(), handler_name="测试新名有限公司")
    page = seen_before(case)
    assert f"变更：{old.name} {old.number}，第 {old.version} 版改为第 {old.version + 1} 版" in page
    assert f"由“{old.fields['name']}”改为“测试新名有限公司”" in page
    assert "住所" not in page, "what stays is not listed"
    assert "持证人" not in page, "it is the applicant's"
    foreseen = changing.foreseen(case, edition_of(FOOD).definition.result, engine.facts_of(case.application))
    assert business() == old, "to look changes nothing"
    decide(case)
    (one,) = foreseen
    new = business()
    assert one.new is not None
    for name in ("identifier", "version", "associated", "fields", "holder_name", "valid_from", "valid_to", "issued_on"):
        assert getattr(one.new, name) == getattr(new, name), name


def test_the_decider_sees_before_what_a_grant_replaces_and_ends_in_twelve_queries(monday):
    foods = [licence(handle(firm()).licence_id), give(firm().principal)]
    old = business()
    says(ends=(Concerned("food_licence"), Concerned(BUSINESS, by="uscc"), Concerned(BUSINESS, by="staff")))
    case = to_decide(firm())
    page = seen_before(case)
    for one in foods:
        assert f"换发新证，原证作废：{one.name} {one.number}" in page
    assert f"注销：{old.name} {old.number}" in page
    assert page.count("注销：") == 1
    decide(case)
    assert {licence(one.id).status for one in (*foods, old)} == {LicenceStatus.CANCELLED}


def test_the_decider_sees_before_whose_licence_ends_and_that_is_logged(owner):
    neighbour = next(one for one in Person.objects.exclude(pk=owner.id) if one.number)
    LicenceType.objects.filter(code="food_licence").update(
        document=LicenceType.objects.get(code="food_licence").document | {"holder": "person"}
    )
    theirs = give(Party(PartyKind.PERSON, neighbour.pk), place="某处")
    says(ends=(Concerned("food_licence", holder="legal_rep_name"),))
    case = to_decide(owner, legal_rep_name=neighbour.number)
    client = signed_in("amr-decider")
    assert theirs.number not in text(client.get(reverse("cases:case", args=[case.pk])))
    reads = AuditEntry.objects.filter(kind="read", case_id=case.pk, person_id=neighbour.pk)
    assert not reads.exists(), "the page says where to look, and only who looks has read it"
    page = seen_before(case)
    assert f"{theirs.number}，持证人 {theirs.holder_name}" in page
    assert reads.exists()


def test_the_decider_sees_before_how_far_a_licence_is_lengthened(owner):
    old = licence(handle(owner).licence_id)
    says(renews=True)
    case = to_decide(owner)
    page = seen_before(case)
    assert f"延续：{old.name} {old.number}，第 1 版改为第 2 版，有效期到" in page
    (one,) = changing.foreseen(case, edition_of(FOOD).definition.result, engine.facts_of(case.application))
    decide(case)
    new = licence(fresh(case).licence_id)
    assert one.new is not None
    assert (one.new.version, one.new.valid_from, one.new.valid_to) == (new.version, new.valid_from, new.valid_to)


def test_the_decider_sees_before_that_nothing_is_found_or_nothing_to_say(owner):
    says(ends=(Concerned("food_licence"),))
    assert "没有找到" in seen_before(to_decide(owner))
    says(ends=())
    assert seen_before(to_decide(owner)) == ""


def test_where_only_others_end_there_is_no_result_to_give(monday):
    says(kind=ResultKind.OTHER, name="食品经营许可注销", licence_type="", ends=(Concerned(BUSINESS, by="uscc"),))
    case = handle(firm())
    assert case.licence_id is None
    assert case.tasks.get(kind="issue").outcome == "pass"
    assert business().status is LicenceStatus.CANCELLED
