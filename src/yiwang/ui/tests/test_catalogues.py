"""Joined catalogues say what the separate ones said."""

import gettext as gettext_module

import pytest
from django.utils.translation import trans_real

from yiwang.ui import catalogues


@pytest.fixture
def apart():
    """Every language with its catalogues apart, and read anew afterwards."""
    trans_real._translations = {}
    yield
    trans_real._translations = {}
    trans_real._active = trans_real.Local()


def test_every_sentence_and_number_is_said_as_before(apart):
    for language in ("zh-hans", "en"):
        translation = trans_real.translation(language)
        parts = [found for found, _plural in catalogues._parts(translation)]
        keys = {key for part in parts for key in part} | {"没有这句"}
        single = {key for key in keys if isinstance(key, str) and key}
        plural = {key[0] for key in keys if isinstance(key, tuple)}

        def said(translation=translation, single=single, plural=plural):
            return {one: translation.gettext(one) for one in single} | {
                (one, n): translation.ngettext(one, f"{one}s", n) for one in plural for n in (0, 1, 2, 5, 21)
            }

        before = said()
        assert len(parts) > 1, "nothing to join"
        assert catalogues.join(language)
        assert said() == before
        assert [found for found, _plural in catalogues._parts(translation)] == [translation._catalog._catalogs[0]]


def test_catalogues_that_count_differently_stay_apart(apart):
    translation = trans_real.translation("en")
    other = gettext_module.GNUTranslations()
    other._catalog, other.plural = {"一": "one"}, lambda n: 0
    translation.add_fallback(other)
    before = list(catalogues._parts(translation))
    assert not catalogues.join("en")
    assert list(catalogues._parts(translation)) == before
