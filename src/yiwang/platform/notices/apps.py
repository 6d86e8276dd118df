"""The notices room as a Django application."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.notices"
    label = "notices"

    def ready(self) -> None:
        """Register the channels' plugins and subscribe to what people are told of."""
        from yiwang.platform.notices import plugins, subscribers  # noqa: F401
