import re
from datetime import date
from types import SimpleNamespace
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.template import loader
from django.utils.datastructures import MultiValueDict

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.types import FieldError
from yiwang.ui.forms import SpecForm

from .samples import jpeg

K = FieldKind
FLOOR = FieldSpec("floor", "楼层", K.CHOICE, options=(Option("1", "一层"), Option("2", "二层")))
LIFT = FieldSpec("lift", "有电梯吗？", K.BOOLEAN, show_when="floor == '2'")
LOAD = FieldSpec("load", "电梯载重", K.INTEGER, show_when="lift == true")
NAME = FieldSpec("name", "姓名", K.TEXT)
BORN = FieldSpec("born", "出生日期", K.DATE)
STAFF = FieldSpec("staff", "人员", K.TABLE, columns=(NAME, BORN))
PLAN = FieldSpec("plan", "平面图", K.FILE)


def show(expression, seen):
    """Stand in for the evaluator: the two conditions above."""
    name, wanted = expression.split(" == ")
    return seen.get(name) == {"'2'": "2", "true": True}[wanted]


def post(text, specs, **more):
    return SpecForm(specs, QueryDict(text), **more)


def draw(form):
    parts = ("ui/form/summary.html", "ui/form/fields.html")
    return "".join(loader.render_to_string(part, {"form": form}) for part in parts)


def test_a_right_form_gives_values_of_their_kind():
    form = post("f-floor=1&f-born-y=1990&f-born-m=1&f-born-d=2&key=k1", [FLOOR, BORN])
    assert form.is_valid()
    assert form.values == {"floor": "1", "born": date(1990, 1, 2)}
    assert form.plain == {"floor": "1", "born": "1990-01-02"}
    assert form.key == "k1"


def test_the_summary_says_the_same_words_as_the_field_and_leads_to_it():
    form = post("f-name=&f-born-y=1990&f-born-m=&f-born-d=2", [NAME, BORN])
    html = draw(form)
    for error in form.shown_errors:
        assert html.count(error.message) == 2
        assert f'<a href="#{error.target}">' in html
        assert f'id="{error.target}"' in html
    assert [error.target for error in form.shown_errors] == ["f-name", "f-born-m"]
    assert '<span class="yw-vh">错误：</span>请填写姓名' in html
    assert 'autocomplete="name" aria-describedby="f-name-error" aria-invalid="true"' in html


def test_ids_named_by_labels_and_descriptions_exist_once():
    form = post("f-staff-rows=2&f-staff-1-name=", [NAME, BORN, FLOOR, STAFF, PLAN])
    html = draw(form)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    pointed = re.findall(r'\b(?:for="|href="#)([^"]+)"', html)
    pointed += [one for text in re.findall(r'aria-describedby="([^"]+)"', html) for one in text.split()]
    assert set(pointed) <= set(ids)


def test_what_was_typed_is_shown_again_and_cannot_break_out():
    form = post("f-name=%22%3E%3Cscript%3E&f-born-y=abcd", [NAME, BORN])
    html = draw(form)
    assert 'value="&quot;&gt;&lt;script&gt;"' in html
    assert "<script" not in html
    assert 'value="abcd"' in html


def test_a_saved_value_is_shown_before_anything_is_posted():
    form = SpecForm(
        [NAME, BORN, STAFF],
        initial={"name": "甲", "born": "1990-01-02", "staff": [{"name": "乙", "born": "2000-03-04"}]},
    )
    html = draw(form)
    assert 'value="甲"' in html
    assert 'value="1990"' in html
    assert 'value="乙"' in html
    assert 'value="2000"' in html
    assert not form.shown_errors
    assert len(form.key) == 32


def test_a_hidden_field_is_neither_asked_nor_kept():
    form = post("f-floor=1&f-lift=true&f-load=100", [FLOOR, LIFT, LOAD], show=show)
    assert [spec.name for spec in form.specs] == ["floor"]
    assert form.is_valid()
    assert form.values == {"floor": "1"}


def test_conditions_chain():
    form = post("f-floor=2&f-lift=true&f-load=", [LOAD, LIFT, FLOOR], show=show)
    assert {spec.name for spec in form.specs} == {"floor", "lift", "load"}
    assert form.errors == {"load": "请填写电梯载重"}


def test_a_draft_knows_when_other_fields_are_asked():
    before = SpecForm([FLOOR, LIFT], show=show)
    after = post(f"f-floor=2&_shape={before.shape}", [FLOOR, LIFT], show=show)
    assert after.shape_changed
    assert after.draft == {"floor": "2"}
    assert not post(f"f-floor=1&_shape={before.shape}", [FLOOR, LIFT], show=show).shape_changed


def test_rows_come_and_go_without_script():
    text = "f-staff-rows=2&f-staff-0-name=甲&f-staff-1-name=乙"
    added = post(f"{text}&_step=add:staff", [STAFF])
    assert added.is_step
    assert not added.is_valid()
    assert not added.shown_errors
    assert [row["name"] if row else "" for row in added.raw["staff"]] == ["甲", "乙", ""]
    dropped = post(f"{text}&_step=drop:staff:0", [STAFF])
    assert [row["name"] for row in dropped.raw["staff"]] == ["乙"]


@pytest.mark.parametrize("rows", ["-1", "x", "99999999", "٣", ""])
def test_a_forged_number_of_rows_is_harmless(rows):
    form = post(f"f-staff-rows={rows}", [STAFF])
    assert len(form.raw["staff"]) <= 200
    assert form.errors == {"staff": "请至少填写一行人员"}


@pytest.mark.parametrize("step", ["drop:staff:99", "drop:staff:-1", "remove:plan:x", "add:none", "drop:staff", "x"])
def test_a_forged_step_is_harmless(step):
    form = post(f"f-staff-rows=1&f-staff-0-name=甲&_step={step}", [STAFF, PLAN])
    assert len(form.raw["staff"]) == 1


def test_taken_files_are_kept_though_another_field_is_wrong(folder):
    files = MultiValueDict({"f-plan": [SimpleUploadedFile("图.jpg", jpeg()), SimpleUploadedFile("坏.jpg", b"hello")]})
    form = SpecForm([NAME, PLAN], QueryDict("f-name="), files)
    assert not form.is_valid()
    taken, refused = form.uploads["plan"]
    assert [file.name for file in taken] == ["图.jpg"]
    assert refused == ("“坏.jpg”不是 PDF、JPG 或 PNG，请换成这三种格式再传",)
    assert set(form.errors) == {"name", "plan"}


def test_a_stored_file_satisfies_and_can_be_removed():
    kept = SimpleNamespace(name="图.pdf", digest="a" * 64, size=3, scan="clean", is_image=False, url="")
    form = post("", [PLAN], initial={"plan": [kept]})
    assert form.is_valid()
    removed = post(f"_step=remove:plan:{'a' * 64}", [PLAN], initial={"plan": [kept]})
    assert removed.raw["plan"] == []


def test_an_act_s_refusal_stands_beside_its_field():
    form = post("f-name=甲", [NAME])
    assert form.is_valid()
    form.add_errors([FieldError("name", "与登记不一致"), FieldError("other", "别处的错")])
    assert not form.is_valid()
    assert [(error.target, error.message) for error in form.shown_errors] == [
        ("", "别处的错"),
        ("f-name", "与登记不一致"),
    ]


def test_many_options_become_a_select_and_few_stand_in_a_row():
    many = FieldSpec("m", "多", K.CHOICE, options=tuple(Option(str(n), str(n)) for n in range(9)))
    looks = {view.name: (view.look, view.inline) for view in SpecForm([many, FLOOR]).fields}
    assert looks == {"f-m": ("select", False), "f-floor": ("choices", True)}


def test_a_form_does_not_parse_twice():
    form = post("f-name=甲", [NAME])
    with mock.patch("yiwang.ui.values.parse", wraps=__import__("yiwang.ui.values", fromlist=["parse"]).parse) as parse:
        form.is_valid()
        draw(form)
        assert parse.call_count == 1
