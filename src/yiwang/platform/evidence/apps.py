"""The evidence room as a Django application."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.evidence"
    label = "evidence"
