"""The design system as a Django app."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Base layouts, components, form rendering, uploads and the static build; no business of its own."""

    name = "yiwang.ui"
    label = "ui"
    verbose_name = "界面"

    def ready(self) -> None:
        """Register system checks and plugins."""
        from . import checks, plugins  # noqa: F401
