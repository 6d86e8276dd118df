"""Running a comparison of very many families: on DuckDB in this process, or on Spark; from CSV or Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yiwang.platform.sharing.means import bulk
from yiwang.platform.sharing.means.bulk import FAMILY, RULE, SUBJECT
from yiwang.platform.sharing.means.export import wanted
from yiwang.platform.sharing.means.types import Scheme
from yiwang.platform.sharing.types import DatasetDefinition

if TYPE_CHECKING:
    from ibis.expr.types import Table

ENGINES = ("duckdb", "spark")
HOUSEHOLDS = "households"
"""The dataset that tells who is of a family."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What a scheme needs, as tables of an engine."""

    datasets: Mapping[str, Table]
    declared: Table


@contextmanager
def engine(name: str) -> Iterator[Any]:
    """Give an Ibis backend. Raises ``BulkMissing`` where its packages are not installed."""
    bulk.need()
    import ibis

    if name == "duckdb":
        yield ibis.duckdb.connect()
        return
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise bulk.BulkMissing(bulk.MISSING) from None
    # A master given from outside (spark-submit, SPARK_MASTER) stays; small worlds need no two hundred partitions.
    session = (
        SparkSession.builder.appName("yiwang-means")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "16")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield ibis.pyspark.connect(session)
    finally:
        session.stop()


def from_csv(backend: Any, folder: Path, scheme: Scheme, definitions: Mapping[str, DatasetDefinition]) -> Tables:
    """Read ``DATASET.csv`` files (of ``yiwang synth``); one that is not there was not compared."""
    options = {"all_varchar": True} if backend.name == "duckdb" else {"header": True, "inferSchema": False}
    tables = {
        code: bulk.typed(
            backend.read_csv(str(folder / f"{code}.csv"), table_name=f"csv_{code}", **options),
            definitions[code],
            names,
        )
        for code, names in wanted(scheme).items()
        if (folder / f"{code}.csv").exists()
    }
    return _split(scheme, tables)


def from_parquet(backend: Any, folder: Path, scheme: Scheme) -> Tables:
    """Read what ``export`` wrote."""
    glob = "*.parquet"
    tables = {
        code: backend.read_parquet(str(folder / code / glob), table_name=f"store_{code}")
        for code in wanted(scheme)
        if any((folder / code).glob(glob))
    }
    return _split(scheme, tables)


def _split(scheme: Scheme, tables: dict[str, Table]) -> Tables:
    declared = tables.pop(scheme.declared_in)
    return Tables(tables, declared)


def expression(scheme: Scheme, tables: Tables, today: date, *, applicants: Table | None = None) -> Table:
    """Return the comparison of every family that declared something, or of those of these applicants."""
    members = bulk.families(tables.declared if applicants is None else applicants, tables.datasets[HOUSEHOLDS])
    declared = tables.declared.drop("at").rename({FAMILY: SUBJECT})
    return bulk.compare(scheme, members, tables.datasets, declared, today)


def result_columns(scheme: Scheme) -> list[str]:
    """Return the columns that a result is kept with: no fact that says what somebody has."""
    return [
        FAMILY,
        "verdict",
        "decided_by",
        "serious",
        "doubts",
        "lacking",
        *(f"{RULE}{one.code}" for one in scheme.rules),
    ]
