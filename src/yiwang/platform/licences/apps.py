"""The licences room as a Django application."""

from django.apps import AppConfig


class LicencesConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.licences"
    label = "licences"

    def ready(self) -> None:
        """Tell the guide linter which licence types there are; listen to who becomes known; take over what was digitised."""
        from yiwang.kernel.work import add_loop
        from yiwang.platform.catalog.queries import provide_names
        from yiwang.platform.licences import subscribers  # noqa: F401
        from yiwang.platform.licences.acts import work_on
        from yiwang.platform.licences.queries import type_names

        provide_names("licence_types", type_names)
        add_loop("digitised licences", 1.0, work_on)
