"""The licences room as a Django application."""

from django.apps import AppConfig


class LicencesConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.licences"
    label = "licences"
