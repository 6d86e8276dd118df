"""Many families at once say what one alone says, and both find in an invented city exactly what was planted there."""

from __future__ import annotations

import contextlib
import csv
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from yiwang.config.synth import output, plan
from yiwang.kernel.fields import FieldKind
from yiwang.kernel.models import AuditEntry
from yiwang.kernel.packs import Pack
from yiwang.platform.sharing.answering import typed
from yiwang.platform.sharing.means import acts, bulk, export, queries, running
from yiwang.platform.sharing.means.rules import assess
from yiwang.platform.sharing.means.types import (
    ContradictionRule,
    DecisionRule,
    Declaring,
    FactRule,
    Family,
    Preliminary,
    Row,
    Scheme,
    SchemeWant,
    Take,
    Weight,
    Whose,
)
from yiwang.platform.sharing.models import Dataset
from yiwang.platform.sharing.types import Basis, DatasetDefinition

ibis = pytest.importorskip("ibis", reason="the extra “bulk” is not installed")
AT = date(2026, 11, 1)
LAW = Basis("测试用依据")
ENGINES = [
    "duckdb",
    pytest.param(
        "spark",
        marks=[
            pytest.mark.slow,
            pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
        ],
    ),
]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return Pack(Path(settings.YIWANG_PACK_DIR) / "wenzhou")


@pytest.fixture(scope="module")
def definitions(pack: Pack) -> dict[str, DatasetDefinition]:
    return {one.code: one for one in pack.rows("datasets/*.yaml", DatasetDefinition)}


@pytest.fixture(scope="module")
def low_income(pack: Pack) -> Scheme:
    return next(iter(pack.rows("comparisons/low_income.yaml", Scheme)))


@pytest.fixture(scope="module")
def world(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six thousand people, with some declarations that leave something out."""
    out = tmp_path_factory.mktemp("synth")
    output.write(plan.make_plan(plan.read_city(pack.root), 6000, 900, 3, AT), out)
    return out


def backend(name: str) -> Any:
    if name == "spark":
        pytest.importorskip("pyspark", reason="the extra “spark” is not installed")
    return running.engine(name)


def read_csv(folder: Path, code: str) -> Iterator[dict[str, str]]:
    with (folder / f"{code}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def families(folder: Path, scheme: Scheme, definitions: dict[str, DatasetDefinition]) -> dict[str, Family]:
    """Read the world family by family, with nothing of what reads it in bulk."""
    rows: dict[str, dict[str, tuple[Row, ...]]] = {want.dataset: {} for want in scheme.wants}
    for want in scheme.wants:
        for line in read_csv(folder, want.dataset):
            values = typed(definitions[want.dataset], {name: line[name] for name in want.fields if line[name]})
            one = Row(values, datetime.fromisoformat(line["at"]))
            rows[want.dataset][line["subject"]] = (*rows[want.dataset].get(line["subject"], ()), one)
    found = {}
    for line in read_csv(folder, scheme.declared_in):
        register = rows["households"].get(line["subject"], ())
        inside = [str(row.values["member_number"]) for row in register if not row.values.get("moved_out_on")]
        members = tuple(dict.fromkeys([line["subject"], *inside]))
        declared = {one.fact: queries.plain(line[one.column], one) for one in scheme.declared}
        found[line["subject"]] = Family(members, rows, declared)
    return found


def same(scheme: Scheme, family: Family, row: dict[str, Any], today: date = AT) -> None:
    said = assess(scheme, family, today)
    for code, value in said.facts.items():
        other = row[code]
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            assert other == pytest.approx(float(value), abs=1e-6), (code, value, other)
        else:
            assert other == value, (code, value, other)
    hits = {rule.code for rule in scheme.rules if row[f"rule__{rule.code}"]}
    assert hits == {found.rule.code for found in said.found}
    decided = -1 if said.decided_by is None else said.decided_by
    assert (row["verdict"], row["decided_by"]) == (said.verdict.value, decided)


def registered_income(folder: Path, family: Family) -> float:
    """What pensions and wages of three months give a head: who is paid in cash is in no register."""
    pensions = sum(
        float(one["monthly"]) for one in read_csv(folder, "pension_payments") if one["subject"] in family.members
    )
    wages = sum(float(one["income"]) for one in read_csv(folder, "income_taxes") if one["subject"] in family.members)
    return (pensions + wages / 3) / len(family.members)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_in_bulk_every_family_is_told_what_it_is_told_alone(
    engine: str, world: Path, low_income: Scheme, definitions: dict[str, DatasetDefinition]
) -> None:
    with backend(engine) as there:
        tables = running.from_csv(there, world, low_income, definitions)
        rows = running.expression(low_income, tables, AT).to_pyarrow().to_pylist()
    alone = families(world, low_income, definitions)
    assert len(rows) == len(alone) > 80
    for row in rows:
        same(low_income, alone[row["family"]], row)
    planted: dict[str, set[str]] = defaultdict(set)
    for line in read_csv(world, "truth"):
        planted[line["subject"]].add(line["column"])
    columns = {rule.code: rule.column for rule in low_income.rules if rule.column}
    found = {
        row["family"]: seen
        for row in rows
        if (seen := {column for code, column in columns.items() if row[f"rule__{code}"]})
    }
    assert len(planted) > 3
    unseen = {(family, column) for family, seen in planted.items() for column in seen - found.get(family, set())}
    assert {column for _family, column in unseen} <= {"income"}
    assert all(
        registered_income(world, alone[family]) <= float(alone[family].declared["income"]) for family, _ in unseen
    )
    assert not {(family, column) for family, seen in found.items() for column in seen - planted.get(family, set())}
    assert len(unseen) < len(planted) / 2


def scheme() -> Scheme:
    """Everything that a scheme may say, over one dataset."""

    def fact(code: str, **more: Any) -> FactRule:
        return FactRule(code=code, label=code, label_en=code, **({"dataset": "things"} | more))

    def rule(code: str, level: Weight = Weight.DOUBT, each: bool = False, **when: str) -> ContradictionRule:
        words = {"name": code, "name_en": code, "why": code, "why_en": code}
        spoken = {name.replace("__", "."): cell for name, cell in when.items()}
        return ContradictionRule(code=code, level=level, when=spoken, basis=LAW, each=each, **words)

    money = FieldKind.MONEY
    return Scheme(
        code="all",
        name="all",
        name_en="all",
        summary="",
        summary_en="",
        items=(),
        basis=(LAW,),
        wants=(SchemeWant(dataset="things", fields=("price", "kind", "month", "own"), months=6, by="month"),),
        facts=(
            fact("total", take=Take.SUM, column="price", kind=money, each=True),
            fact("most", take=Take.MAX, column="price", kind=money),
            fact("least", take=Take.MIN, column="price", kind=money, where="not (kind == 'a')"),
            fact("kinds", take=Take.DISTINCT, column="kind"),
            fact("count", where="kind in ['a', 'b'] or price > 5", each=True),
            fact("any", take=Take.EXISTS, kind=FieldKind.BOOLEAN, where="own == true and kind != null"),
            fact("newest", take=Take.LATEST, column="price", kind=money),
            fact("mine", whose=Whose.APPLICANT, where="price == null"),
            fact("head", dataset="", expression="total / people", kind=money),
            fact("odd", dataset="", expression="any ? max([most, least]) : -abs(total - 7) * 2", kind=FieldKind.DECIMAL),
            fact("kept", dataset="", expression="min([(newest ?? 0), 4]) + count", kind=FieldKind.DECIMAL),
        ),
        declared=(Declaring(fact="total", column="said", kind=money, tolerance=Decimal("2.5")),
                  Declaring(fact="kinds", column="words", kind=FieldKind.TEXT)),
        declared_in="said",
        rules=(
            rule("more", Weight.SERIOUS, over__total="== true"),
            rule("less", under__total="== true", count="> 0"),
            rule("words", Weight.NOTE, declared__kinds="== 'x'", kinds=">= 2"),
            rule("person", each=True, total="> declared.total", count=">= 1"),
            rule("low", Weight.SERIOUS, least="< 1"),
        ),
        decision=(
            DecisionRule(verdict=Preliminary.LOOK, reason="", reason_en="", when={"serious": "> 1"}),
            DecisionRule(verdict=Preliminary.UNFIT, reason="", reason_en="", when={"most": "> 9", "doubts": "== 0"}),
            DecisionRule(verdict=Preliminary.LOOK, reason="", reason_en="", when={"declared.total": "> 8"}),
            DecisionRule(verdict=Preliminary.FITS, reason="", reason_en=""),
        ),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_whatever_is_missing_means_the_same_in_bulk(engine: str, tmp_path: Path) -> None:
    import pyarrow as pa

    chance, rules = random.Random(11), scheme()
    things: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    alone: dict[str, Family] = {}
    for number in range(400):
        people = [f"f{number}p{place}" for place in range(chance.randrange(1, 4))]
        rows: dict[str, tuple[Row, ...]] = {}
        for person in people:
            members.append({"family": people[0], "subject": person, "applicant": person == people[0]})
            for _turn in range(chance.randrange(4)):
                values = {
                    "price": chance.choice([None, *(Decimal(cents) / 100 for cents in range(0, 1200, 7))]),
                    "kind": chance.choice(["a", "b", "c", None]),
                    "month": chance.choice(["2026-04", "2026-05", "2026-10", "2026-11", None]),
                    "own": chance.choice([True, False, None]),
                }
                at = datetime(2026, 1, chance.randrange(1, 5), tzinfo=UTC)
                things.append({"subject": person, "at": at} | values)
                known = {name: value for name, value in values.items() if value is not None}
                rows[person] = (*rows.get(person, ()), Row(known, at))
        told = {
            "said": chance.choice([None, *(Decimal(cents) / 100 for cents in range(0, 1600, 13))]),
            "words": chance.choice(["x", "y", None]),
        }
        said.append({"family": people[0]} | told)
        alone[people[0]] = Family(tuple(people), {"things": rows}, {"total": told["said"], "kinds": told["words"]})
    money = pa.decimal128(18, 2)
    typed_things = pa.schema([("subject", pa.string()), ("at", pa.timestamp("us", tz="UTC")), ("price", money),
                              ("kind", pa.string()), ("month", pa.string()), ("own", pa.bool_())])  # fmt: skip
    typed_said = pa.schema([("family", pa.string()), ("said", money), ("words", pa.string())])
    with backend(engine) as there:
        tables = {}
        for name, given, kinds in (
            ("things", things, typed_things),
            ("said", said, typed_said),
            ("members", members, None),
        ):
            import pyarrow.parquet as pq

            pq.write_table(pa.Table.from_pylist(given, schema=kinds), tmp_path / f"{name}.parquet")
            tables[name] = there.read_parquet(str(tmp_path / f"{name}.parquet"), table_name=name)
        made = bulk.compare(rules, tables["members"], {"things": tables["things"]}, tables["said"], AT)
        found = made.to_pyarrow().to_pylist()
        lost = bulk.compare(rules, tables["members"], {}, tables["said"], AT).to_pyarrow().to_pylist()
    assert len(found) == len(alone)
    for row in found:
        same(rules, alone[row["family"]], row)
    for row in lost:
        one = alone[row["family"]]
        same(rules, Family(one.members, {}, one.declared), row)


@pytest.mark.django_db
@pytest.mark.usefixtures("testville")
def test_the_store_is_exported_under_pseudonyms_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    from yiwang.kernel.acts import system_record
    from yiwang.kernel.sealed import blind_index
    from yiwang.kernel.types import SYSTEM
    from yiwang.platform.sharing.acts import bring_in
    from yiwang.platform.sharing.tests.datasets import dataset, item, published

    people = ("339901198501011119", "339901199002022221")
    relations = published(
        dataset(code="households", key=("member_number",), items=(
            item("member_number", kind=FieldKind.CITIZEN_ID, required=True), item("moved_out_on", kind=FieldKind.DATE),
            item("secret")))
    )  # fmt: skip
    said = published(dataset(code="said", items=(item("members", kind=FieldKind.INTEGER),)))
    rows = tuple({"subject": people[0], "member_number": one, "secret": "密"} for one in people)
    bring_in(relations.pk, rows, by=SYSTEM, key="households")
    bring_in(said.pk, ({"subject": people[0], "members": "3"},), by=SYSTEM, key="said")
    one = Scheme(
        code="families", name="", name_en="", summary="", summary_en="", items=(), basis=(LAW,), declared_in="said",
        wants=(SchemeWant(dataset="households", fields=("member_number", "moved_out_on")),),
        facts=(FactRule(code="known", label="", label_en="", dataset="households", take=Take.DISTINCT,
                        column="member_number"),),
        declared=(Declaring(fact="known", column="members"),),
        rules=(ContradictionRule(code="fewer", level=Weight.SERIOUS, name="", name_en="", why="", why_en="", basis=LAW,
                                 when={"under.known": "== true"}),),
        decision=(DecisionRule(verdict=Preliminary.FITS, reason="", reason_en=""),),
    )  # fmt: skip
    with system_record("test.scheme"):
        acts.write_scheme(one, by=SYSTEM)

    out = tmp_path / "export"
    call_command("means", "export", "families", "--out", str(out), "--jobs", "1")
    assert out.stat().st_mode & 0o777 == 0o700
    files = sorted(out.rglob("*.parquet"))
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    table = pq.read_table(out / "households").to_pylist()
    indexes = [blind_index(number, "subject").hex() for number in people]
    assert {row["subject"] for row in table} == {indexes[0]}
    assert sorted(row["member_number"] for row in table) == sorted(indexes)
    assert set(table[0]) == {"subject", "at", "member_number", "moved_out_on"}
    assert not any(number.encode() in file.read_bytes() for number in people for file in files)

    result, passing = tmp_path / "result.csv", tmp_path / "passing"
    passing.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(passing))
    call_command("means", "compare", "families", "--out", str(result), "--jobs", "1")
    (line,) = csv.DictReader(result.open(encoding="utf-8"))
    assert (line["family"], line["rule__fewer"], result.stat().st_mode & 0o777) == (indexes[0], "true", 0o600)
    assert not list(passing.iterdir())
    assert AuditEntry.objects.filter(name="sharing.means_compare").get().detail["records"] == {
        "households": 2,
        "said": 1,
    }
    with pytest.raises(CommandError):
        call_command("means", "compare", "families", "--out", str(result))
    assert Dataset.objects.filter(code="said").exists()


def test_a_folder_is_gone_also_after_a_failure() -> None:
    with contextlib.suppress(ZeroDivisionError), export.folder() as inside:
        assert inside.stat().st_mode & 0o777 == 0o700
        raise ZeroDivisionError
    assert not inside.exists()


@pytest.mark.slow
def test_worker_processes_begin_by_themselves() -> None:
    with export.workers(1) as pool:
        assert pool.submit(export.plain, "7.5", FieldKind.MONEY).result(timeout=60) == Decimal("7.50")
