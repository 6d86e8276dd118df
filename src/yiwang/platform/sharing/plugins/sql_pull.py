"""A table or view of an agency's database: PostgreSQL, MySQL or MariaDB, read in the order of a column that only grows.

``postgresql://host:port/database`` or ``mysql://host:port/database``; the user stands in the settings, the password is the
feed's secret. The token is the change column's value and the primary key of the last row, so a page begins where the last
one ended, by an index.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.fields import FieldKind, FieldSpec
from yiwang.kernel.plugins import Finding, Level
from yiwang.kernel.types import FieldError
from yiwang.platform.sharing.connectors import Batch, Connector, Source, SourceFault, limit_spec, number_spec, registry
from yiwang.platform.sharing.reaching import Outside, networks_found, resolved

_PORTS = {"postgresql": 5432, "postgres": 5432, "mysql": 3306, "mariadb": 3306}
_DRIVERS = ("sqlalchemy", "psycopg", "pymysql")
_NAME = re.compile(r"[\w$-]{1,64}")


def _is_there(module: str) -> bool:
    """Tell whether a module could be imported; importing it would cost every process what only the reader needs."""
    try:
        return find_spec(module) is not None
    except ValueError:
        return False


@registry.register("sql_pull")
class SqlPull(Connector):
    """An agency's database."""

    label = gettext_lazy("数据库的表或视图")
    address_hint = gettext_lazy("例：postgresql://db.example:5432/库名，mysql://db.example:3306/库名")
    takes_secret = True

    def check_config(self) -> list[Finding]:
        """Look whether there is a network in which sources may lie, and what reads them is installed."""
        told = _("没有安装 %(name)s，读不了数据库。")
        lacking = [Finding(Level.ERROR, told % {"name": name}) for name in _DRIVERS if not _is_there(name)]
        return networks_found() + lacking

    def settings(self) -> tuple[FieldSpec, ...]:
        """Which table, in which order."""
        return (
            FieldSpec("user", _("数据库用户"), FieldKind.TEXT, max_length=60, hint=_("只给读这张表的权限")),
            FieldSpec("schema", _("模式"), FieldKind.TEXT, required=False, max_length=60),
            FieldSpec("table", _("表或视图"), FieldKind.TEXT, max_length=60),
            FieldSpec(
                "change",
                _("变更列"),
                FieldKind.TEXT,
                max_length=60,
                hint=_("每次新增、修改都变大、不为空的一列，如更新时间；要有索引"),
            ),
            FieldSpec(
                "key",
                _("主键列"),
                FieldKind.TEXT,
                required=False,
                max_length=200,
                hint=_("视图要写，几列用逗号隔开；表不写就用它的主键"),
            ),
            number_spec("settle", _("等多少秒再读"), 0, 3600, hint=_("要比来源最长的写入事务更久；不填是 5 秒")),
            limit_spec(),
            FieldSpec("tls", _("要加密并核对证书吗？"), FieldKind.BOOLEAN, required=False),
        )

    def check(self, source: Source) -> list[FieldError]:
        """Look at address and settings."""
        found = super().check(source)
        try:
            database(source.address)
        except SourceFault as fault:
            found.append(FieldError("address", str(fault)))
        return found

    def batches(self, source: Source, token: Any) -> Generator[Batch, None, None]:
        """Yield page after page, each in a transaction of its own."""
        from yiwang.platform.sharing import sql  # here, because SQLAlchemy is large

        yield from sql.batches(source, database(source.address), token)


@dataclass(frozen=True, slots=True)
class Database:
    """A database that may be spoken to: the name for certificates, and the number to connect to."""

    is_mysql: bool
    host: str
    port: int
    ip: str
    name: str


def database(address: str) -> Database:
    """Read the address of a database, and look where its host lies. Raises ``Outside`` with the reason."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Outside(_("这不是数据库的地址。")) from None
    if parts.scheme not in _PORTS or not host:
        raise Outside(_("请写 postgresql:// 或 mysql:// 的地址，带主机和库名。"))
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise Outside(_("地址里只写主机、端口和库名，用户写在设置里，密码写在密钥里。"))
    name = unquote(parts.path.removeprefix("/"))
    if not _NAME.fullmatch(name):
        raise Outside(_("库名不对。"))
    port = port or _PORTS[parts.scheme]
    return Database(parts.scheme in {"mysql", "mariadb"}, host, port, resolved(host, port), name)
