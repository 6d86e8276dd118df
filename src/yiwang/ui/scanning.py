"""Virus scanning of uploads: one registry, ``ui.virus_scan``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from yiwang.kernel.plugins import Plugin, Registry


class ScanUnavailable(RuntimeError):
    """The scanner does not answer; nothing is known about the file."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scanner says: ``threat`` names what was found, empty for a clean file."""

    threat: str = ""

    @property
    def clean(self) -> bool:
        """Say whether nothing was found."""
        return not self.threat


class VirusScan(Plugin):
    """A virus scanner."""

    def scan(self, file: BinaryIO) -> Verdict:
        """Read the file from its present position to its end. Raises ScanUnavailable."""
        raise NotImplementedError


scanners: Registry[VirusScan] = Registry("ui.virus_scan", default="demo")
