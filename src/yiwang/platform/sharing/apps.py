"""The sharing room as a Django application."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.sharing"
    label = "sharing"

    def ready(self) -> None:
        """Register connectors and the loops of feeds and events; tell the guide linter which datasets there are;
        let checks be verified with the audit trail.
        """
        from yiwang.kernel.audit import also_verify
        from yiwang.platform.catalog.queries import provide_names
        from yiwang.platform.sharing import plugins, sealing, tasks  # noqa: F401
        from yiwang.platform.sharing.models import ConsentPaper
        from yiwang.platform.sharing.queries import names, questions
        from yiwang.ui import keeping

        also_verify("sharing_check", sealing.verify)
        keeping.held_in(ConsentPaper, "digest")
        provide_names("datasets", names)
        provide_names("answers", questions)
