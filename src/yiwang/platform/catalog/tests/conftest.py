"""A small city with one agency, and an item of it at the editors' desk."""

from __future__ import annotations

from typing import Any

import pytest

from yiwang.platform.catalog.editing.models import ItemDraft
from yiwang.platform.catalog.tests import city, desk
from yiwang.platform.catalog.tests.items import item
from yiwang.platform.directory.models import Agency


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Any) -> None:
    """Give each test its own files."""
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def amr(db: None) -> Agency:
    """Return the agency of the small city."""
    return city.build()


@pytest.fixture
def shop(amr: Agency) -> ItemDraft:
    """Return its item, as editors have it."""
    return desk.made(item())
