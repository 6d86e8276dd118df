"""Reading the text of a page: one registry, ``papers.ocr``."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.kernel.plugins import Plugin, Registry


class OcrUnavailable(RuntimeError):
    """The reader does not answer now; the page stays without text."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page to be read: its straightened image as JPEG, and the text layer that the PDF had for it."""

    image: bytes
    layer: str = ""


class Ocr(Plugin):
    """A reader of text."""

    def read(self, page: Picture) -> str:
        """Return the text of a page, line by line from the top; empty where there is none. Raises OcrUnavailable."""
        raise NotImplementedError


ocr: Registry[Ocr] = Registry("papers.ocr", default="demo")
