"""The papers room as a Django application."""

from django.apps import AppConfig


class PapersConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.papers"
    label = "papers"
