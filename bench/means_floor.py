"""The floor of comparing in bulk: the same facts by SQL written by hand, for DuckDB alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SAME = (
    "people",
    "income",
    "deposits",
    "vehicles",
    "homes",
    "firms",
    "workers",
    "land",
    "ships",
    "disabled",
    "fund_balance",
)
"""The facts that both ways work out."""
_SQL = """
WITH heads AS (
    SELECT DISTINCT subject FROM households
    WHERE relation = '户主' AND subject = member_number AND moved_out_on IS NULL ORDER BY subject LIMIT {families}
), members AS (
    SELECT subject AS family, subject FROM heads
    UNION
    SELECT h.subject, r.member_number FROM heads h JOIN households r USING (subject) WHERE r.moved_out_on IS NULL
), people AS (
    SELECT family, count(*) AS people FROM members GROUP BY family
), register AS (
    SELECT family, count(DISTINCT member_number) AS registered FROM members JOIN households USING (subject)
    WHERE moved_out_on IS NULL GROUP BY family
), cars AS (
    SELECT family, count(DISTINCT plate) AS vehicles FROM members JOIN vehicles USING (subject) GROUP BY family
), homes AS (
    SELECT family, greatest(count(DISTINCT unit) FILTER (use = '住宅'), coalesce(max(homes::BIGINT), 0)) AS homes
    FROM members JOIN real_estate_persons USING (subject) GROUP BY family
), fund AS (
    SELECT family, sum(balance::DECIMAL(18, 2)) AS fund_balance, max(months::BIGINT) AS fund_months
    FROM members JOIN provident_fund_persons USING (subject) GROUP BY family
), insured AS (
    SELECT family, count(*) AS workers FROM members JOIN social_insurance_persons USING (subject) GROUP BY family
), pensions AS (
    SELECT family, sum(monthly::DECIMAL(18, 2)) AS pensions FROM members JOIN pension_payments USING (subject)
    GROUP BY family
), wages AS (
    SELECT family, sum(income::DECIMAL(18, 2)) AS wages FROM members JOIN income_taxes USING (subject)
    WHERE month >= '2026-08' AND month < '2026-11' GROUP BY family
), firms AS (
    SELECT family, count(DISTINCT uscc) FILTER (state = 'active') AS firms
    FROM members JOIN persons_firms USING (subject) GROUP BY family
), land AS (
    SELECT members.family, sum(area::DECIMAL(18, 4)) AS land FROM members JOIN land_contracts USING (subject)
    GROUP BY members.family
), ships AS (
    SELECT family, count(DISTINCT quota) AS ships FROM members JOIN fishing_ships USING (subject) GROUP BY family
), disabled AS (
    SELECT family, count(*) AS disabled, count(*) FILTER (level IN ('一级', '二级')) AS severely
    FROM members JOIN disabled_persons USING (subject) GROUP BY family
), money AS (
    SELECT family, sum(balance::DECIMAL(18, 2)) AS deposits FROM members JOIN bank_deposits USING (subject)
    GROUP BY family
), said AS (
    SELECT subject AS family, members::BIGINT AS d_members, income::DOUBLE AS d_income, deposits::DOUBLE AS d_deposits,
           vehicles::BIGINT AS d_vehicles, homes::BIGINT AS d_homes FROM family_economy
), facts AS (
    SELECT family, people,
           floor((coalesce(wages, 0)::DOUBLE / 3 + coalesce(pensions, 0)::DOUBLE) / people * 100 + 0.0001) / 100 AS income,
           coalesce(deposits, 0)::DOUBLE AS deposits, coalesce(vehicles, 0) AS vehicles, coalesce(homes, 0) AS homes,
           coalesce(firms, 0) AS firms, coalesce(workers, 0) AS workers, coalesce(land, 0)::DOUBLE AS land,
           coalesce(ships, 0) AS ships, coalesce(disabled, 0) AS disabled,
           coalesce(fund_balance, 0)::DOUBLE AS fund_balance, registered, severely, fund_months,
           d_members, d_income, d_deposits, d_vehicles, d_homes
    FROM people LEFT JOIN register USING (family) LEFT JOIN cars USING (family) LEFT JOIN homes USING (family)
    LEFT JOIN fund USING (family) LEFT JOIN insured USING (family) LEFT JOIN pensions USING (family)
    LEFT JOIN wages USING (family) LEFT JOIN firms USING (family) LEFT JOIN land USING (family)
    LEFT JOIN ships USING (family) LEFT JOIN disabled USING (family) LEFT JOIN money USING (family)
    LEFT JOIN said USING (family)
)
SELECT *, registered < d_members AS fewer, income > d_income + 5 AS richer, deposits > d_deposits + 100 AS saved,
       vehicles > d_vehicles AS driven, homes > d_homes AS housed FROM facts
"""
_FILES = (
    "households",
    "vehicles",
    "real_estate_persons",
    "provident_fund_persons",
    "social_insurance_persons",
    "pension_payments",
    "income_taxes",
    "persons_firms",
    "land_contracts",
    "fishing_ships",
    "disabled_persons",
    "bank_deposits",
    "family_economy",
)


def run(folder: Path, families: int) -> Any:
    """Return the facts of so many families, as an Arrow table."""
    import duckdb

    with duckdb.connect() as connection:
        for name in _FILES:
            path = str(folder / f"{name}.csv")
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_csv('{path}', all_varchar = true)")
        return connection.sql(_SQL.format(families=families)).to_arrow_table()


def compare(ours: Any, floor: Any) -> bool:
    """Tell whether both ways came to the same facts for the same families."""
    found = []
    for table in (ours, floor):
        rows = table.select(["family", *SAME]).to_pylist()
        found.append({row.pop("family"): {name: round(float(value), 4) for name, value in row.items()} for row in rows})
    return bool(found[0] == found[1])
