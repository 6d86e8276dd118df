"""The kernel as a Django application."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from psycopg import adapters
from psycopg.types import numeric


class KernelConfig(AppConfig):
    """Loads every room's acts, tasks, subscribers and plugins, so that the catalogues are complete."""

    name = "yiwang.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Fill the catalogues."""
        # Sent in binary a number too great for its column would be cut to fit; as text PostgreSQL refuses it.
        for kind in ("Int2", "Int4", "Int8"):
            adapters.register_dumper(getattr(numeric, kind), getattr(numeric, f"{kind}Dumper"))
        autodiscover_modules("acts", "tasks", "subscribers", "plugins")
