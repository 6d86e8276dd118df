"""The portal door as a Django application."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """See the package docstring."""

    name = "yiwang.doors.portal"
    label = "portal"
