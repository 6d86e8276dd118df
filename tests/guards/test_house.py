"""The source of the house passes every check, and every check sees a planted violation."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import yiwang

from .house import CHECKS, House

SOURCE = Path(yiwang.__file__).parent
DOC = '"""What this is."""\n\n'
MODEL = f"from django.db import models\n\n\nclass Thing(models.Model):\n    {DOC}"

PLANTED: dict[str, list[tuple[str, str]]] = {
    "undocumented": [
        ("platform/cases/models.py", f"{DOC}from django.db import models\n\n\nclass Thing(models.Model):\n    pass\n"),
        ("platform/cases/acts.py", f"{DOC}def accept(case):\n    pass\n"),
        ("platform/cases/types.py", f'{DOC}class Case:\n    {DOC}    def shown(self):\n        return ""\n'),
        ("platform/cases/queries.py", "x = 1\n"),
    ],
    "untold": [
        ("platform/parking/__init__.py", '"""Parking."""\n'),
        ("halls/trading/__init__.py", ""),
        (
            "kernel/__init__.py",
            '"""The kernel: what everything stands on, told in one long line without a second paragraph."""\n',
        ),
    ],
    "cities": [
        ("platform/cases/rules.py", f'{DOC}CITY = "温州"\n'),
        ("platform/cases/labels.py", f'{DOC}DEFAULT = "wenzhou"\n'),
        ("platform/cases/queries.py", f'{DOC}REGION = "330302"\n'),
        ("doors/portal/templates/portal/home.html", "<p>温州市政务服务</p>\n"),
    ],
    "foreign_models": [
        ("platform/cases/queries.py", "from yiwang.platform.identity.models import Person\n"),
        ("halls/services/queries.py", "from yiwang.platform.cases import models\n"),
        ("config/demo.py", "import yiwang.platform.cases.models\n"),
        (
            "platform/cases/queries.py",
            "from django.apps import apps\n\nPerson = apps.get_model('identity', 'Person')\n",
        ),
        ("platform/cases/queries.py", 'SQL = "SELECT name FROM identity_person"\n'),
    ],
    "foreign_keys": [
        (
            "platform/cases/models.py",
            "from yiwang.platform.identity.models import Person\nfrom django.db import models\n\n\n"
            "class Case(models.Model):\n    person = models.ForeignKey(Person, models.PROTECT)\n",
        ),
    ],
    "drawing_acts": [
        ("platform/cases/acts.py", "from django.shortcuts import render\n"),
        ("platform/cases/acts/accept.py", "from django.template.loader import render_to_string\n"),
    ],
    "writing_readers": [
        ("platform/cases/queries.py", "def find(case):\n    case.save()\n"),
        ("platform/cases/desk/lists.py", "def page(request):\n    Case.objects.create(name='x')\n"),
        ("halls/services/pages/apply.py", "def page(request):\n    Case.objects.filter(pk=1).update(name='x')\n"),
        ("platform/cases/portal.py", "def page(request):\n    send.defer(case=1)\n"),
        ("platform/cases/http.py", 'def page(cursor):\n    cursor.execute("UPDATE cases_case SET name = 1")\n'),
        ("platform/cases/rules.py", "def count(case):\n    case.delete()\n"),
    ],
    "acting_readers": [
        ("platform/cases/queries.py", "from yiwang.platform.cases import acts\n"),
        ("platform/cases/rules.py", "from yiwang.platform.cases import queries\n"),
        ("platform/cases/types.py", "from yiwang.platform.cases.models import Case\n"),
    ],
    "hidden_logic": [
        ("platform/cases/models.py", MODEL + "    def save(self, *args):\n        accept(self)\n"),
        ("platform/cases/apps.py", "from django.db.models.signals import post_save\n"),
    ],
    "unsafe_markup": [
        ("ui/templates/ui/a.html", '<p style="color: red">x</p>\n'),
        ("ui/templates/ui/a.html", "<style>p { color: red }</style>\n"),
        ("ui/templates/ui/a.html", "<script>alert(1)</script>\n"),
        ("ui/templates/ui/a.html", '<a onclick="go()">x</a>\n'),
        ("ui/templates/ui/a.html", "{{ text|safe }}\n"),
        ("ui/templates/ui/a.html", "{% autoescape off %}{{ text }}{% endautoescape %}\n"),
        ("ui/shown.py", "from django.utils.safestring import mark_safe\n\nx = mark_safe(text)\n"),
    ],
    "idle_tasks": [
        ("platform/cases/tasks.py", '@app.task(name="cases.never", queue="default")\ndef never():\n    pass\n')
    ],
    "idle_timers": [("platform/cases/acts.py", '@timers.timer("cases.never")\ndef ring(subject, key):\n    pass\n')],
    "idle_events": [
        ("platform/cases/events.py", 'NEVER = event("case.never", "It never happens.")\n'),
        (
            "platform/cases/events.py",
            'NEVER = event("case.never", "It never happens.")\n\n\n'
            '@subscribe("notices", NEVER)\ndef hear(happening):\n    pass\n',
        ),
    ],
}


@pytest.fixture(scope="module")
def house() -> House:
    return House(SOURCE)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_the_house_stands(house: House, name: str) -> None:
    assert list(CHECKS[name](house)) == []


@pytest.mark.parametrize(
    ("name", "path", "text"), [(name, *one) for name, planted in PLANTED.items() for one in planted]
)
def test_a_check_sees_what_is_planted(tmp_path: Path, name: str, path: str, text: str) -> None:
    planted = tmp_path / path
    planted.parent.mkdir(parents=True)
    planted.write_text(text)
    for room in ("platform/cases", "platform/identity"):
        (tmp_path / room).mkdir(parents=True, exist_ok=True)
        (tmp_path / room / "apps.py").touch()
    found = list(CHECKS[name](House(tmp_path)))
    assert found
    assert all(path in one for one in found)


def test_every_check_is_proven_by_something_planted() -> None:
    assert PLANTED.keys() == CHECKS.keys()


PURE = """
import importlib, sys
for name in ("django.db.models", "psycopg", "procrastinate", "wagtail"):
    sys.modules[name] = None
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def _pure(*modules: str, path: Path = SOURCE.parent) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PURE, *modules],
        env={"PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_rules_and_types_can_be_loaded_where_there_is_no_database_and_nothing_is_configured() -> None:
    rules = [one for name in ("rules", "types") for one in SOURCE.rglob(f"{name}.py") if "tests" not in one.parts]
    assert len(rules) > 15
    ran = _pure(*(".".join(one.relative_to(SOURCE.parent).with_suffix("").parts) for one in rules))
    assert ran.returncode == 0, ran.stderr


def test_rules_that_lean_on_the_database_through_another_module_are_seen(tmp_path: Path) -> None:
    (tmp_path / "rules_planted.py").write_text("import helper_planted\n")
    (tmp_path / "helper_planted.py").write_text("from django.db import models\n")
    assert "helper_planted" in _pure("rules_planted", path=tmp_path).stderr


def test_every_error_summary_takes_the_focus_and_leads_to_what_is_to_be_mended() -> None:
    """Whatever draws a summary lets it take the focus; and its lines are links, where there is a field to mend."""
    summaries = {
        path.relative_to(SOURCE): found
        for path in SOURCE.rglob("*.html")
        for found in re.findall(r'<div class="yw-summary.*?</ul>', path.read_text("utf-8"), re.DOTALL)
    }
    assert len(summaries) > 10
    plain = {str(path) for path, found in summaries.items() if 'data-module="govuk-error-summary"' not in found}
    assert not plain, plain
    assert {str(path) for path, found in summaries.items() if "<a href=" not in found} == set()
    for path in SOURCE.rglob("*.html"):
        text = path.read_text("utf-8")
        assert text.count('class="yw-summary') == text.count('data-module="govuk-error-summary"'), path
