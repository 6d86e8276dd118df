"""The cases room as a Django application."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.cases"
    label = "cases"

    def ready(self) -> None:
        """Enter the kinds of step and the papers of earlier applications, tell the licences who may see a case and of
        which item it is, the shared
        store what it may be asked for, and the store of files what is referred to."""
        from yiwang.platform.cases import (
            earlier,  # noqa: F401
            purposes,
            queries,
        )
        from yiwang.platform.cases.models import ApplicationFile, Document
        from yiwang.platform.cases.step_kinds import register_all
        from yiwang.platform.licences import ports
        from yiwang.platform.sharing import purposes as sharing
        from yiwang.ui import keeping

        register_all()
        ports.register_cases(queries.ids_of_visible)
        ports.register_applications(queries.applications_of)
        ports.register_items(queries.find_item)
        sharing.provide(purposes.find)
        keeping.held_in(ApplicationFile, "digest")
        keeping.held_in(Document, "digest")
