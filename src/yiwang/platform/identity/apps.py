"""The identity room as a Django application."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.platform.identity"
    label = "identity"
