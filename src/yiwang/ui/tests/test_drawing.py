"""Templates say what they would say if every sentence and every address were looked up as they are drawn."""

import uuid

import pytest
from django.template import Context, engines
from django.template.defaulttags import url as plain_url
from django.template.loader import get_template
from django.templatetags.i18n import do_translate
from django.urls import NoReverseMatch, reverse
from django.utils.translation import override

from yiwang.ui.addresses import address
from yiwang.ui.templatetags import ui, worded

ENGINE = engines["django"].engine


def drawn(text, language, **values):
    with override(language):
        return ENGINE.from_string("{% load i18n %}" + text).render(Context(values))


@pytest.mark.parametrize(
    "text",
    [
        "{% translate '跳到正文' %}",
        "{% trans '跳到正文' %}",
        "{% translate '跳到正文' noop %}",
        "{% translate '跳到正文' as words %}[{{ words }}]",
        "{% translate words %}",
        "{% translate '跳到正文'|upper %}",
        "{% translate '100 %% <b>' %}",
        "{% translate '跳到正文' context 'somewhere' %}",
        "{% translate '跳到正文' context where %}",
        "{% translate '' %}",
    ],
)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_sentence_is_said_as_django_says_it(monkeypatch, text, language):
    values = {"words": "跳到正文", "where": "somewhere"}
    found = drawn(text, language, **values)
    for name in ("translate", "trans"):
        monkeypatch.setitem(worded.register.tags, name, do_translate)
    assert drawn(text, language, **values) == found


@pytest.mark.parametrize("tag", ["translate", "trans"])
def test_a_sentence_is_translated_when_it_is_read(tag):
    with override("en"):
        read = ENGINE.from_string(
            "{% load i18n %}{% " + tag + " '跳到正文' %}|{% " + tag + " '跳到正文' as it %}{{ it }}"
        )
    with override("zh-hans"):
        assert read.render(Context()) == "Skip to main content|跳到正文"


def test_a_part_in_another_language_is_in_that_language():
    text = "{% translate '跳到正文' %}|{% language 'en' %}{% translate '跳到正文' %}{% endlanguage %}|{% translate '跳到正文' %}"
    assert drawn(text, "zh-hans") == "跳到正文|Skip to main content|跳到正文"


def test_one_template_is_read_for_each_language():
    said = {}
    for language in ("zh-hans", "en", "zh-hans", "en"):
        with override(language):
            said.setdefault(language, set()).add(get_template("ui/error.html").render({"title": "x"}))
    assert all(len(found) == 1 for found in said.values())
    assert "跳到正文" in said["zh-hans"].pop()
    assert "Skip to main content" in said["en"].pop()


def test_an_address_is_what_reverse_says():
    one, other = uuid.uuid4(), uuid.uuid4()
    for name, *args in (
        ("cases:inbox",),
        ("cases:case", one),
        ("cases:case", other),
        ("cases:in_hand", "closed"),
        ("licences:copy_file", one, other),
        ("licences:copy_file", other, other),
        ("services:item", "<&'\">%41事项"),
    ):
        for _time in range(2):  # asked, and remembered
            assert address(name, *args) == reverse(name, args=args)
    for name, *args in (("cases:case",), ("cases:case", "no id"), ("no:such", one)):
        with pytest.raises(NoReverseMatch):
            address(name, *args)


def test_an_address_in_a_page_is_what_django_says(monkeypatch, rf):
    text = (
        "{% url 'cases:case' pk %} {% url name %} {% url 'cases:case' pk=pk %} {% url 'cases:case' pk as it %}{{ it }}"
        "{% url 'no:such' as it %}[{{ it }}] {% url 'services:item' words %}"
    )
    for door in ("/", "/desk/serve/"):
        request = rf.get(door)
        request.current_app = "serving" if door != "/" else "services"
        values = {"pk": uuid.uuid4(), "name": "cases:inbox", "words": "a&'b"}

        def draw(request=request, values=values):
            drawn = []
            for autoescape in (True, False):
                made = Context(values, autoescape=autoescape)
                made.request = request
                drawn.append(ENGINE.from_string(text).render(made))
            return " ".join(drawn)

        found = draw()
        with monkeypatch.context() as changed:
            changed.setitem(ui.register.tags, "url", plain_url)
            assert draw() == found
        assert ("/desk/serve/" in found) is (door != "/")


def test_options_are_values_and_words_and_one_is_chosen():
    assert ui.options([("a", "<甲>"), (2, "乙")], "2") == (
        '<option value="a">&lt;甲&gt;</option><option value="2" selected>乙</option>'
    )
    assert ui.options([], "a") == ""
