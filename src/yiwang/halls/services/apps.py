"""The services hall as a Django application."""

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.halls.services"
    label = "services"
