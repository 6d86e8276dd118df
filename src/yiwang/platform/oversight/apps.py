"""The oversight room as a Django application."""

from django.apps import AppConfig


class OversightConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.oversight"
    label = "oversight"
