"""The licences room as a Django application."""

from django.apps import AppConfig


class LicencesConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.licences"
    label = "licences"

    def ready(self) -> None:
        """Tell the guide linter which licence types there are; listen to who becomes known; take over what was digitised; say
        what is referred to in the store of files."""
        from yiwang.platform.catalog.queries import provide_names
        from yiwang.platform.licences import subscribers, tasks  # noqa: F401
        from yiwang.platform.licences.models import Batch, Licence, LicenceCopy
        from yiwang.platform.licences.queries import type_names
        from yiwang.ui import keeping

        provide_names("licence_types", type_names)
        keeping.held_in(Licence, "digest", "ofd_digest", "scan", "photo")
        keeping.held_in(LicenceCopy, "digest", "ofd_digest")
        keeping.held_by(Batch.objects.archives)
