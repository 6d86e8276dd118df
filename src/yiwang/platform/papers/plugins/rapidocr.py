"""RapidOCR: recognition on this machine, no page leaves it. The extra ``ocr`` brings engine and models; nothing is fetched."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from typing import Any

from django.utils.translation import gettext_lazy as _

from yiwang.kernel.plugins import Finding, Level
from yiwang.platform.papers.ports import Ocr, OcrUnavailable, Picture, ocr


@ocr.register("rapidocr")
class RapidOcr(Ocr):
    """PaddleOCR's small models (Chinese and English) by ONNX Runtime; some ten seconds of a core for a page full of text."""

    label = _("本机识别（RapidOCR）")

    def check_config(self) -> list[Finding]:
        """Look whether it is installed."""
        if find_spec("rapidocr") is None or find_spec("onnxruntime") is None:
            return [Finding(Level.ERROR, _("没有安装识别引擎：请装 yiwang[ocr]。"))]
        return []

    @cached_property
    def _engine(self) -> Any:
        """The engine with its models loaded: that takes seconds."""
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise OcrUnavailable("rapidocr is not installed") from error
        return RapidOCR(params={"Global.log_level": "critical"})

    def read(self, page: Picture) -> str:
        """Read a page; a text layer that it brought along is taken as it is."""
        return page.layer if page.layer.strip() else "\n".join(self._engine(page.image).txts or ())
