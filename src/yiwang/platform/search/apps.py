"""The search room as a Django application."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.search"
    label = "search"

    def ready(self) -> None:
        """Subscribe to what is published."""
        from yiwang.platform.search import subscribers  # noqa: F401
