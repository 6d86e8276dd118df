"""The desk door as a Django application."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.doors.desk"
    label = "desk"
