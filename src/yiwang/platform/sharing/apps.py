"""The sharing room as a Django application."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.sharing"
    label = "sharing"

    def ready(self) -> None:
        """Tell the guide linter which datasets there are, and the worker to send events."""
        from yiwang.kernel.work import add_loop
        from yiwang.platform.catalog.queries import provide_names
        from yiwang.platform.sharing.events import sender
        from yiwang.platform.sharing.queries import names

        provide_names("datasets", names)
        add_loop("outgoing", sender.PAUSE, sender.turn)
