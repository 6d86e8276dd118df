"""The closed catalogues are closed: acts, events, timers, kinds of step, plugins."""

import ast
from pathlib import Path

import pytest

import yiwang
from yiwang.kernel import acts, events, timers
from yiwang.kernel.plugins import registries

SOURCE = Path(yiwang.__file__).parent


def modules(pattern):
    for path in sorted(SOURCE.glob(pattern)):
        if not {"tests", "migrations"} & set(path.parts):
            yield path


def test_every_act_names_its_permission_and_answers_with_a_type():
    for act in acts.CATALOGUE.values():
        assert act.permission.name, act.name
        assert "return" in act.body.__annotations__, f"{act.name} says nothing of its answer"
        assert act.body.__doc__, f"{act.name} has no docstring"
        assert {"by", "key"} <= set(act.body.__annotations__), act.name


def test_every_act_is_permitted_to_somebody_or_to_the_system_alone():
    for act in acts.CATALOGUE.values():
        permission = act.permission
        if not permission.kinds:
            assert permission.name == "system", f"{act.name} is permitted to nobody"
        if acts.ActorKind.STAFF in permission.kinds:
            assert permission.roles or permission.any_staff, f"{act.name}: staff of which role?"
        if acts.ActorKind.CLIENT in permission.kinds:
            assert permission.scope, f"{act.name}: clients with which scope?"


def test_every_event_has_a_meaning_and_every_subscription_an_event():
    for name, meaning in acts.EVENTS.items():
        assert meaning.endswith("."), name
    for subscriber, handlers in events.subscribers().items():
        assert set(handlers) <= set(acts.EVENTS), subscriber


def test_every_announced_event_is_in_the_catalogue():
    for act in acts.CATALOGUE.values():
        assert act.announces is None or act.announces in acts.EVENTS, act.name


def test_every_timer_that_is_set_rings():
    for path in modules("**/*.py"):
        text = path.read_text()
        if "set_timer(" in text or "set_deadline(" in text:
            assert timers.kinds(), path


def test_every_registry_has_a_plugin_that_works_without_the_outside():
    for name, registry in registries().items():
        assert registry.selected(), f"{name}: nothing is selected"


def writes(tree):
    """Yield calls that write through the ORM."""
    names = {"save", "create", "bulk_create", "bulk_update", "update_or_create", "get_or_create", "delete"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            yield node


READERS = ("queries.py", "portal.py", "desk.py", "http.py", "rules.py", "types.py")


def offenders(files):
    for path in files:
        for node in writes(ast.parse(path.read_text())):
            target = ast.unparse(node.func)
            if "cache" not in target and "router" not in target and "form" not in target and "store" not in target:
                yield f"{path.relative_to(SOURCE)}:{node.lineno} {target}"


@pytest.mark.parametrize("name", READERS)
def test_what_reads_does_not_write(name):
    files = [*modules(f"platform/**/{name}"), *modules(f"halls/**/{name}"), *modules("halls/**/pages/*.py")]
    assert list(offenders(files)) == []


def test_the_guard_sees_a_planted_write(tmp_path):
    planted = SOURCE / "platform" / "cases" / "queries.py"
    tree = ast.parse(planted.read_text() + "\n\ndef bad(case):\n    case.save()\n")
    assert [ast.unparse(node.func) for node in writes(tree)][-1] == "case.save"
