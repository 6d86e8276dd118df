"""The catalog room as a Django application."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.catalog"
    label = "catalog"

    def ready(self) -> None:
        """Register the formats that items come in."""
        from yiwang.platform.catalog.imports.formats import guangdong, pack, tables  # noqa: F401
