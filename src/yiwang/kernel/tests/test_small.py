"""Digests, identifiers and plugins."""

import enum
import json
import os
import threading
import time
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from gmssl import func, sm3
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel import digest, ids, plugins
from yiwang.kernel.plugins import Finding, Level, Plugin, Registry, UnknownPlugin

# Digests


def test_sm3_has_the_value_of_the_standard():
    assert digest.sm3_hex(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@given(st.binary(max_size=200))
def test_sm3_agrees_with_another_library(data):
    assert digest.sm3_hex(data) == sm3.sm3_hash(func.bytes_to_list(data))


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"b": 1, "a": [True, None, "温州"]}, '{"a":[true,null,"温州"],"b":1}'),
        (Decimal("1.50"), '"1.5"'),
        (Decimal("1E+3"), '"1000"'),
        (Decimal("-0.0"), '"0"'),
        (Decimal("100"), '"100"'),
        (2.0, "2"),
        (0.1, "0.1"),
        (date(2025, 9, 26), '"2025-09-26"'),
        (datetime(2025, 9, 26, 8, tzinfo=timezone(timedelta(hours=8))), '"2025-09-26T00:00:00Z"'),
        (uuid.UUID("0199C2A8-0000-7000-8000-000000000000"), '"0199c2a8-0000-7000-8000-000000000000"'),
        ((1, (2,)), "[1,[2]]"),
        (Colour.RED, '"red"'),
        ('"\\\n', '"\\"\\\\\\n"'),
    ],
)
def test_the_canonical_form(value, form):
    assert digest.canonical(value).decode() == form


@pytest.mark.parametrize("value", [{1: 2}, {1, 2}, b"x", object(), {"a": object()}])
def test_what_has_no_form_is_refused(value):
    with pytest.raises(TypeError):
        digest.canonical(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), datetime(2025, 1, 1)])  # noqa: DTZ001
def test_what_has_no_value_is_refused(value):
    with pytest.raises(ValueError, match=r"form|zone"):
        digest.canonical(value)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_the_form_survives_a_round_trip_and_another_order(value):
    def turned(item):
        if isinstance(item, dict):
            return {key: turned(item[key]) for key in reversed(item)}
        return [turned(each) for each in item] if isinstance(item, list) else item

    form = digest.canonical(value)
    assert digest.canonical(json.loads(form)) == form
    assert digest.sha256_of(turned(value)) == digest.sha256_of(value)
    assert len(digest.sm3_of(value)) == 64


# Identifiers


def test_ids_are_version_7_and_carry_their_time():
    made = ids.uuid7()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert abs(ids.made_at(made) - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(ValueError, match="version 7"):
        ids.made_at(uuid.uuid4())


def test_ids_sort_in_the_order_of_making_as_values_and_as_text():
    made = [ids.uuid7() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert [str(i) for i in made] == sorted(str(i) for i in made)


def test_ids_sort_also_when_the_clock_goes_back(monkeypatch):
    before = ids.uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert ids.uuid7() > before


def test_ids_of_threads_never_meet():
    made = []
    threads = [threading.Thread(target=lambda: made.extend([ids.uuid7() for _ in range(2000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


def test_ids_of_forked_processes_never_meet():
    reader, writer = os.pipe()
    ids.uuid7()
    child = os.fork()
    if not child:
        os.write(writer, b"".join(ids.uuid7().bytes for _ in range(500)))
        os._exit(0)
    mine = {ids.uuid7().bytes for _ in range(500)}
    os.close(writer)
    data = b""
    while chunk := os.read(reader, 65536):
        data += chunk
    os.close(reader)
    os.waitpid(child, 0)
    theirs = {data[i : i + 16] for i in range(0, len(data), 16)}
    assert len(theirs) == 500
    assert not mine & theirs


# Plugins


class Sender(Plugin):
    def send(self, text):
        raise NotImplementedError


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(plugins, "_registries", {})
    made = Registry[Sender]("notices.test")

    @made.register("demo")
    class Demo(Sender):
        label = "演示"

        def send(self, text):
            return f"demo {text}"

    @made.register("outage")
    class Outage(Sender):
        label = "中断"

        def send(self, text):
            raise TimeoutError

        def check_config(self):
            return [Finding(Level.WARNING, "fails on purpose")]

    return made


def test_the_configuration_chooses(registry, settings):
    settings.YIWANG_PLUGINS = {}
    assert registry.selected().send("hi") == "demo hi"
    settings.YIWANG_PLUGINS = {"notices.test": "outage"}
    with pytest.raises(TimeoutError):
        registry.selected().send("hi")
    assert registry.check() == [Finding(Level.WARNING, "fails on purpose")]
    assert list(registry) == ["demo", "outage"]


def test_an_unknown_plugin_is_told_with_those_there_are(registry, settings):
    settings.YIWANG_PLUGINS = {"notices.test": "pigeon"}
    with pytest.raises(UnknownPlugin, match=r"no plugin 'pigeon'; registered: demo, outage"):
        registry.selected()
    (finding,) = registry.check()
    assert finding.level is Level.ERROR


def test_a_check_that_raises_is_a_finding(registry, settings):
    @registry.register("broken")
    class Broken(Sender):
        def check_config(self):
            raise RuntimeError("no such host")

    settings.YIWANG_PLUGINS = {"notices.test": "broken"}
    assert registry.check() == [Finding(Level.ERROR, "RuntimeError: no such host")]


def test_names_are_taken_once(registry):
    assert plugins.registries() == {"notices.test": registry}
    with pytest.raises(ValueError, match="already"):
        Registry("notices.test")
    with pytest.raises(ValueError, match="already"):
        registry.register("demo")(Sender)
