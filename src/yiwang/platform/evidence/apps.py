"""The evidence room as a Django application."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.evidence"
    label = "evidence"

    def ready(self) -> None:
        """Tell the guide linter which datasets there are."""
        from yiwang.platform.catalog.queries import provide_names
        from yiwang.platform.evidence.queries import dataset_names

        provide_names("datasets", dataset_names)
