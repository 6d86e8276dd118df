"""The catalog room as a Django application."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.catalog"
    label = "catalog"
