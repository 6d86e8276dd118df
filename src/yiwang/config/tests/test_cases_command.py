"""``yiwang cases``: record sets into a file, running cases to a new edition, processes as BPMN."""

import json
import stat
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from yiwang.kernel.models import AuditEntry
from yiwang.kernel.types import Role
from yiwang.platform.cases import acts, bpmn
from yiwang.platform.cases.models import Document
from yiwang.platform.cases.tests.conftest import (
    FOOD,
    MONDAY,
    accepted,
    at,
    case_of,
    clerk,
    decide,
    edition_of,
    fresh,
    key,
    officer,
    person,
    republish,
    submit,
)
from yiwang.platform.catalog.models import Implementation
from yiwang.platform.sharing.models import Dataset


@pytest.fixture
def owner(testville, db, settings, tmp_path):
    """Return an applicant on a Monday on which every source is up."""
    settings.MEDIA_ROOT = tmp_path / "files"
    Dataset.objects.update(available=True)
    with at(MONDAY):
        yield person("测试法人甲")


def exported(name, path):
    call_command("cases", "export", name, str(path), since=MONDAY)
    text = path.read_text()
    return [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else text


def test_record_sets_go_into_a_file_of_ones_own(owner, tmp_path, capsys):
    application = submit(owner, FOOD, delivery=[{"way": "mail", "name": "甲", "phone": "1", "address": "河街 1 号"}])
    acts.accept_all(application.pk, by=clerk(application), key=key())
    case = case_of(application, FOOD)
    decide(case)
    acts.deliver(case.pk, "mail", "甲", "EMS1", by=officer(case, Role.ISSUER), key=key())
    path = tmp_path / "accept.jsonl"
    rows = exported("up_pro_accept", path)
    assert [row["project_no"] for row in rows] == [case.number]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert exported("up_pro_process", tmp_path / "process.csv").startswith("project_no,")
    sent = exported("logistics", tmp_path / "sent.jsonl")[0]
    assert (sent["物流单号"], sent["接收人"], sent["寄送单位"]) == ("EMS1", "甲", case.agency.name)
    acts.make_once(Document.objects.get(case=case, kind="decision").pk)
    seal = exported("seals", tmp_path / "seals.jsonl")[0]
    assert case.agency.name in seal["印章名称"]
    assert exported("supervision", tmp_path / "supervision.jsonl") == []
    entry = AuditEntry.objects.filter(name="cases.export").earliest("seq")
    assert entry.detail == {"set": "up_pro_accept", "since": str(MONDAY), "until": str(MONDAY), "count": 1}


def test_running_cases_are_moved_after_a_dry_run(owner, capsys):
    case = case_of(accepted(owner, FOOD), FOOD)
    code = edition_of(FOOD).definition.task_code
    new = republish(FOOD, plain="换了说法。")
    call_command("cases", "move", code)
    assert "A dry run" in capsys.readouterr().out
    assert fresh(case).edition_id != new.id
    with pytest.raises(CommandError, match="reason"):
        call_command("cases", "move", code, apply=True)
    call_command("cases", "move", code, apply=True, reason="新版更清楚。")
    assert "1 moved, 0 refused" in capsys.readouterr().out
    assert fresh(case).edition_id == new.id
    call_command("cases", "move", code, apply=True, reason="再来。")
    assert "0 moved, 0 refused" in capsys.readouterr().out


def test_a_process_goes_out_as_bpmn_and_comes_back_as_a_draft(owner, tmp_path, capsys):
    definition = edition_of(FOOD).definition
    call_command("cases", "process", definition.task_code)
    text = capsys.readouterr().out
    assert bpmn.read(text) == tuple(bpmn._reduced(definition.process))
    path = tmp_path / "food.bpmn"
    renamed = [replace(one, name="资料审查") if one.code == "review" else one for one in definition.process]
    path.write_text(bpmn.write(renamed))
    call_command("cases", "process", definition.task_code, source=path)
    draft = Implementation.objects.get(task_code=definition.task_code).draft
    assert "资料审查" in [step["name"] for step in draft["process"]]
    assert edition_of(FOOD).definition == definition, "what is published does not change"
    path.write_text("<a/>")
    with pytest.raises(CommandError, match="not BPMN"):
        call_command("cases", "process", definition.task_code, source=path)
