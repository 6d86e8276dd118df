from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.platform.notices import rules, templates
from yiwang.platform.notices.types import TemplateSpec, Text


@given(st.integers(0, 10_000))
def test_pauses_grow_to_an_hour_and_never_shrink(tries):
    assert timedelta(seconds=30) <= rules.pause(tries) <= rules.pause(tries + 1) <= timedelta(hours=1)


def test_pauses_of_the_first_tries():
    assert [rules.pause(n).total_seconds() for n in (1, 2, 3, 8, 99)] == [30, 60, 120, 3600, 3600]


def test_a_destination_is_given_up_after_three_days():
    began = datetime(2026, 3, 2, tzinfo=UTC)
    assert not rules.gives_up(began, began + timedelta(days=3))
    assert rules.gives_up(began, began + timedelta(days=3, seconds=1))


def test_every_built_in_message_has_both_languages_and_only_known_places():
    assert len(templates.built_in()) >= 14
    for spec in templates.built_in().values():
        assert rules.faults(spec) == []
        assert set(spec.texts) == {"zh-hans", "en"}


def test_faults_are_named():
    spec = TemplateSpec("case.accepted", {"en": Text("{citizen_id}", "{", "{title}")})
    assert rules.faults(spec) == [
        "case.accepted: no words in zh-hans",
        "case.accepted.en: unknown place {citizen_id}",
        "case.accepted.en: Single '{' encountered in format string",
    ]


def test_a_reader_of_another_language_gets_the_citys():
    spec = TemplateSpec("x", {"zh-hans": Text("一", "二")})
    assert rules.choose(spec, "en") == ("zh-hans", Text("一", "二"))


def test_a_place_without_a_value_is_an_error_and_braces_in_values_are_only_text():
    with pytest.raises(KeyError):
        rules.fill("{due}", {})
    assert rules.fill("给{name}", {"name": "{due}"}) == "给{due}"
