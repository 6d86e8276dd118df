"""The kernel as a Django application."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KernelConfig(AppConfig):
    """Loads every room's acts, tasks, subscribers and plugins, so that the catalogues are complete."""

    name = "yiwang.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Fill the catalogues."""
        autodiscover_modules("acts", "tasks", "subscribers", "plugins")
