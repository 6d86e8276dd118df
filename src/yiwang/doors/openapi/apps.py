"""The openapi door as a Django application."""

from django.apps import AppConfig


class OpenapiConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.doors.openapi"
    label = "openapi"
