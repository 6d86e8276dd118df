import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.ui import assets, messages
from yiwang.ui.frame import Link
from yiwang.ui.shown import COLUMNS, LINES, TREND, Bar, Lane, chart, line_path, lines, trend_path
from yiwang.ui.templatetags import ui

TEMPLATES = assets.HERE / "templates"


def slow_beads(track, promised, statutory):
    """Count day by day: the oracle of ``bead_classes``."""
    total = max(promised, track.count("u"), statutory)
    beads = []
    day = 0
    past = list(track)
    while past or day < total:
        if past and past[0] == "p":
            past.pop(0)
            beads.append({"p"})
            continue
        day += 1
        used = bool(past)
        if past:
            past.pop(0)
        bead = set()
        if used:
            bead.add("o" if day > promised else "u")
        elif day > promised:
            bead.add("l")
        if day == promised:
            bead.add("t")
        beads.append(bead)
    return beads


@given(st.text("up", max_size=30), st.integers(0, 30), st.integers(0, 40))
def test_beads_are_the_working_days(track, promised, statutory):
    assert [set(css.split()) for css in ui.bead_classes(track, promised, statutory)] == slow_beads(
        track, promised, statutory
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((5, 0, 8), "承诺 8 个工作日，已用 5，剩 3"),
        ((9, 0, 8), "承诺 8 个工作日，已用 9，超 1"),
        ((3, 4, 5), "承诺 5 个工作日，已用 3，暂停 4 天不计，剩 2"),
    ],
)
def test_beads_say_themselves(args, said):
    assert ui.beads_words(*args) == said
    assert f'aria-label="{said}"' in ui.beads("green", "u" * args[0] + "p" * args[1], args[2])


def test_a_very_long_clock_is_told_in_words_only():
    assert "yw-beads" not in ui.beads("green", "u", 90)


@given(st.lists(st.tuples(st.integers(1, 200), st.integers(1, 200)), min_size=1, max_size=6), st.integers(0, 200))
def test_a_chart_always_fits_and_keeps_the_order_of_days(bars, today):
    lanes = [Lane("x", "y", (Bar(start, width),)) for start, width in bars]
    drawn = chart(lanes, today=today)
    assert 1 <= drawn.columns <= COLUMNS
    for lane, (start, width) in zip(drawn.lanes, bars, strict=True):
        bar = lane.bars[0]
        assert bar.width >= 1
        assert 1 <= bar.start <= bar.start + bar.width - 1 <= drawn.columns
        assert (bar.start, bar.width) == (start, width) or drawn.columns < max(s + w for s, w in bars)


def test_the_sheet_draws_every_column_that_a_chart_may_use():
    sheet = (assets.SOURCE / "css" / "charts.css").read_text()
    for number in range(1, COLUMNS + 1):
        for name in (
            f".yw-track--{number} ",
            f".yw-c{number} ",
            f".yw-w{number} ",
            f".yw-at{number}::after ",
        ):
            assert name in sheet


SHARES = st.lists(st.none() | st.floats(0, 100), min_size=1, max_size=40)


@given(SHARES)
def test_a_line_shows_every_day_that_is_known_and_leaves_gaps(values):
    drawn = line_path(values, *LINES)
    points = [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", drawn)]
    known = [(number, value) for number, value in enumerate(values) if value is not None]
    assert len(points) == len(known)
    for (x, y), (number, value) in zip(points, known, strict=True):
        assert x == pytest.approx(number * LINES[0] / max(len(values) - 1, 1), abs=0.06)
        assert y == pytest.approx(LINES[1] - value, abs=0.06)
    begun = [n for n, value in known if n == 0 or values[n - 1] is None]
    assert drawn.count("M") == len(begun)
    alone = [n for n in begun if n + 1 == len(values) or values[n + 1] is None]
    assert drawn.count("h0") == len(alone)


@given(SHARES)
def test_a_small_line_stays_in_its_box_and_makes_no_cliff_of_little(values):
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", trend_path(values))]
    assert all(0 <= one <= TREND[1] for one in heights)
    known = [value for value in values if value is not None]
    if known and max(known) - min(known) < 1:
        assert max(heights) - min(heights) <= TREND[1] / 10


def test_lines_keep_their_order_and_words():
    drawn = lines([("一", [1, 2]), ("二", [None, None])], words="话", first="1", last="2")
    assert ([one.label for one in drawn.lines], drawn.words, drawn.lines[1].path) == (["一", "二"], "话", "")
    assert 'aria-label="话"' in ui.trend([1, None], "话")


@pytest.mark.parametrize(("count", "shown"), [(None, ""), (0, "0"), (99, "99"), (100, "99+")])
def test_counts_are_capped(count, shown):
    assert Link("x", "/", count=count).shown_count == shown


def test_words_are_escaped_everywhere():
    bad = "<script>"
    drawn = [
        ui.lamp("green", bad),
        ui.tag(bad),
        ui.source(bad, '"', bad),
        ui.bar(1, 1, bad, "pause"),
        ui.count(1, bad),
    ]
    drawn.append(ui.qr("https://example.invalid", bad))
    assert not any(bad in one for one in drawn)


def test_an_unknown_light_tone_or_source_is_a_mistake_of_the_page():
    for wrong in (lambda: ui.lamp("blue", ""), lambda: ui.tag("", "blue"), lambda: ui.source("", state="x")):
        with pytest.raises((KeyError, ValueError)):
            wrong()


def test_every_icon_that_a_template_names_is_in_the_sprite():
    sprite = set(re.findall(r'id="i-([a-z]+)"', (assets.SOURCE / "icons.svg").read_text()))
    used = set()
    for path in assets.HERE.parent.rglob("templates/**/*.html"):
        used |= set(re.findall(r'(?:\{% icon "|\bicon(?:_end)?=")([a-z]+)"', path.read_text(encoding="utf-8")))
    assert used
    assert used <= sprite


def test_every_component_stands_on_the_components_page():
    shown = "".join(
        path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html") if path.parent.name != "cotton"
    )
    for path in (TEMPLATES / "cotton").glob("*.html"):
        name = path.stem.replace("_", "-")
        assert re.search(rf"<c-{name}[\s/>]", shown) or name == "error-summary", name


def test_every_class_that_a_template_names_is_in_the_sheet():
    sheet = "".join(path.read_text(encoding="utf-8") for path in (assets.SOURCE / "css").glob("*.css"))
    known = set(re.findall(r"\.(yw-[a-z0-9_-]+)", sheet))
    hooks = {"yw-form-fields"}
    for path in TEMPLATES.rglob("*.html"):
        text = re.sub(r"\{%.*?%\}", " ", path.read_text(encoding="utf-8"))
        text = re.sub(r"\{\{.*?\}\}", "…", text)
        for value in re.findall(r'class="([^"]*)"', text):
            for name in value.split():
                if name.startswith("yw-") and "…" not in name:
                    assert name in known | hooks, (path.name, name)


def test_whoever_includes_a_part_says_how_deep_its_heading_is():
    texts = {path: path.read_text("utf-8") for path in messages.PACKAGE.rglob("*.html")}
    deep = {
        "/".join(path.parts[-2:])
        for path, text in texts.items()
        if "{{ level" in text and not re.search(r'<c-vars[^>]*level="\d', text)
    }
    assert "licences/card.html" in deep
    for path, text in texts.items():
        for include in re.findall(r"{% include [^%]*%}", text):
            if any(f'"{name}"' in include for name in deep):
                assert "level=" in include, f"{path.name}: {include}"


def test_templates_hold_no_inline_style_or_script():
    for path in assets.HERE.parent.rglob("templates/**/*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"\sstyle=|<style|javascript:|\son(click|load|error|change|input|submit|focus|blur|key\w+|mouse\w+)=|<script(?![^>]*\ssrc=)",
            text,
        ), path.name


@pytest.mark.slow
def test_every_sentence_of_ours_has_its_english():
    assert messages.untranslated("en") == []


def test_templates_hold_no_word_that_cannot_be_translated():
    for path in assets.HERE.parent.rglob("templates/**/*.html"):
        if path.name.startswith("components") or path.name in {"sample_card.html", "util.html", "deskfoot.html"}:
            continue  # samples of the design, and the name of the Chinese language in Chinese
        text = path.read_text(encoding="utf-8")
        for pattern in (r"\{% comment %\}.*?\{% endcomment %\}", r"\{% blocktranslate.*?\{% endblocktranslate %\}"):
            text = re.sub(pattern, "", text, flags=re.DOTALL)
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", text, flags=re.DOTALL)
        assert not re.findall(r"[\u3400-\u9fff]+", text), path.name


def test_every_class_that_a_page_uses_is_in_the_sheet():
    sheet = "".join(path.read_text(encoding="utf-8") for path in (assets.SOURCE / "css").glob("*.css"))
    known = set(re.findall(r"\.(yw-[\w-]+)", sheet))
    for path in messages.sources():
        if path.suffix == ".html":
            text = re.sub(r"\{%.*?%\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
            text = re.sub(
                r"[\w-]*\{\{.*?\}\}[\w-]*", " ", text
            )  # the other half of such a name is only known when it is drawn
            used = {name for found in re.findall(r'(?:class|css)="([^"]*)"', text) for name in found.split()}
            assert {name for name in used if name.startswith("yw-")} <= known, path.name


def test_a_missing_translation_is_found(monkeypatch, tmp_path):
    (tmp_path / "page.html").write_text('{% load i18n %}{% translate "没有译文的句子" %}\n', encoding="utf-8")
    monkeypatch.setattr(messages, "sources", lambda *packages: [tmp_path / "page.html"])
    assert messages.untranslated("en") == ["没有译文的句子"]
    (tmp_path / "page.html").unlink()
    code = tmp_path / "labels.py"
    code.write_text(
        'from django.utils.translation import gettext_lazy as later\nNAME = later("后来才译的句子")\n', "utf-8"
    )
    monkeypatch.setattr(messages, "sources", lambda *packages: [code])
    assert messages.untranslated("en") == ["后来才译的句子"]


def test_messages_are_read_from_python_and_templates(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '{% load i18n %}<a title="{% translate "甲" %}">\n'
        "  {% blocktranslate count n=n %}一{% plural %}{{ n }} 多"
        '{% endblocktranslate %}</a>{% translate "乙" context "丙" as x %}',
        encoding="utf-8",
    )
    code = tmp_path / "code.py"
    code.write_text("x = _('丁')\ny = ngettext('戊', '己', n)\n", encoding="utf-8")
    assert messages.collect([page, code]) == {
        ("", "甲"),
        ("", ("一", "%(n)s 多")),
        ("丙", "乙"),
        ("", "丁"),
        ("", ("戊", "己")),
    }
