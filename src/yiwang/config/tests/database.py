"""The tests' database, as a pytest plugin (`-p yiwang.config.tests.database` in pyproject.toml).

Without DATABASE_URL an embedded PostgreSQL of the tests' own (`.yiwang/test`) runs as long as the tests. It
starts before pytest-django reads the settings, which a conftest.py could not do. A full migration is slow, so
it is done once into a template whose name holds a hash of all migrations; each run and each xdist worker
starts with a fresh copy, and gets another after each test that commits: a flush would fail, as the audit
trail refuses TRUNCATE.
"""

import fcntl
import gc
import hashlib
import io
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import pytest_django
from psycopg import sql
from psycopg.pq import TransactionStatus
from pytest_django.plugin import blocking_manager_key

from yiwang.config import postgres
from yiwang.config.environment import ROOT, default_state_dir

_BUILD_LOCK = 0x7969_7761  # any number: only these tests ask for it


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Set mode and database before pytest-django reads the settings."""
    gc.disable()  # nothing that is loaded from here on becomes garbage
    os.environ["YIWANG_MODE"] = "test"
    state_dir = Path(os.environ.setdefault("YIWANG_STATE_DIR", str(default_state_dir() / "test")))
    if not os.environ.get("DATABASE_URL"):
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        stack.enter_context(_alone(state_dir))
        try:
            os.environ["DATABASE_URL"] = stack.enter_context(postgres.running(state_dir, test=True))
        except postgres.PostgresError as error:
            raise pytest.UsageError(str(error)) from error
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Look for garbage again, but never in what was loaded for all tests."""
    gc.freeze()
    gc.enable()


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """Let one run at a time use the server: the first to end would stop it for the other."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting for another test run in {state_dir} …", file=sys.stderr)  # noqa: T201
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


FIRST, PLAIN, TESTVILLE = "first", "", "testville"
"""The tables of the first version that had cases, today's, and these with a city in them; each is made upon the one before."""
FIRST_VERSION = [
    ("cases", "0003_initial"),
    ("catalog", "0005_item_drafts"),
    ("identity", "0002_accounts"),
    ("licences", "0001_initial"),
]
_UPON = {PLAIN: FIRST, TESTVILLE: PLAIN}
_wanted = PLAIN


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a test that names the fixture ``testville`` the database in which that city is loaded."""
    global _wanted  # noqa: PLW0603 (a hook has nowhere else to keep it)
    _wanted = TESTVILLE if TESTVILLE in getattr(item, "fixturenames", ()) else PLAIN
    if Copies.present is not None:
        with item.config.stash[blocking_manager_key].unblock():
            Copies.present.choose(_wanted)
        if item.get_closest_marker("django_db") is None:
            _put_away()  # what an earlier test left open must not be seen by one without a database


class Copies:
    """The templates (of the first version, migrated, and with Testville loaded), and this process's copies of them."""

    present: "Copies | None" = None

    def __init__(self, *, anew: bool) -> None:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        self.base = f"test_{worker}" if worker else "test"
        self.anew = anew and worker in {"", "gw0"}
        tables = _migrations_digest()
        self.templates = {
            FIRST: f"first_{tables}",
            PLAIN: f"migrated_{tables}",
            TESTVILLE: f"city_{_city_digest()}_{tables}",
        }
        self.made: set[str] = set()
        self.current = "?"
        Copies.present = self
        self.choose(_wanted)

    def choose(self, variant: str) -> None:
        """Point Django to the copy of this variant, making it at its first use."""
        if variant == self.current:
            return
        self.current = variant
        if variant in self.made:
            _use(self._name())
        else:
            self.renew()

    def renew(self) -> None:
        """Replace the copy in use by a fresh one."""
        _close()
        if self.current not in self.made:
            self._ensure(self.current)
        with _maintenance() as server:
            _drop(server, self._name())
            _copy(server, self._name(), self.templates[self.current])
        self.made.add(self.current)
        _use(self._name())

    @contextmanager
    def apart(self, variant: str) -> Iterator[str]:
        """Yield the address of one more copy of this variant, for whoever wants to carry it elsewhere."""
        self._ensure(variant)
        name = f"{self.base}_apart"
        with _maintenance() as server:
            _drop(server, name)
            _copy(server, name, self.templates[variant])
            try:
                yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
            finally:
                _drop(server, name)

    def _name(self) -> str:
        return f"{self.base}_{self.current}" if self.current else self.base

    def _ensure(self, variant: str) -> None:
        """Build the variant's template if it is not there; others wait."""
        with _maintenance() as server:
            server.execute("SELECT pg_advisory_lock(%s)", [_BUILD_LOCK])
            self._build(server, variant)
        self.anew = False

    def _build(self, server: psycopg.Connection, variant: str) -> None:
        template = self.templates[variant]
        known = [row[0] for row in server.execute("SELECT datname FROM pg_database ORDER BY oid DESC")]
        if template in known and not self.anew:
            return
        upon = _UPON.get(variant)
        if upon is not None:
            self._build(server, upon)
        _drop(server, "building")
        if upon is None:
            server.execute("CREATE DATABASE building")
        else:
            _copy(server, "building", self.templates[upon])
        self._fill(server, variant)
        prefix = template.partition("_")[0]
        for old in [name for name in known if name.startswith(f"{prefix}_") and name != template][2:]:
            _drop(server, old)

    def _fill(self, server: psycopg.Connection, variant: str) -> None:
        from django.core.management import call_command
        from django.db import connection, connections
        from django.db.migrations.executor import MigrationExecutor

        _use("building")
        if variant == TESTVILLE:
            call_command("pack", "load", "testville", verbosity=0, stdout=io.StringIO())
        elif variant == FIRST:
            MigrationExecutor(connection).migrate(FIRST_VERSION)
        else:
            call_command("migrate", interactive=False, verbosity=0)
        connections.close_all()
        _drop(server, self.templates[variant])
        server.execute(sql.SQL("ALTER DATABASE building RENAME TO {}").format(sql.Identifier(self.templates[variant])))


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: pytest_django.DjangoDbBlocker, django_db_createdb: bool
) -> None:
    """Give this process its copy; `--create-db` migrates anew. It stands for pytest-django's own fixture."""
    from django.db.backends.postgresql.base import DatabaseWrapper
    from django.test import TransactionTestCase

    with django_db_blocker.unblock():
        copies = Copies(anew=django_db_createdb)
    TransactionTestCase._fixture_teardown = lambda _case: copies.renew()
    connect = DatabaseWrapper.get_new_connection
    DatabaseWrapper.get_new_connection = lambda wrapper, how: _open.pop(how["dbname"], None) or connect(wrapper, how)


def _copy(server: psycopg.Connection, name: str, template: str) -> None:
    server.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def _city_digest() -> str:
    """Return a hash of Testville and of everything that could load it differently."""
    total = hashlib.sha256()
    files = [*(ROOT / "packs" / "testville").rglob("*"), *(ROOT / "src" / "yiwang").rglob("*.py")]
    for file in sorted(files):
        if file.is_file() and not {"tests", "doors", "ui"} & set(file.parts):
            total.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return total.hexdigest()[:16]


def _migrations_digest() -> str:
    """Return a hash of every migration of every installed application."""
    from django.apps import apps

    total = hashlib.sha256()
    for app in apps.get_app_configs():
        for file in sorted(Path(app.path).glob("migrations/**/*.*")):
            if file.suffix not in {".py", ".sql"}:
                continue
            total.update(f"{app.label}\0{file.name}\0".encode() + file.read_bytes())
    return total.hexdigest()[:16]


def _maintenance() -> psycopg.Connection:
    """Connect to the server, outside any test database."""
    url = urlsplit(os.environ["DATABASE_URL"])
    return psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True)


def _drop(server: psycopg.Connection, name: str) -> None:
    # FORCE would trip over an autovacuum worker, which isn't ours to end; a plain DROP sends that away by itself.
    server.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND usename = current_user",
        [name],
    )
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _use(name: str) -> None:
    """Point Django, and the processes that tests start, to a database."""
    from django.db import connections

    _put_away()
    connections["default"].settings_dict["NAME"] = name
    os.environ["DATABASE_URL"] = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


_open: dict[str, psycopg.Connection] = {}
"""This process's connections that are not in use, by database: to make one takes longer than most tests."""


def _put_away() -> None:
    """Leave Django without a connection, and keep the one that it had for the next test, if nothing hangs on it."""
    from django.db import connections

    wrapper = connections["default"]
    if wrapper.connection is not None and wrapper.connection.info.transaction_status == TransactionStatus.IDLE:
        _open[wrapper.settings_dict["NAME"]], wrapper.connection = wrapper.connection, None
    connections.close_all()


def _close() -> None:
    """Close the connections to the database in use."""
    from django.db import connections

    connections.close_all()
    if kept := _open.pop(connections["default"].settings_dict["NAME"], None):
        kept.close()
