"""The notices room as a Django application."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.notices"
    label = "notices"
