"""An agency's own system issues, changes, holds, gives back and revokes its licences, and no others."""

from __future__ import annotations

import base64
import uuid
import zipfile
from datetime import timedelta
from io import BytesIO
from typing import Any

from cryptography import x509
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from yiwang.kernel import clock
from yiwang.kernel.codes import citizen_id_check
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Party, PartyKind
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity
from yiwang.platform.licences import acts, queries

from .conftest import EATERY, Caller, caller

ISSUE = {
    "type": "food_licence",
    "holder": {"name": "测试小吃有限公司", "number": EATERY},
    "values": {"name": "测试小吃有限公司", "place": "测试市河街 18 号", "items": ["hot"]},
}


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_a_licence_s_life_by_machine(office: Caller, firm: Caller) -> None:
    made = office.write("POST", "/licences", ISSUE, key="issue-once-1")
    assert made.status_code == 201
    again = office.write("POST", "/licences", ISSUE, key="issue-once-1")
    assert again.json() == made.json()
    one = made.json()
    assert (one["version"], one["status"]) == (1, "valid")

    changed = office.write("POST", f"/licences/{one['id']}/changes", {"values": {"place": "测试市河街 20 号"}}).json()
    assert (changed["version"], changed["number"]) == (2, one["number"])
    for operation, reason, status in (
        ("hold", "抽检", "held"),
        ("release", "", "valid"),
        ("revoke", "处罚", "revoked"),
    ):
        path = f"/licences/{changed['id']}/operations"
        answer = office.write("POST", path, {"operation": operation, "reason": reason})
        assert answer.json()["status"] == status
    mine = {row["id"]: row for row in firm.get("/licences").json()}
    assert mine[changed["id"]]["status"] == "revoked"
    assert one["id"] not in mine


def test_the_year_9999_is_without_end(office: Caller) -> None:
    made = office.write("POST", "/licences", ISSUE | {"valid_to": "9999-12-31"})
    assert (made.status_code, made.json()["valid_to"]) == (201, None)


def test_what_comes_from_elsewhere_goes_there_and_is_renewed_to_a_day(office: Caller) -> None:
    before = office.write("POST", "/licences", ISSUE).json()
    wrong = office.write("POST", "/licences", ISSUE | {"associated": before["identifier"][:-1] + "?"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "associated")
    made = office.write("POST", "/licences", ISSUE | {"associated": before["identifier"]}).json()
    entry = office.get(f"/licences/{made['id']}/metadata").json()
    assert (entry["correlative_license"], entry["operation"]) == (before["identifier"], "08")
    last = (clock.today() + timedelta(days=400)).isoformat()
    path = f"/licences/{made['id']}/operations"
    assert office.write("POST", path, {"operation": "renew", "valid_to": "2020-01-01"}).status_code == 422
    renewed = office.write("POST", path, {"operation": "renew", "valid_to": last}).json()
    assert (renewed["version"], renewed["valid_to"]) == (2, last)
    path = f"/licences/{renewed['id']}/operations"
    assert office.write("POST", path, {"operation": "hold", "reason": "抽检", "valid_to": last}).status_code == 422
    assert office.write("POST", path, {"operation": "other", "reason": "另案"}).json()["status"] == "other"
    assert office.write("POST", path, {"operation": "release"}).json()["status"] == "valid"
    assert (
        office.write("POST", path, {"operation": "transfer_out", "reason": "迁往外地"}).json()["status"]
        == "transferred"
    )


def test_what_is_wrong_is_told(office: Caller) -> None:
    path = f"/licences/{office.write('POST', '/licences', ISSUE).json()['id']}/operations"
    assert problem(office.write("POST", path, {"operation": "hold"}))[0] == 422
    assert problem(office.write("POST", path, {"operation": "burn", "reason": "x"}))[0] == 422
    other = ISSUE | {"holder": {"name": "另一家", "number": EATERY}}
    answer = office.write("POST", "/licences", other)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "holder_name"


def test_nobody_else_s(office: Caller, firm: Caller) -> None:
    fire = caller("fire-system", agency=directory.get_agency("339901-fire").id)
    assert problem(fire.write("POST", "/licences", ISSUE)) == (403, "not-own-type")
    assert problem(firm.write("POST", "/licences", ISSUE)) == (403, "not-provider")
    pk = office.write("POST", "/licences", ISSUE).json()["id"]
    held = {"operation": "hold", "reason": "x"}
    assert fire.write("POST", f"/licences/{pk}/operations", held).status_code == 404
    assert problem(firm.write("POST", f"/licences/{pk}/operations", held)) == (403, "not-provider")
    reads = caller("reads-only", ["applications:read"], agency=directory.get_agency("339901-amr").id)
    assert problem(reads.write("POST", "/licences", ISSUE)) == (403, "scope-needed")
    assert reads.get(f"/licences/{pk}").status_code == 404


STANDARD = [
    "certificate_identifier",
    "certificate_type_name",
    "certificate_type_code",
    "certificate_name",
    "certificate_number",
    "certificate_version",
    "issue_date",
    "issue_dept",
    "issue_dept_code",
    "define_authority_name",
    "define_authority_code",
    "define_authority_level",
    "validate_start",
    "validate_end",
    "validity_range",
    "area_code",
    "holder_name",
    "holder_code",
    "holder_code_type",
    "holder_code_type_name",
    "holder_list",
    "item_name",
    "item_code",
    "extend_info",
    "file_url",
    "status",
    "trust_level",
    "biz_num",
    "creator",
    "creation_time",
    "issuer",
    "issue_time",
    "abolisher",
    "abolish_time",
    "abolish_reason",
    "correlative_license",
    "signature_algorithm",
    "signature_certificate",
    "signature_value",
    "last_modification",
    "copies",
]
"""STANDARDS 6.3, word for word where it has the name; each value that it names in words under a name of its kind."""


def test_metadata_is_complete(office: Caller, firm: Caller) -> None:
    pk = office.write("POST", "/licences", ISSUE | {"number": "元 1"}).json()["id"]
    acts.make_once(uuid.UUID(pk))
    assert (
        office.write("POST", f"/licences/{pk}/operations", {"operation": "revoke", "reason": "处罚"}).status_code == 200
    )
    found = office.get(f"/licences/{pk}/metadata").json()
    assert set(STANDARD) <= set(found)
    by_case = {"item_name", "item_code", "biz_num", "correlative_license", "copies"}
    assert {name for name in STANDARD if not found[name]} == by_case
    assert (found["holder_code"], found["holder_code_type"]) == (EATERY, "001")
    assert (found["status"], found["abolish_reason"], found["trust_level"]) == ("07", "处罚", "A")
    certificate = x509.load_der_x509_certificate(base64.b64decode(found["signature_certificate"]))
    assert found["issue_dept"] in certificate.subject.rfc4514_string()
    assert firm.get(f"/licences/{pk}/metadata").json()["holder_code"] == EATERY
    fire = caller("fire-system", agency=directory.get_agency("339901-fire").id)
    assert fire.get(f"/licences/{pk}/metadata").status_code == 404


def test_metadata_names_holders_who_are_not_known_here(office: Caller) -> None:
    bureau = caller("office-civil", agency=directory.get_agency("339900").id)
    numbers = [body + citizen_id_check(body) for body in ("33990119500404777", "33990119510404777")]
    body = {
        "type": "identity_card",
        "holder": {"name": "测试老人戊", "number": numbers[0]},
        "joint": [{"name": "测试老人己", "number": numbers[1]}],
        "values": {"name": "测试老人戊"},
    }
    pk = bureau.write("POST", "/licences", body).json()["id"]
    before = AuditEntry.objects.filter(name="licences.read").count()
    holders = bureau.get(f"/licences/{pk}/metadata").json()["holder_list"]
    assert [(one["code"], one["code_type"]) for one in holders] == [(number, "111") for number in numbers]
    assert AuditEntry.objects.filter(name="licences.read").count() == before + 1
    assert office.get(f"/licences/{pk}/metadata").status_code == 404


def test_a_person_sees_that_an_agency_s_system_read(office: Caller) -> None:
    bureau = caller("office-civil", agency=directory.get_agency("339900").id)
    elder = {"name": "测试老人丁", "number": "339901195004044442"}
    issued = bureau.write(
        "POST", "/licences", {"type": "identity_card", "holder": elder, "values": {"name": "测试老人丁"}}
    )
    before = AuditEntry.objects.filter(name="licences.read").count()
    assert bureau.get(f"/licences/{issued.json()['id']}").status_code == 200
    assert AuditEntry.objects.filter(name="licences.read").count() == before + 1


def test_what_a_holder_shows_is_seen_by_machine_once_agreed(office: Caller) -> None:
    with clock.at(clock.now()):
        rep = identity.find_person("339901198501011119")
        assert rep is not None
        firm = identity.find_organisation(EATERY)
        assert firm is not None
        by = Actor(
            kind=ActorKind.PERSON,
            id=rep.id,
            label="申请人",
            principal=Party(PartyKind.ORGANISATION, firm.id),
            level=AssuranceLevel.L3,
        )
        licence = queries.held_by(Party(PartyKind.ORGANISATION, firm.id))[0]
        shown = acts.offer(licence.id, by=by, key="offer")
        fire = caller("fire-system", agency=directory.get_agency("339901-fire").id)
        taken = fire.write("POST", "/showings", {"code": queries.code_shown(shown, by), "purpose": "消防检查"})
        assert (taken.status_code, taken.json()["state"], taken.json()["licences"]) == (201, "asked", [])
        again = fire.write("POST", "/showings", {"code": "000000000000", "purpose": "消防检查"})
        assert again.json()["errors"][0]["field"] == "code"
        path = f"/showings/{taken.json()['id']}"
        assert fire.write("POST", f"{path}/copies", {"licence": str(licence.id)}).status_code == 409
        acts.agree(shown, 0, by=by, key="agree")
        assert [one["number"] for one in fire.get(path).json()["licences"]] == [licence.number]
        copy = fire.write("POST", f"{path}/copies", {"licence": str(licence.id)}).json()
        assert fire.get(f"{path}/copies/{copy['id']}").headers["Content-Type"] == "application/pdf"
        assert office.get(path).status_code == 404
        acts.take_back(shown, by=by, key="back")
        assert fire.get(path).json()["licences"] == []
        assert fire.get(f"{path}/copies/{copy['id']}").status_code == 404


def test_paper_comes_in_by_machine_and_from_nobody_else(office: Caller, firm: Caller) -> None:
    columns = "证照编号,持证主体,证件号码,发证日期,扫描件,经营者名称\n"
    buffer, scan = BytesIO(), BytesIO()
    Image.new("RGB", (40, 30)).save(scan, "PNG")
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(
            "table.csv", f"{columns}旧 1,测试小吃有限公司,{EATERY},2019-01-02,a.png,测试小吃有限公司\n旧 2,,,,,\n"
        )
        file.writestr("a.png", scan.getvalue())

    def send(by: Caller) -> Any:
        return by.browser.post(
            "/api/v1/licence-imports",
            {"type": "food_licence", "archive": SimpleUploadedFile("old.zip", buffer.getvalue(), "application/zip")},
            headers={"Authorization": f"Bearer {by.token}", "Idempotency-Key": uuid.uuid4().hex},
        )

    assert problem(send(firm)) == (403, "not-provider")
    fire = caller("fire-system", agency=directory.get_agency("339901-fire").id)
    assert problem(send(fire)) == (403, "not-own-type")
    begun = send(office)
    assert (begun.status_code, begun.json()["state"], begun.json()["total"]) == (201, "running", 2)
    while acts.work_on():
        pass
    taken = next(one for one in firm.get("/licences").json() if one["number"] == "旧 1")
    assert taken["trust"] == "C"
    done = office.get(f"/licence-imports/{begun.json()['id']}").json()
    assert (done["state"], done["entered"], done["refused"]) == ("done", 1, 1)
    assert done["reasons"][0][1] == 1
    assert fire.get(f"/licence-imports/{begun.json()['id']}").status_code == 404
