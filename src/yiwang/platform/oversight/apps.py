"""The oversight room as a Django application."""

from django.apps import AppConfig


class OversightConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.oversight"
    label = "oversight"

    def ready(self) -> None:
        """Subscribe to cases; register timers; enter the record set of supervision."""
        from yiwang.platform.cases import exports
        from yiwang.platform.oversight import exporting, subscribers  # noqa: F401

        exports.SETS["supervision"] = exporting.supervision
