"""Scan once, keep: pages are taken apart whatever happens, and only what was seen beside its original counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from yiwang.kernel import clock
from yiwang.kernel.models import AuditEntry, Event
from yiwang.kernel.problems import Invalid, NotAllowed, NotFound, NotNow
from yiwang.kernel.types import Actor, ActorKind, Role
from yiwang.platform.papers import acts, queries
from yiwang.platform.papers.models import Page, Paper, Scan
from yiwang.platform.papers.tests.conftest import (
    LINES,
    PAPER,
    drawn,
    jpeg,
    kept,
    key,
    pdf,
    person,
    scanned,
    small,
    stored,
)
from yiwang.platform.papers.types import PaperState, ScanState
from yiwang.ui import store

# --- taking apart ---


def test_a_scan_is_split_straightened_and_kept(owner: Actor, clerk: Actor) -> None:
    leaning = drawn(size=(600, 800)).rotate(-4, Image.Resampling.BICUBIC, fillcolor=255)
    files = (stored(pdf(leaning, Image.new("L", (60, 80), 255)), 2, "application/pdf"), stored(small()))
    pk = scanned(owner, clerk, *files)
    view = queries.get_scan(pk, clerk)
    assert (view.state, view.total, view.done) == (ScanState.DONE, 3, 3)
    first, second, third = Page.objects.filter(scan=pk).order_by("number")
    assert first.angle == pytest.approx(4, abs=0.3)
    assert (second.angle, third.angle) == (0, 0)
    assert first.source != first.digest
    assert [one.begins for one in (first, second, third)] == [True, False, True]
    assert all(store.exists(one.digest) for one in (first, second, third))
    assert Event.objects.filter(name="papers.scanned", subject_id=str(pk)).count() == 1


def test_a_page_that_cannot_be_drawn_is_told_and_the_others_come(owner: Actor, clerk: Actor) -> None:
    pk = scanned(owner, clerk, stored(small()), stored(b"no picture"), stored(small(90)))
    pages = queries.loose_pages(pk, clerk)
    assert [bool(one.fault) for one in pages] == [False, True, False]
    with pytest.raises(NotFound):
        queries.find_page(pk, 2, clerk)


def test_a_store_that_is_away_is_tried_again(owner: Actor, clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert owner.principal
    pk = acts.scan("person", owner.principal.id, [stored(small())], by=clerk, key=key())
    with monkeypatch.context() as away:
        away.setattr(acts.store, "open_file", lambda digest: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            acts.work_on()
    with clock.at(clock.now() + acts.LEASE + timedelta(seconds=1)):
        assert acts.work_on() == 1
    assert [one.fault for one in queries.loose_pages(pk, clerk)] == [""]


def test_after_a_crash_the_next_turn_begins_where_it_stopped(
    owner: Actor, clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert owner.principal
    files = [stored(small(shade)) for shade in (10, 90, 200)]
    pk = acts.scan("person", owner.principal.id, files, by=clerk, key=key())
    assert acts.work_on() == 1
    write = acts._write
    monkeypatch.setattr(acts, "_write", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        acts.work_on()
    monkeypatch.setattr(acts, "_write", write)
    assert Page.objects.filter(scan=pk).count() == 1
    assert acts.work_on() == 0, "another worker waits until the lease has run out"
    with clock.at(clock.now() + acts.LEASE + timedelta(seconds=1)):
        while acts.work_on():
            pass
    assert list(Page.objects.filter(scan=pk).order_by("number").values_list("number", flat=True)) == [1, 2, 3]
    assert queries.get_scan(pk, clerk).state is ScanState.DONE


def test_two_workers_do_not_write_one_page_twice(owner: Actor, clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert owner.principal
    pk = acts.scan("person", owner.principal.id, [stored(small())], by=clerk, key=key())
    drawing = acts._drawn

    def slow(*args: Any) -> Any:
        monkeypatch.setattr(acts, "_drawn", drawing)
        with clock.at(clock.now() + timedelta(minutes=5)):
            acts.work_on()
        return drawing(*args)

    monkeypatch.setattr(acts, "_drawn", slow)
    assert acts.work_on() == 1
    assert Page.objects.filter(scan=pk).count() == 1


def test_a_scan_of_nothing_or_of_too_much_is_refused(owner: Actor, clerk: Actor) -> None:
    assert owner.principal
    for files in ([], [stored(small(), acts.MOST_PAGES), stored(small())]):
        with pytest.raises(Invalid) as refused:
            acts.scan("person", owner.principal.id, files, by=clerk, key=key())
        assert refused.value.errors[0].field == "files"


# --- reading ---


def test_ocr_proposes(owner: Actor, clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts.ocr, "selected", type("", (), {"read": lambda self, page: "\n".join(LINES)}))
    (page,) = queries.loose_pages(scanned(owner, clerk), clerk)
    assert page.proposal.identity == PAPER
    assert (page.proposal.number, page.proposal.valid_until) == ("TS20260001", date(2027, 5, 1))
    assert Page.objects.get().text == "\n".join(LINES)


@pytest.mark.parametrize("how", ["outage", "broken"])
def test_without_ocr_the_window_goes_on(
    owner: Actor, clerk: Actor, settings: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "outage":
        settings.YIWANG_PLUGINS = {"papers.ocr": "outage"}
    else:
        monkeypatch.setattr(acts.ocr, "selected", lambda: 1 / 0)
    pk = scanned(owner, clerk)
    assert [one.unread for one in queries.loose_pages(pk, clerk)] == [True]
    assert acts.put_together(pk, [1], PAPER, by=clerk, key=key())


def test_rapidocr_reads_a_page_drawn_in_chinese() -> None:
    pytest.importorskip("rapidocr")
    from yiwang.platform.papers.ports import Picture, ocr

    plugin = ocr.get("rapidocr")
    assert plugin.check_config() == []
    text = plugin.read(Picture(jpeg(drawn(LINES))))
    assert LINES[0] in text
    assert "TS20260001" in text


# --- putting together ---


def test_pages_are_turned_divided_and_put_together(owner: Actor, clerk: Actor) -> None:
    wide = jpeg(Image.new("L", (80, 60), 100))
    pk = scanned(owner, clerk, stored(wide), stored(small(10)), stored(small(90)))
    acts.turn(pk, 1, "left", by=clerk, key=key())
    with store.open_file(queries.find_page(pk, 1, clerk)) as file, Image.open(file) as image:
        assert image.size == (60, 80)
    acts.turn(pk, 1, "right", by=clerk, key=key())
    assert Page.objects.get(scan=pk, number=1).turned == 0
    acts.divide(pk, [1, 3], by=clerk, key=key())
    assert [one.begins for one in queries.loose_pages(pk, clerk)] == [True, False, True]
    paper = acts.put_together(pk, [1, 2], PAPER, number="A-1", valid_until=date(2027, 1, 1), by=clerk, key=key())
    view = queries.get_paper(paper, clerk)
    assert (view.state, view.pages, view.number) == (PaperState.SCANNED, (1, 2), "A-1")
    with store.open_file(view.digest) as file:
        assert len(PdfReader(file).pages) == 2
    assert [one.number for one in queries.loose_pages(pk, clerk)] == [3]
    with pytest.raises(NotFound):
        acts.turn(pk, 1, "left", by=clerk, key=key())


def test_turning_in_the_wrong_direction_and_straightening_can_be_undone(owner: Actor, clerk: Actor) -> None:
    leaning = drawn(size=(600, 800)).rotate(-4, Image.Resampling.BICUBIC, fillcolor=255)
    pk = scanned(owner, clerk, stored(jpeg(leaning)))
    acts.turn(pk, 1, "raw", by=clerk, key=key())
    page = Page.objects.get(scan=pk)
    assert (page.angle, page.straight) == (0, False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"identity": "no such"}, "name"),
        ({"pages": [1, 3]}, "pages"),
        ({"pages": []}, "pages"),
        ({"pages": [9]}, "pages"),
        ({"number": "1" * 81}, "number"),
        ({"valid_until": date(2026, 3, 1)}, "until"),
    ],
)
def test_what_is_wrong_with_a_paper_is_said(owner: Actor, clerk: Actor, change: dict[str, Any], field: str) -> None:
    pk = scanned(owner, clerk, *(stored(small(shade)) for shade in (10, 90, 200)))
    with pytest.raises(Invalid) as refused:
        acts.put_together(pk, **({"pages": [1], "identity": PAPER} | change), by=clerk, key=key())
    assert [one.field for one in refused.value.errors] == [field]
    assert not Paper.objects.exists()


def test_nothing_is_put_together_before_all_pages_are_there(owner: Actor, clerk: Actor) -> None:
    assert owner.principal
    pk = acts.scan("person", owner.principal.id, [stored(small())], by=clerk, key=key())
    with pytest.raises(NotNow):
        acts.put_together(pk, [1], PAPER, by=clerk, key=key())


# --- how long, and whose ---


def test_it_counts_until_it_runs_out(owner: Actor, clerk: Actor) -> None:
    kept(owner, clerk, valid_until=date(2026, 4, 1))
    kept(owner, clerk)
    assert owner.principal
    for days, left in ((0, 1), (31, 1), (729, 1), (731, 0)):
        with clock.at(clock.now() + timedelta(days=days)):
            assert len(queries.kept(owner.principal, {PAPER})) == left, days
    acts.refuse(Paper.objects.get(valid_until=None).pk, "x", by=clerk, key=key())
    for days, left in ((30, 1), (31, 0)):
        with clock.at(clock.now() + timedelta(days=days)):
            assert len(queries.kept(owner.principal, {PAPER})) == left, days


def test_it_is_its_owner_s_only(owner: Actor, clerk: Actor) -> None:
    paper = kept(owner, clerk)
    other = person("测试创业戊")
    assert other.principal
    assert not queries.kept(other.principal, {PAPER})
    with pytest.raises(NotFound):
        queries.get_paper(paper, other)
    with pytest.raises(NotFound):
        acts.take_back(paper, by=other, key=key())
    with pytest.raises(NotFound):
        queries.get_paper(paper, replace(owner, items=frozenset({"330131018001"})))


def test_pages_of_a_refused_paper_stay_and_of_one_taken_back_are_closed(owner: Actor, clerk: Actor) -> None:
    paper = kept(owner, clerk, check=False)
    scan = queries.get_paper(paper, clerk).scan
    with pytest.raises(Invalid):
        acts.refuse(paper, " ", by=clerk, key=key())
    acts.refuse(paper, "第一页缺一角", by=clerk, key=key())
    assert [one.number for one in queries.loose_pages(scan, clerk)] == [1]
    assert queries.get_paper(paper, owner).reason == "第一页缺一角"
    again = acts.put_together(scan, [1], PAPER, by=clerk, key=key())
    acts.take_back(again, by=owner, key=key())
    with pytest.raises(NotFound):
        queries.find_page(scan, 1, clerk)
    with pytest.raises(NotFound):
        queries.get_paper(again, clerk)
    for late in (lambda: acts.check(again, by=clerk, key=key()), lambda: acts.refuse(again, "x", by=clerk, key=key())):
        with pytest.raises(NotFound):
            late()
    with pytest.raises(NotNow):
        acts.take_back(again, by=owner, key=key())


# --- who may ---


def test_another_county_s_clerk_sees_nothing(owner: Actor, clerk: Actor, elsewhere: Actor) -> None:
    paper = kept(owner, clerk, check=False)
    scan = queries.get_paper(paper, clerk).scan
    assert queries.scans(elsewhere).items == []
    for look in (
        lambda: queries.get_scan(scan, elsewhere),
        lambda: queries.find_page(scan, 1, elsewhere),
        lambda: queries.get_paper(paper, elsewhere),
        lambda: acts.divide(scan, [1], by=elsewhere, key=key()),
        lambda: acts.check(paper, by=elsewhere, key=key()),
    ):
        with pytest.raises(NotFound):
            look()
    assert queries.papers_of(scan, elsewhere) == []


def test_only_a_window_scans(owner: Actor, clerk: Actor) -> None:
    assert owner.principal
    reviewer = replace(clerk, grants=tuple(replace(one, role=Role.REVIEWER) for one in clerk.grants))
    for by in (owner, reviewer, replace(clerk, kind=ActorKind.CLIENT)):
        with pytest.raises(NotAllowed):
            acts.scan("person", owner.principal.id, [stored(small())], by=by, key=key())
    assert not Scan.objects.exists()


def test_nothing_personal_stands_in_the_trail(owner: Actor, clerk: Actor) -> None:
    kept(owner, clerk, number="TS-SECRET-1")
    told = str(list(AuditEntry.objects.filter(name__startswith="papers.").values("detail", "subject_id", "purpose")))
    assert "TS-SECRET-1" not in told
    assert owner.principal
    assert AuditEntry.objects.filter(name="papers.check", person_id=owner.principal.id).count() == 1


# --- forgetting ---


def test_what_is_in_no_paper_and_what_ended_is_forgotten(owner: Actor, clerk: Actor) -> None:
    pk = scanned(owner, clerk, *(stored(small(shade)) for shade in (10, 80, 150, 220)))
    good, wrong, back = (acts.put_together(pk, [number], PAPER, by=clerk, key=key()) for number in (1, 2, 3))
    acts.check(good, by=clerk, key=key())
    acts.take_back(back, by=owner, key=key())
    with clock.at(clock.now() + timedelta(days=20)):
        acts.refuse(wrong, "不是本人的", by=clerk, key=key())
        assert acts.forget() == 0
    with clock.at(clock.now() + timedelta(days=31)):
        assert acts.forget() == 1, "the one taken back; what belonged to the refused may still be put together anew"
        assert set(Page.objects.filter(scan=pk).values_list("number", flat=True)) == {1, 2, 4}
        assert queries.get_paper(back, owner).digest == ""
    with clock.at(clock.now() + timedelta(days=51)):
        assert acts.forget() == 2
        assert list(Page.objects.filter(scan=pk).values_list("number", flat=True)) == [1]
        assert [bool(queries.get_paper(one, owner).digest) for one in (good, wrong, back)] == [True, False, False]
        assert acts.forget() == 0
