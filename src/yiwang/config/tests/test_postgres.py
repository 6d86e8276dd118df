"""The supervisor, killed for real."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import yiwang
from yiwang.config import places, postgres

pytestmark = pytest.mark.chaos

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
MEMORY = Path("/dev/shm")

# Runs the server, tells its address, then lives until its standard input ends.
HOLDER = """
import json, sys
from pathlib import Path
from yiwang.config import places, postgres
from yiwang.config.processes import exit_on_signals
exit_on_signals()
with postgres.running(Path(sys.argv[1])) as url:
    print(json.dumps([url, postgres.server_pid(Path(sys.argv[1]), url)]), flush=True)
    sys.stdin.read()
"""


class Holder:
    """A process that runs (or attaches to) the server of a state directory."""

    def __init__(self, state_dir: Path, **options: object) -> None:
        environment = dict(os.environ, PYTHONPATH=str(Path(yiwang.__file__).parents[1]))
        environment |= options.pop("env", {})
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(state_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            **options,
        )
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.url, self.server = json.loads(line)

    def leave(self) -> int:
        """End it in order."""
        self.process.stdin.close()
        return self.process.wait(10)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A directory that the server's account may enter: pytest keeps its own private, and renews that in every run.

    In memory, if there is room: each cluster is 1300 files, which some file systems are slow to make where others just were.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2**30
    roomy = roomy and os.access(MEMORY, os.W_OK) and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    path = Path(tempfile.mkdtemp(prefix="yiwang-", dir=MEMORY if roomy else None))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def tmp_path(place: Path) -> Path:
    """A directory of the test's own in there."""
    path = place / f"test-{time.monotonic_ns()}"
    path.mkdir()
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def made(place: Path) -> Path:
    """A cluster that was made once; each test works on a copy."""
    state_dir = place / "made"
    state_dir.mkdir(mode=0o755)
    with postgres.running(state_dir) as url:
        assert url.startswith("postgresql://yiwang:")
    return state_dir


@pytest.fixture
def state_dir(made: Path) -> Iterator[Path]:
    """A state directory with a fresh cluster; afterwards no process of it may be left."""
    copy = made.parent / f"copy-{time.monotonic_ns()}"
    subprocess.run(["cp", "-a", made, copy], check=True)
    yield copy
    assert eventually(lambda: not processes(copy)), processes(copy)
    shutil.rmtree(copy)


def processes(state_dir: Path) -> list[int]:
    """Return the pids of the server's processes, which all work in its data directory."""
    data = (state_dir / "pg" / "data").resolve()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(entry / "cwd")) == data:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def eventually(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return met


def write(url: str, count: int) -> int:
    """Commit rows one by one; return how many were acknowledged."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS acked (n int)")
        for n in range(count):
            connection.execute("INSERT INTO acked VALUES (%s)", [n])
    return count


def rows(url: str) -> int:
    """Return how many rows are there."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM acked").fetchone()[0]


def test_order_of_a_life(state_dir: Path) -> None:
    with postgres.running(state_dir) as url, psycopg.connect(url) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("data_checksums", "fsync", "synchronous_commit", "listen_addresses")
        }
        query = "SELECT usesuper FROM pg_user WHERE usename = current_user"
        superuser = connection.execute(query).fetchone()[0]
    assert shown == {
        "data_checksums": "on",
        "fsync": "on",
        "synchronous_commit": "on",
        "listen_addresses": "127.0.0.1",
    }
    assert not superuser
    assert not processes(state_dir)
    with postgres.running(state_dir) as again:
        assert again == url


def test_password_is_private_and_needed(state_dir: Path) -> None:
    assert (state_dir / "pg" / "password").stat().st_mode & 0o777 == 0o600
    with postgres.running(state_dir) as url:
        password = (state_dir / "pg" / "password").read_text().strip()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url.replace(password, "wrong"))


def test_killed_supervisor_takes_the_server_along_and_loses_nothing(state_dir: Path) -> None:
    holder = Holder(state_dir)
    acked = write(holder.url, 200)
    with psycopg.connect(holder.url, autocommit=True) as open_connection:
        holder.process.kill()
        holder.process.wait()
        assert eventually(lambda: not processes(state_dir))
        with pytest.raises(psycopg.OperationalError):
            open_connection.execute("SELECT 1")
    with postgres.running(state_dir) as url:
        assert rows(url) == acked


def test_killed_postmaster_and_backends_lose_nothing(state_dir: Path) -> None:
    holder = Holder(state_dir)
    acked = write(holder.url, 200)
    with psycopg.connect(holder.url):
        for pid in [holder.server, *processes(state_dir)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
    assert holder.leave() == 0
    assert not processes(state_dir)
    with postgres.running(state_dir) as url:
        assert rows(url) == acked


@pytest.mark.slow
def test_everything_killed_in_the_middle_of_a_long_query(state_dir: Path) -> None:
    holder = Holder(state_dir)
    acked = write(holder.url, 50)
    client = psycopg.connect(holder.url, autocommit=True)
    client.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 100000000000)")
    holder.process.kill()
    os.kill(holder.server, signal.SIGKILL)
    holder.process.wait()
    client.close()
    with postgres.running(state_dir) as url:  # a backend that still computes would prevent the start
        assert rows(url) == acked


@pytest.mark.parametrize("moment", ["_becomes_ready", "_connectable"])
def test_killed_while_it_starts_it_is_started_again(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    holder = Holder(state_dir)
    acked = write(holder.url, 20)
    assert holder.leave() == 0
    go_on, struck = getattr(postgres._Server, moment), []

    def strike(server: object, of: subprocess.Popen[bytes] | postgres.PidFile) -> object:
        if len(struck) < 2:
            os.kill(of.pid, signal.SIGKILL)
            struck.append(of.pid)
        return go_on(server, of)

    monkeypatch.setattr(postgres._Server, moment, strike)
    with postgres.running(state_dir) as url:
        assert rows(url) == acked
    assert len(struck) == 2


def test_one_killed_backend_is_the_servers_own_affair(state_dir: Path) -> None:
    holder = Holder(state_dir)
    acked = write(holder.url, 50)
    with psycopg.connect(holder.url, autocommit=True) as witness, psycopg.connect(holder.url) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        # The server ends every connection when it notices; until then it would answer as if nothing were.
        assert eventually(lambda: not _answers(witness))
    assert eventually(lambda: _is_there(holder.url))
    assert rows(holder.url) == acked
    assert holder.leave() == 0


def _answers(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _is_there(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_in_order(state_dir: Path, number: signal.Signals) -> None:
    holder = Holder(state_dir)
    acked = write(holder.url, 20)
    holder.process.send_signal(number)
    assert holder.process.wait(10) != 0
    assert not processes(state_dir)
    log = (state_dir / "pg" / "server.log").read_text()
    assert log.rstrip().endswith("database system is shut down")
    with postgres.running(state_dir) as url:
        assert rows(url) == acked


def test_a_second_process_attaches_and_leaves_the_server_alone(state_dir: Path) -> None:
    first, second = Holder(state_dir), Holder(state_dir)
    assert (first.url, first.server) == (second.url, second.server)
    assert second.leave() == 0
    assert write(first.url, 5) == 5
    assert first.leave() == 0


def test_two_at_once_share_one_server(state_dir: Path) -> None:
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(state_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ, PYTHONPATH=str(Path(yiwang.__file__).parents[1])),
        )
        for _ in range(3)
    ]
    assert len({process.stdout.readline() for process in starting}) == 1
    for process in reversed(starting):
        process.communicate(timeout=10)


def test_a_newcomer_waits_for_a_server_that_is_ending(state_dir: Path) -> None:
    holder = Holder(state_dir)
    acked = write(holder.url, 20)
    holder.process.kill()
    holder.process.wait()  # only now has the server been told; before, it would still take newcomers
    with postgres.running(state_dir) as url:
        assert postgres.server_pid(state_dir, url) != holder.server
        assert rows(url) == acked


def test_a_database_is_made_anew_whoever_is_connected(state_dir: Path) -> None:
    with postgres.running(state_dir) as url, psycopg.connect(url, autocommit=True) as somebody:
        somebody.execute("CREATE TABLE half (id int)")
        postgres.make_anew(url)
        with pytest.raises(psycopg.OperationalError):
            somebody.execute("SELECT 1")
        with psycopg.connect(url) as again:
            assert again.execute("SELECT to_regclass('half')").fetchone() == (None,)
            again.execute("CREATE TABLE whole (id int)")


def test_stale_lock_files_that_name_a_living_stranger(state_dir: Path) -> None:
    data = state_dir / "pg" / "data"
    port = (state_dir / "pg" / "port").read_text().strip()
    with subprocess.Popen(["sleep", "60"], user=data.stat().st_uid) as stranger:
        lines = f"{stranger.pid}\n{data}\n1\n{port}\n\n127.0.0.1\n  1  1\nready   \n"
        (data / "postmaster.pid").write_text(lines)
        (data / f".s.PGSQL.{port}.lock").write_text(lines)
        try:
            with postgres.running(state_dir) as url:
                assert write(url, 1) == 1
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_taken_port_is_replaced(state_dir: Path) -> None:
    port = int((state_dir / "pg" / "port").read_text())
    with socket.create_server(("127.0.0.1", port)), postgres.running(state_dir) as url:
        assert f":{port}/" not in url
        assert write(url, 1) == 1


@pytest.mark.slow
def test_interrupted_creation_is_begun_again(tmp_path: Path) -> None:
    half = tmp_path / "state" / "pg" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("9\n")
    with postgres.running(tmp_path / "state", test=True) as url:
        assert write(url, 1) == 1


def test_cluster_of_another_version_is_refused_in_one_line(state_dir: Path) -> None:
    (state_dir / "pg" / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(postgres.PostgresError, match="made by PostgreSQL 12"), postgres.running(state_dir):
        pass


def test_pg_bin_dir_without_a_server_is_refused(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN_DIR", str(state_dir))
    with pytest.raises(postgres.PostgresError, match="PG_BIN_DIR"), postgres.running(state_dir):
        pass


def test_a_server_that_can_not_start_says_why(state_dir: Path) -> None:
    (state_dir / "pg" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(postgres.PostgresError, match="pg_control"), postgres.running(state_dir):
        pass


@pytest.mark.slow
@pytest.mark.skipif(not DEBIAN_15.is_dir(), reason="Debian's PostgreSQL 15 is not installed")
def test_pg_bin_dir_of_debian_15(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN_DIR", str(DEBIAN_15))
    with postgres.running(tmp_path, test=True) as url, psycopg.connect(url) as connection:
        assert connection.info.server_version // 10000 == 15
        query = "SELECT array_agg(w ORDER BY w) FROM unnest('{b,B,a,一}'::text[]) w"
        assert connection.execute(query).fetchone()[0] == ["B", "a", "b", "一"]


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_as_an_ordinary_user(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    state_dir = tmp_path / "own"
    state_dir.mkdir()
    os.chown(state_dir, nobody.pw_uid, nobody.pw_gid)
    told, tell = os.pipe()
    if not (child := os.fork()):  # not a new Python: that may lie where only root can reach it
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
        try:
            with postgres.running(state_dir) as url:
                os.write(tell, f"{write(url, 20)}\n".encode())
                signal.pause()
        finally:
            os._exit(1)
    os.close(tell)
    assert os.read(told, 10) == b"20\n"
    assert (state_dir / "pg" / "data").stat().st_uid == nobody.pw_uid
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert eventually(lambda: not processes(state_dir))
    with postgres.running(state_dir) as url:  # root runs it as its owner
        assert rows(url) == 20


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a home that others can't reach")
def test_state_below_a_private_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared, private = tmp_path / "shared", tmp_path / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setattr(places, "_SHARED_PLACES", (shared,))
    with postgres.running(private / ".yiwang", test=True) as url:
        assert write(url, 1) == 1
    assert (private / ".yiwang" / "pg").resolve().parent == shared
    assert private.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_binaries_in_a_private_directory(state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_SHARED_PLACES", (tmp_path / "shared",))
    major = places._major
    runs = lambda path, who: major(path, who) if tmp_path in path.parents else None  # noqa: E731
    monkeypatch.setattr(places, "_major", runs)
    with postgres.running(state_dir) as url:
        server = postgres.server_pid(state_dir, url)
        assert tmp_path / "shared" in Path(os.readlink(f"/proc/{server}/exe")).parents
        assert write(url, 1) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could fall into the trap")
def test_a_place_of_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    os.chown(trap, pwd.getpwnam("nobody").pw_uid, 0)
    monkeypatch.setattr(places, "_SHARED_PLACES", (trap,))
    with pytest.raises(postgres.PostgresError, match="No place"):
        places._shared_place()
