"""The cases room as a Django application."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.cases"
    label = "cases"
