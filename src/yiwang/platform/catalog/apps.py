"""The catalog room as a Django application."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.catalog"
    label = "catalog"

    def ready(self) -> None:
        """Register the formats that items come in, and what is referred to in the store of files."""
        from yiwang.platform.catalog import queries
        from yiwang.platform.catalog.imports.formats import guangdong, pack, tables  # noqa: F401
        from yiwang.platform.catalog.models import SampleFile
        from yiwang.ui import keeping

        keeping.held_in(SampleFile, "digest")
        keeping.held_by(queries.files_of_editions)
