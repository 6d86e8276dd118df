"""RapidOCR: recognition on this machine, no page leaves it. The extra ``ocr`` brings the engine and its model in one wheel."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from typing import Any

from django.utils.translation import gettext_lazy as _

from yiwang.kernel.plugins import Finding, Level
from yiwang.platform.papers.ports import Ocr, OcrUnavailable, Picture, ocr

MODULE = "rapidocr_onnxruntime"


@ocr.register("rapidocr")
class RapidOcr(Ocr):
    """PaddleOCR's models (Chinese and English) by ONNX Runtime; a second or two a page on one core."""

    label = _("本机识别（RapidOCR）")

    def check_config(self) -> list[Finding]:
        """Look whether it is installed."""
        if find_spec(MODULE) is None:
            return [Finding(Level.ERROR, _("没有安装识别引擎：请装 yiwang[ocr]。"))]
        return []

    @cached_property
    def _engine(self) -> Any:
        """The engine with its models loaded: that takes a second."""
        try:
            from rapidocr_onnxruntime import RapidOCR
        except ImportError as error:
            raise OcrUnavailable("rapidocr is not installed") from error
        return RapidOCR()

    def read(self, page: Picture) -> str:
        """Read a page; a text layer that it brought along is taken as it is."""
        if page.layer.strip():
            return page.layer
        lines, _times = self._engine(page.image)
        return "\n".join(text for _box, text, _score in lines or ())
