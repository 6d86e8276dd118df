"""The licences room as a Django application."""

from django.apps import AppConfig


class LicencesConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.licences"
    label = "licences"

    def ready(self) -> None:
        """Tell the guide linter which licence types there are; listen to who becomes known; take over what was digitised."""
        from yiwang.platform.catalog.queries import provide_names
        from yiwang.platform.licences import subscribers, tasks  # noqa: F401
        from yiwang.platform.licences.queries import type_names

        provide_names("licence_types", type_names)
