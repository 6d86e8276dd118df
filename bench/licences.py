"""Issuing a licence and making its signed document, one after another in one process.

The floor in the same run, in turn: Typst draws the same page and pyHanko signs it with the same key, in memory, and nobody
writes anything down. The platform seals an OFD beside the PDF.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, sign_pdf

from bench import world
from bench.measure import Report, in_turns, times
from yiwang.kernel.acts import system_record
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.types import AgencyView
from yiwang.platform.licences import acts, drawing, queries, signing
from yiwang.platform.licences.types import ShownField

ROUNDS, LICENCES = 5, times(20)
ITEM, REGION = "330709201000", "330302006"


def run(report: Report) -> None:
    """Measure."""
    person = world.applicant("jia")
    edition = catalog.editions_in(REGION, [ITEM])[ITEM]
    issuer = directory.agencies_by_path([edition.agency_path])[0]
    values = world.answers(person, world.draft_of_item(person, edition.definition.task_code))
    wanted: dict[str, Any] = {
        "type_code": edition.definition.result.licence_type,
        "holder": person.principal,
        "holder_name": "演示用户甲",
        "issuer": issuer,
        "values": values,
    }

    def one() -> None:
        with system_record("bench.issue"):
            licence = acts.issue_inside(**wanted)
        if not acts.make_once(licence):
            raise RuntimeError("a licence was not signed")

    one()
    bare = _bare(str(wanted["type_code"]), issuer)
    bare()
    costs: list[float] = []

    def ours() -> float:
        used = time.process_time()
        found = _rate(one)
        costs.append((time.process_time() - used) * 1000 / LICENCES)
        return found

    found = in_turns({"ours": ours, "floor": lambda: _rate(bare)}, ROUNDS)
    report.figure("issued_and_signed", statistics.median(found["ours"]), "/s", at_least=10)
    report.figure("python", statistics.median(costs), "ms")
    report.figure("floor_drawn_and_signed", statistics.median(found["floor"]), "/s")
    report.details = {"type": wanted["type_code"], "rounds": found}


def _rate(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _licence in range(LICENCES):
        work()
    return LICENCES / (time.perf_counter() - began)


def _bare(type_code: str, issuer: AgencyView) -> Callable[[], bytes]:
    """Return what draws and signs one page of that type, and does nothing else."""
    paper = drawing.Paper(
        kind=queries.licence_type(type_code).kind,
        title=queries.licence_type(type_code).name,
        title_en="",
        number="0",
        statement="",
        fields=tuple(ShownField(one.label, one.label_en, ("演示",)) for one in queries.licence_type(type_code).fields),
        issuer=issuer.name,
        issued_on="2026年1月1日",
        identifier="0",
        check_url="https://city.example/verify/00000000000000000000",
        seal="演示印章",
    )
    key = signing.signatures.selected().signer(issuer.uscc, issuer.name)
    about = PdfSignatureMetadata(field_name="Seal1", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)

    def drawn_and_signed() -> bytes:
        out = BytesIO()
        writer = IncrementalPdfFileWriter(BytesIO(drawing.draw(paper)))
        sign_pdf(writer, about, key, output=out, bytes_reserved=16384)
        return out.getvalue()

    return drawn_and_signed
