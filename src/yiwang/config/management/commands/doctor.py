"""`yiwang doctor`: is this installation configured, and what is missing."""

import io
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from yiwang.config.environment import ROOT
from yiwang.config.state import pending_migrations
from yiwang.kernel.plugins import Level, registries

_DISK_ERROR = 1 << 30  # bytes free below which a database soon stops
_DISK_WARNING = 5 << 30
_OWN_HOSTS = {"127.0.0.1", "localhost", "[::1]"}


class Finding(NamedTuple):
    """One line of the report; `level` is ok, warn or error."""

    level: str
    what: str
    says: str


class Command(BaseCommand):
    """One line a check; exit code 1 when there is an error."""

    help = "检查配置、数据库、字体、静态文件、密钥和全部插件"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check; a check that itself fails is an error too."""
        failed = False
        for check in CHECKS:
            try:
                findings = list(check())
            except Exception as error:
                findings = [Finding("error", check.__name__.strip("_"), f"{type(error).__name__}: {error}")]
            for level, what, says in findings:
                failed |= level == "error"
                self.stdout.write(f"{level:5}  {what}  {says}")
        if failed:
            raise SystemExit(1)


def _mode() -> Iterator[Finding]:
    demo = settings.YIWANG_DEMO
    yield Finding("ok", "运行方式", "演示" if demo else "正式")
    if not demo and not settings.SECURE:
        yield Finding("error", "网址", f"{settings.BASE_URL} 不是 https，请设置 YIWANG_BASE_URL")
    if not demo and settings.SECURE and not settings.YIWANG_TRUSTED_PROXIES:
        yield Finding("error", "代理", "https 由前面的代理提供，请设置 YIWANG_TRUSTED_PROXIES，否则页面会不停跳转")
    if not demo and not set(settings.ALLOWED_HOSTS) - _OWN_HOSTS:
        yield Finding("error", "域名", "请设置 YIWANG_ALLOWED_HOSTS")


def _database() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version'),"
                " current_setting('server_version_num')::int / 10000,"
                " current_setting('data_checksums'), current_setting('synchronous_commit'),"
                " (SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database())"
            )
            version, major, checksums, durable, encoding = cursor.fetchone()
    except DatabaseError as error:
        yield Finding("error", "数据库", f"连接失败：{str(error).strip().splitlines()[0]}")
        return
    yield Finding("ok" if major >= 15 else "error", "数据库", f"PostgreSQL {version}（需要 15 或更新）")
    if encoding != "UTF8":
        yield Finding("error", "数据库编码", f"{encoding}，必须是 UTF8")
    if checksums != "on":
        yield Finding("warn", "数据校验和", "没有打开，磁盘错误不会被发现")
    if durable == "off":
        yield Finding("error", "数据落盘", "synchronous_commit=off，断电会丢失已受理的办件")
    pending = pending_migrations()
    if pending:
        yield Finding("error", "数据库结构", f"有 {len(pending)} 项未更新，请运行 yiwang migrate：{pending[0]} 等")
    else:
        yield Finding("ok", "数据库结构", "已是最新")


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.YIWANG_STATE_DIR).free
    level = "error" if free < _DISK_ERROR else "warn" if free < _DISK_WARNING else "ok"
    yield Finding(level, "磁盘", f"{settings.YIWANG_STATE_DIR} 还有 {free / (1 << 30):.1f} GiB")


def _files() -> Iterator[Finding]:
    name = default_storage.save("doctor", ContentFile(b"well"))
    try:
        with default_storage.open(name) as file:
            well = file.read() == b"well"
    finally:
        default_storage.delete(name)
    place = settings.ENV.files_url or str(settings.MEDIA_ROOT)
    yield (
        Finding("ok", "文件库", f"{place} 能写能读")
        if well
        else Finding("error", "文件库", f"{place} 读回的不是写下的")
    )


def _keys() -> Iterator[Finding]:
    for name in ("YIWANG_DATA_KEYS", "YIWANG_INDEX_KEY", "YIWANG_AUDIT_KEY"):
        if not getattr(settings, name):
            yield Finding("error", "密钥", f"{name} 没有设置")
    kept = settings.YIWANG_STATE_DIR / "secrets.json"
    if kept.exists() and stat.S_IMODE(kept.stat().st_mode) & 0o077:
        yield Finding("error", "密钥", f"{kept} 能被他人读取，请改为 0600")
    else:
        yield Finding("ok", "密钥", "齐全")


def _fonts() -> Iterator[Finding]:
    places = [ROOT / "node_modules" / "@expo-google-fonts", Path("/usr/share/fonts")]
    found = next((font for place in places for font in place.rglob("*Noto*S*") if _is_chinese_font(font)), None)
    if found:
        yield Finding("ok", "中文字体", str(found))
    else:
        yield Finding("error", "中文字体", "没有找到，请运行 npm ci，或安装 fonts-noto-cjk")


def _is_chinese_font(font: Path) -> bool:
    return font.suffix in {".ttf", ".otf", ".ttc"} and any(mark in font.name for mark in ("SansSC", "SerifSC", "CJK"))


def _assets() -> Iterator[Finding]:
    if "build" not in get_commands():
        return
    try:
        call_command("build", "--check", stdout=io.StringIO())
        yield Finding("ok", "静态文件", "已是最新")
    except CommandError as error:
        yield Finding("error", "静态文件", str(error))


def _plugins() -> Iterator[Finding]:
    levels = {Level.OK: "ok", Level.WARNING: "warn", Level.ERROR: "error"}
    for name, registry in registries().items():
        for key, found in registry.findings().items():
            what = f"插件 {name}={key}"
            findings = [Finding(levels[one.level], what, str(one.message)) for one in found]
            if not settings.YIWANG_DEMO and key in {"demo", "outage"}:
                if registry.together:  # these two are for tests, and nobody can choose them
                    continue
                if key == "demo":
                    findings.append(Finding("error", what, "只供演示，请在 YIWANG_PLUGINS 中另选"))
                else:
                    findings.append(Finding("warn", what, "没有接通，用到它的地方会请人换别的办法"))
            yield from findings or [Finding("ok", what, "正常")]


CHECKS: list[Callable[[], Iterator[Finding]]] = [_mode, _database, _disk, _files, _keys, _fonts, _assets, _plugins]
