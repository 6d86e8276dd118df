"""No recognition: the text layer that a PDF brought along, if it did."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yiwang.platform.papers.ports import Ocr, Picture, ocr


@ocr.register("demo")
class TextLayer(Ocr):
    """Works everywhere; says nothing about a picture."""

    label = _("只读 PDF 自带的文字")

    def read(self, page: Picture) -> str:
        """Return the text layer."""
        return page.layer
