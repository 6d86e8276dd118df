"""A scanner without a daemon: it knows only the industry's harmless test file."""

from __future__ import annotations

from typing import BinaryIO

from ..scanning import Verdict, VirusScan, scanners


def test_signature() -> bytes:
    """Return the EICAR test string.

    Put together here so that no scanner takes this file for the thing itself.
    """
    halves = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}", "$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!", "$H+H*")
    return "".join(halves).encode()


@scanners.register("demo")
class DemoScan(VirusScan):
    """Finds the EICAR test string anywhere in the file."""

    label = "演示（只认得测试文件）"

    def scan(self, file: BinaryIO) -> Verdict:
        """Search the file in pieces that overlap, so that a boundary hides nothing."""
        needle = test_signature()
        tail = b""
        while piece := file.read(64 * 1024):
            if needle in tail + piece:
                return Verdict("EICAR-Test")
            tail = piece[-len(needle) :]
        return Verdict()
