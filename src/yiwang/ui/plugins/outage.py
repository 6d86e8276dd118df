"""A scanner that never answers: for drills and tests."""

from __future__ import annotations

from typing import BinaryIO

from yiwang.kernel.plugins import Finding, Level

from ..scanning import ScanUnavailable, Verdict, VirusScan, scanners


@scanners.register("outage")
class OutageScan(VirusScan):
    """Fails on purpose."""

    label = "停用（演练）"

    def check_config(self) -> list[Finding]:
        """Say that it is chosen."""
        return [Finding(Level.WARNING, "病毒检查停用中，收到的文件都会等待重查。")]

    def scan(self, file: BinaryIO) -> Verdict:
        """Raise ScanUnavailable."""
        raise ScanUnavailable("the scanner is switched off")
