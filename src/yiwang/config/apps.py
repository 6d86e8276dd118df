"""The outermost room as a Django application (it only holds commands)."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Settings, urls and the ``yiwang`` command."""

    name = "yiwang.config"
    label = "config"
