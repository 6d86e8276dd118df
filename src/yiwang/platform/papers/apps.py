"""The papers room as a Django application."""

from django.apps import AppConfig


class PapersConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.papers"
    label = "papers"

    def ready(self) -> None:
        """Say what is referred to in the store of files."""
        from yiwang.platform.papers.models import Page, Paper, Scan
        from yiwang.ui import keeping

        keeping.held_in(Page, "source", "digest")
        keeping.held_in(Paper, "digest")
        keeping.held_by(Scan.objects.originals)
