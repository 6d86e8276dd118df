"""System checks of the design system."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from . import assets


@register()
def check_build(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn when the static files are missing or older than their sources."""
    if assets.stale():
        return [Warning("静态文件没有构建或已过期。", hint="运行 yiwang build。", id="ui.W001")]
    return []
