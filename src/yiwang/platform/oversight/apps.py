"""The oversight room as a Django application."""

from django.apps import AppConfig


class OversightConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.oversight"
    label = "oversight"

    def ready(self) -> None:
        """Subscribe to cases; register timers."""
        from yiwang.platform.oversight import subscribers  # noqa: F401
