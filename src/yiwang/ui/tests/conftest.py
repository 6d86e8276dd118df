"""What the design system's tests share."""

import pytest


@pytest.fixture
def folder(settings, tmp_path):
    """Keep stored files in a folder of the test's own."""
    options = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "files"},
    }
    settings.STORAGES = {**settings.STORAGES, "default": options}
    return tmp_path / "files"


@pytest.fixture(autouse=True)
def nameless_city(settings):
    """Test the design system by itself, without a city's names."""
    settings.UI_SITE = "yiwang.ui.site.default"
