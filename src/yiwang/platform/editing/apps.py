"""The editors' desk as a Django application: templates, styles and hooks, no tables."""

from django.apps import AppConfig


class EditingConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.editing"
    label = "editing"
