"""The cases room as a Django application."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.cases"
    label = "cases"

    def ready(self) -> None:
        """Enter the kinds of step, and the papers of earlier applications as a source of evidence."""
        from yiwang.platform.cases import earlier  # noqa: F401
        from yiwang.platform.cases.step_kinds import register_all

        register_all()
