"""What is already done in this installation: migrations and the demo city."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor


def pending_migrations() -> list[str]:
    """Return the names of migrations that the database lacks, as `app.name`."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def digest(paths: Iterable[Path]) -> str:
    """Return one hash over the names and contents of files; folders count with all that is in them."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and file.suffix != ".pyc":
                total.update(f"{file.relative_to(path.parent)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return total.hexdigest()


def pack_is_loaded(pack: str) -> bool:
    """Tell whether this very content of the pack was loaded into this very database."""
    try:
        known: dict[str, str] = json.loads(_note().read_text())
    except (OSError, ValueError):
        return False
    return known.get(_database_id()) == _pack_digest(pack)


def note_pack(pack: str) -> None:
    """Remember that the pack was loaded as it is now."""
    note = _note()
    draft = note.with_suffix(".new")
    draft.write_text(json.dumps({_database_id(): _pack_digest(pack)}))
    draft.replace(note)


@contextmanager
def half_made() -> Iterator[None]:
    """Mark the database as half made as long as the block lasts; a process that is killed in it leaves the mark."""
    mark = _mark()
    with mark.open("w") as note:
        note.write(_database_id())
        note.flush()
        os.fsync(note.fileno())
    yield
    mark.unlink()


def is_half_made() -> bool:
    """Tell whether whoever was making this very database did not come to the end."""
    try:
        return _mark().read_text() == _database_id()
    except OSError:
        return False


def disconnect() -> None:
    """Close this process's connections to the database, those that wait in the pool too."""
    for one in connections.all(initialized_only=True):
        one.close()
        if hasattr(one, "close_pool"):
            one.close_pool()


def _mark() -> Path:
    return Path(settings.YIWANG_STATE_DIR) / "half-made"


def _note() -> Path:
    return Path(settings.YIWANG_STATE_DIR) / "pack.json"


def _pack_digest(pack: str) -> str:
    return digest([Path(settings.YIWANG_PACK_DIR) / pack])


def _database_id() -> str:
    """Return what no other database has, not even one that is made anew under the same name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier || '/' || oid FROM pg_control_system(), pg_database"
            " WHERE datname = current_database()"
        )
        return str(cursor.fetchone()[0])
