"""The directory room as a Django application."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.directory"
    label = "directory"
