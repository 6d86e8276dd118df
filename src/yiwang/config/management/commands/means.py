"""``yiwang means``: compare all families that asked for relief at once, from the store's records, under pseudonyms."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from yiwang.kernel import clock
from yiwang.kernel.acts import system_record
from yiwang.kernel.problems import NotFound
from yiwang.platform.sharing.means import export, queries, running
from yiwang.platform.sharing.means.bulk import BulkMissing
from yiwang.platform.sharing.means.types import Scheme


class Command(BaseCommand):
    """Export for, or run, a comparison of very many families."""

    help = "批量核对：compare 把共享库的记录以假名导出到只有本人能看的目录，比对后删掉；export 只导出，交给 Spark 集群"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which scheme, with what, where to."""
        parser.add_argument("action", choices=["compare", "export"])
        parser.add_argument("scheme", help="比对方案的代码")
        parser.add_argument("--out", type=Path, required=True, help="compare：结果文件（CSV）；export：新建的目录")
        parser.add_argument("--engine", choices=running.ENGINES, default="duckdb")
        parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="解密用几个进程")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; that it was done, by which scheme and over how many records, stands in the audit trail."""
        try:
            scheme = queries.get_scheme(options["scheme"])
            if not scheme.scheme.declared_in:
                raise CommandError("这个方案没有说申报在哪个数据集里，不能批量核对")
            if options["out"].exists():
                raise CommandError(f"{options['out']} 已经有了")
            with system_record(f"sharing.means_{options['action']}") as record:
                record.detail |= {"scheme": scheme.scheme.code, "number": scheme.number, "engine": options["engine"]}
                if options["action"] == "export":
                    counts = export.export(scheme.scheme, options["out"], jobs=options["jobs"])
                    self.stdout.write(f"{sum(counts.values())} 条记录，{len(counts)} 个数据集：{options['out']}")
                else:
                    with export.folder() as inside:
                        counts = export.export(scheme.scheme, inside, jobs=options["jobs"])
                        self.stdout.write(self._compare(scheme.scheme, inside, options))
                record.detail |= {"records": counts}
        except (BulkMissing, NotFound) as problem:
            raise CommandError(str(problem)) from None

    def _compare(self, scheme: Scheme, inside: Path, options: dict[str, Any]) -> str:
        with running.engine(options["engine"]) as backend:
            tables = running.from_parquet(backend, inside, scheme)
            found = (
                running.expression(scheme, tables, clock.today()).select(running.result_columns(scheme)).to_pyarrow()
            )
        from pyarrow import csv

        descriptor = os.open(options["out"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            csv.write_csv(found, file)
        wrong = sum(1 for one in found.column("serious").to_pylist() if one)
        return f"{found.num_rows} 户，{wrong} 户与申报不符：{options['out']}"
