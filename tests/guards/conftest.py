"""The world of matters, built once for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from .world import World, build


@pytest.fixture(scope="module")
def built(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Build the world in a transaction that ends with the module: each test's own is a savepoint within.

    Every test with a database in such a module names ``world``: another would change the database under it.
    """
    files = tmp_path_factory.mktemp("world")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=files / "files", YIWANG_STATE_DIR=files):
        whole = transaction.atomic()
        whole._from_testcase = True  # type: ignore[attr-defined]  # what asks to be the outermost may be inside of it
        with whole:
            yield build(files / "files")
            transaction.set_rollback(True)


@pytest.fixture
def world(built: World, testville: None, settings: Any) -> World:
    """Return the world, with its files."""
    settings.MEDIA_ROOT = built.files
    return built
