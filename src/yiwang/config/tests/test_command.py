"""The `yiwang` command and its checks."""

import os
import socket
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from yiwang.config import command
from yiwang.config.environment import ROOT
from yiwang.config.management.commands import demo, doctor, simulate
from yiwang.config.simulate import stores
from yiwang.platform.sharing.connectors import registry as connectors


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ("", False),
        ("--version", False),
        ("help serve", False),
        ("serve --help", False),
        ("build --check", False),
        ("pack check wenzhou", True),
        ("pack load wenzhou", True),
        ("serve --port 8001", True),
        ("migrate", True),
        ("simulate agencies --people 5", False),
        ("simulate tell x", False),
        ("simulate connect", True),
        ("licences verify x.pdf", False),
        ("licences anchors folder", False),
        ("licences revocations", True),
    ],
)
def test_only_what_uses_the_database_starts_it(arguments: str, needed: bool) -> None:
    assert command.needs_database(arguments.split()) is needed


def test_a_command_loads_all_that_is_registered_and_nothing_that_others_load_wherever_they_find_it() -> None:
    """What they could load is hidden only while the application is loaded; no page brings one more act, event or timer."""
    told = (
        "import django, sys; from yiwang.config import command; setup = django.setup\n"
        "def look(): setup(); print(*(sys.modules.get(name, 'free') for name in ('lxml', 'numpy', 'rich')))\n"
        "django.setup, sys.argv = look, ['yiwang', 'simulate', '--help']\n"
        "try: command.main()\n"
        "except SystemExit: pass\n"
        "import bs4, lxml.etree, numpy, openpyxl, structlog\n"
        "print('lxml' in bs4.builder.builder_registry.builders_for_feature, openpyxl.NUMPY)\n"
        "from yiwang.kernel import acts, timers\n"
        "def known(): return [*acts.CATALOGUE, *acts.EVENTS, *timers.kinds()]\n"
        "before = known(); import yiwang.config.urls; print(*set(known()) - set(before))"
    )
    done = subprocess.run([sys.executable, "-c", told], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    first, *_help, loaded, more = done.stdout.splitlines()
    assert (first, loaded, more) == ("None None None", "False False", "")


def test_production_asks_for_its_secrets_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("YIWANG_MODE", "production")
    monkeypatch.setattr("sys.argv", ["yiwang", "migrate"])
    monkeypatch.setattr(command, "exit_on_signals", lambda: None)
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert "YIWANG_SECRET_KEY" in str(ended.value)
    assert "\n" not in str(ended.value)


def test_a_pool_that_is_no_larger_than_the_threads_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"]["OPTIONS"], "pool", {"max_size": 4})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(CommandError, match=r"^YIWANG_DATABASE_POOL（4）要大于每个进程的线程数（4）。$"):
        call_command("serve", "--port", str(port), "--threads", "4")


@pytest.mark.parametrize("name", ["serve", "demo"])
def test_taken_port_is_one_line(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"^127.0.0.1:{port} 已被占用.*$"):
            call_command(name, "--port", str(port))


def test_how_many_live_in_a_demo_is_said_once(settings, tmp_path: Path) -> None:
    settings.YIWANG_STATE_DIR = tmp_path
    assert demo._size(None) == []
    assert demo._size(20_000) == ["--people", "20000", "--firms", "3000"]
    for wrong in (5, -1, 2_000_000):
        with pytest.raises(CommandError, match="500 到 1000000"):
            demo._size(wrong)
    stores.prepare(ROOT / "packs" / "testville", simulate.folder_of(), stores.Size(people=0))
    assert demo._size(None) == demo._size(0) == [], "they stay as they are"
    with pytest.raises(CommandError, match=r"^演示城市已有 0 名虚构居民，人数不能再改"):
        demo._size(20_000)


def _lines(checks: list[object], monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], bool]:
    monkeypatch.setattr(doctor, "CHECKS", checks)
    out = StringIO()
    try:
        call_command("doctor", stdout=out)
    except SystemExit as ended:
        return out.getvalue().splitlines(), ended.code == 1
    return out.getvalue().splitlines(), False


def test_doctor_fails_on_an_error_and_on_a_check_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> list[doctor.Finding]:
        raise OSError("gone")

    fine, warned = (lambda: [doctor.Finding("ok", "a", "b")]), (lambda: [doctor.Finding("warn", "c", "d")])
    assert _lines([fine, warned], monkeypatch) == (["ok     a  b", "warn   c  d"], False)
    assert _lines([fine, breaks, warned], monkeypatch) == (
        ["ok     a  b", "error  breaks  OSError: gone", "warn   c  d"],
        True,
    )


@pytest.mark.django_db
def test_doctor_sees_a_database_that_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    lines, failed = _lines([doctor._database], monkeypatch)
    assert failed
    assert any("synchronous_commit=off" in line for line in lines)
    assert any(line.startswith("ok") and "已是最新" in line for line in lines)


def test_doctor_refuses_demo_plugins_in_production(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Registry:
        together = False

        def findings(self) -> dict[str, list[object]]:
            return {"demo": []}

    monkeypatch.setattr(doctor, "registries", lambda: {"notices.sms": Registry()})
    assert not _lines([doctor._plugins], monkeypatch)[1]
    settings.YIWANG_DEMO = False
    assert _lines([doctor._plugins], monkeypatch)[1]


def test_doctor_looks_at_every_connector(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.YIWANG_FEED_NETWORKS = []
    settings.YIWANG_FEED_DIR = tmp_path / "nobody" / "made"
    settings.YIWANG_DEMO = False
    monkeypatch.setattr(doctor, "registries", lambda: {"sharing.connectors": connectors})
    lines, failed = _lines([doctor._plugins], monkeypatch)
    assert not failed
    told = {line.split()[2].partition("=")[2]: line.split()[0] for line in lines}
    warned = dict.fromkeys(("file_drop", "http_ask", "http_pull", "sql_pull"), "warn")
    assert told == {**warned, "push": "ok"}, "all are in use at once; those for tests are not a city's"
    (tmp_path / "file").touch()
    settings.YIWANG_FEED_DIR = tmp_path / "file"
    lines, failed = _lines([doctor._plugins], monkeypatch)
    assert failed
    assert [line.split()[2] for line in lines if line.startswith("error")] == ["sharing.connectors=file_drop"]


@pytest.mark.slow
def test_what_cannot_run_is_not_started_again_what_was_killed_or_had_run_is(settings, tmp_path: Path) -> None:
    settings.YIWANG_STATE_DIR = tmp_path
    with demo._Child("试", "no-such-command") as child:
        child.process.wait()
        child.began = time.monotonic()
        assert not child.may_start_again()
        child.began -= 60
        assert child.may_start_again()
        child.start()
        child.process.kill()
        assert child.may_start_again()


@pytest.mark.slow
def test_licences_are_verified_without_any_database(tmp_path: Path) -> None:
    """The whole command, with a database that cannot be reached and an empty state folder."""
    (tmp_path / "no.pdf").write_bytes(b"%PDF-1.7 nothing")
    environment = os.environ | {
        "DATABASE_URL": "postgres://127.0.0.1:1/none",
        "YIWANG_STATE_DIR": str(tmp_path / "state"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "yiwang.config.command", "licences", "verify", "no.pdf"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 6, done.stderr
    assert "不是电子证照 · not an e-licence" in done.stdout
