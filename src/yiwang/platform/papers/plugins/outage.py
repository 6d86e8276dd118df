"""A reader that never answers: proves that the window goes on without one."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yiwang.kernel.plugins import Finding, Level
from yiwang.platform.papers.ports import Ocr, OcrUnavailable, Picture, ocr


@ocr.register("outage")
class OutageOcr(Ocr):
    """Fails on purpose."""

    label = _("停用（演练）")

    def check_config(self) -> list[Finding]:
        """Say that it is chosen."""
        return [Finding(Level.WARNING, _("文字识别停用中，材料名称由窗口自己填。"))]

    def read(self, page: Picture) -> str:
        """Raise OcrUnavailable."""
        raise OcrUnavailable("the reader is switched off")
