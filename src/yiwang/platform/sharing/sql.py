"""Reading a table or view of an agency's database with SQLAlchemy, for the connector ``sql_pull``.

Names of tables and columns are reflected and quoted by SQLAlchemy; nothing else of the settings comes near the text of a
statement. Transactions are read-only and as long as one page. Imported where a source is read only: a web process has no
use for what it costs.
"""

from __future__ import annotations

import json
import os
import re
import socket
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pymysql
import sqlalchemy as sa
from django.utils.translation import gettext as _
from pymysql.constants import CR, ER
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError, NoSuchTableError, SAWarning, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.elements import quoted_name

from yiwang.kernel import certificates
from yiwang.platform.sharing.connectors import Batch, Source, SourceFault

if TYPE_CHECKING:
    from yiwang.platform.sharing.plugins.sql_pull import Database

CONNECTING = 5
ANSWERING = 60
"""Seconds for a connection, and for a page of rows."""
SETTLE = 5
"""Seconds after which a row is read: one whose transaction began before may still come into sight behind it."""
warnings.filterwarnings("ignore", "Did not recognize type", SAWarning)  # of columns that nobody reads, mostly


def batches(source: Source, at: Database, token: Any) -> Generator[Batch, None, None]:
    """Yield page after page, each in a transaction of its own."""
    with _told_plainly(), _engine(source, at).connect() as connection:
        with connection.begin():
            table = _reflected(connection, source)
        while True:
            with connection.begin():
                statement = table.page(token, source.limit, _settled(connection, table, source))
                rows = connection.execute(statement).all()
            if not rows:
                return
            read = [dict(zip(table.wanted, map(plain, row), strict=False)) for row in rows]
            before, token = token, [plain(value) for value in rows[-1][len(table.wanted) :]]
            if token == before:
                raise SourceFault(_("变更列或主键列的值和自己比都不相等（如 FLOAT），请换一列。"))
            yield Batch(read, token, table.unknown)
            if len(rows) < source.limit:
                return


@dataclass(frozen=True, slots=True)
class Table:
    """What is read of a table: ``order`` is the change column and the key after it."""

    table: sa.Table
    wanted: tuple[str, ...]
    order: tuple[sa.ColumnElement[Any], ...]
    unknown: tuple[str, ...] = ()

    def page(self, token: Sequence[Any] | None, limit: int, until: Any = None) -> sa.Select[Any]:
        """Return the statement for the rows after a token, in order; none that changed after ``until``."""
        change = self.order[0]
        statement = sa.select(*(self.table.c[name] for name in self.wanted), *self.order).where(change.is_not(None))
        if token is not None:
            values = [typed(value, column) for value, column in zip(token, self.order, strict=True)]
            # The first term repeats what the second implies: it is what an index on the change column goes by.
            statement = statement.where(change >= values[0], _after(self.order, values))
        if until is not None:
            statement = statement.where(change <= until)
        return statement.order_by(*self.order).limit(limit)


def _after(order: Sequence[sa.ColumnElement[Any]], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return ``(a, b) > (x, y)`` spelt out: MySQL finds no index for row values."""
    column, value = order[0], values[0]
    later = column > value
    return later if len(order) == 1 else sa.or_(later, sa.and_(column == value, _after(order[1:], values[1:])))


def _reflected(connection: sa.Connection, source: Source) -> Table:
    """Read which columns there are, and choose: those that the dataset has, not those that it does not need."""
    given = source.settings
    schema = quoted_name(given["schema"], quote=True) if given.get("schema") else None
    name = quoted_name(given["table"], quote=True)
    describe = _described_mysql if connection.dialect.name == "mysql" else _described
    columns, key = describe(connection, name, schema)
    key = [one.strip() for one in str(given.get("key") or "").split(",") if one.strip()] or key
    if not key:
        raise SourceFault(_("这张表没有主键，请在设置里写主键列。"))
    order = list(dict.fromkeys((given["change"], *key)))
    for one in order:
        if one not in columns:
            raise SourceFault(_("表里没有“%(name)s”这一列。") % {"name": one})
    table = sa.Table(
        name,
        sa.MetaData(),
        *(sa.Column(quoted_name(column, quote=True), kind) for column, kind in columns.items()),
        schema=schema,
    )
    known = source.targets
    wanted = tuple(column for column in columns if column in known)
    unknown = tuple(column for column in columns if column not in {*known, *source.columns, *order})
    return Table(table, wanted, tuple(_sortable(table.c[one]) for one in order), unknown)


def _sortable(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Return what is sorted as it is compared."""
    return sa.cast(column, sa.LargeBinary) if column.type is _CHOSEN else column


Described = tuple[dict[str, sa.types.TypeEngine[Any]], list[str]]


def _described(connection: sa.Connection, name: quoted_name, schema: quoted_name | None) -> Described:
    """Return the columns with their types, and the primary key."""
    inspector = sa.inspect(connection)
    try:
        columns = {one["name"]: one["type"] for one in inspector.get_columns(name, schema)}
        return columns, inspector.get_pk_constraint(name, schema)["constrained_columns"]
    except NoSuchTableError:
        raise SourceFault(_not_there()) from None


_CHOSEN = sa.String()
"""An ENUM: it is sorted by the place of its name, and compared by the name."""
_MYSQL_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "date": sa.Date(),
    "datetime": sa.DateTime(),
    "timestamp": sa.DateTime(timezone=True),
    "decimal": sa.Numeric(),
    "bit": mysql.BIT(),
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year"), sa.Integer()),
    **dict.fromkeys(("float", "double"), sa.Float()),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), sa.LargeBinary()),
    **dict.fromkeys(("enum", "set"), _CHOSEN),
}
"""What is not named here is read and compared as the driver has it."""


def _described_mysql(connection: sa.Connection, name: quoted_name, schema: quoted_name | None) -> Described:
    """Return the same, in the way that needs no right but to read the table or view.

    SQLAlchemy's own asks for ``SHOW CREATE TABLE``, and its types round what is a double and turn longer or negative times.
    """
    table = ".".join(connection.dialect.identifier_preparer.quote(one) for one in (schema, name) if one)
    try:
        columns = connection.exec_driver_sql(f"SHOW COLUMNS FROM {table}").all()
        key = connection.exec_driver_sql(f"SHOW INDEX FROM {table} WHERE Key_name = 'PRIMARY'").all()
    except DBAPIError as error:
        if error.orig and error.orig.args[0] in {ER.NO_SUCH_TABLE, ER.TABLEACCESS_DENIED_ERROR}:
            raise SourceFault(_not_there()) from None
        raise
    kinds = {row[0]: _MYSQL_TYPES.get(re.split(r"\W", row[1])[0], sa.types.NullType()) for row in columns}
    return kinds, [row[4] for row in sorted(key, key=lambda row: row[3])]


def _not_there() -> str:
    return _("数据库里没有这张表，或没有读它的权限。")


def _settled(connection: sa.Connection, table: Table, source: Source) -> Any:
    """Return until when changes are read, by the source's own clock; nothing where the change column is no time.

    A day is read when it is over: what changes later on a day that was read would stand before the token.
    """
    kind, seconds = table.order[0].type, source.settings.get("settle")
    wait = SETTLE if seconds in (None, "") else int(seconds)
    if isinstance(kind, sa.Date):
        return _now(connection, _local(connection)).date() - timedelta(days=1)
    if not wait or not isinstance(kind, sa.DateTime):
        return None
    here = sa.func.current_timestamp() if kind.timezone else _local(connection)
    return _now(connection, here) - timedelta(seconds=wait)


def _local(connection: sa.Connection) -> sa.ColumnElement[Any]:
    """Return the server's own clock, which in MySQL is not our session's."""
    if connection.dialect.name != "mysql":
        return sa.func.localtimestamp()
    return sa.func.convert_tz(sa.func.utc_timestamp(), "+00:00", sa.literal_column("@@global.time_zone"))


def _now(connection: sa.Connection, clock: sa.ColumnElement[Any]) -> datetime:
    found: datetime = connection.execute(sa.select(clock)).scalar_one()
    return found


def plain(value: Any) -> Any:
    """Return a value of a database as JSON has it."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, timedelta):
        return _hours(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if isinstance(value, str | int | float | None) else str(value)


def _hours(value: timedelta) -> str:
    """Return a time of the day or a span as ``HH:MM:SS``, which may be negative or longer than a day."""
    minutes, seconds = divmod(abs(value), timedelta(minutes=1))
    text = f"{minutes // 60:02}:{minutes % 60:02}:{seconds.seconds:02}"
    return ("-" if value < timedelta() else "") + text + (f".{seconds.microseconds:06}" if seconds.microseconds else "")


def typed(value: Any, column: sa.ColumnElement[Any]) -> Any:
    """Return a token's value as its column has it; what cannot be read so is given as it is."""
    try:
        kind = column.type.python_type
    except NotImplementedError:
        return value
    if value is None or isinstance(value, kind):
        return value
    readers: dict[type, Callable[[str], Any]] = {
        datetime: datetime.fromisoformat,
        date: date.fromisoformat,
        Decimal: Decimal,
        UUID: UUID,
        bytes: bytes.fromhex,
    }
    try:
        return readers.get(kind, kind)(value)
    except (TypeError, ValueError, ArithmeticError):
        return value


# --- connections ---


def _engine(source: Source, at: Database) -> sa.Engine:
    """Return what connects to the very address that was looked at; the name is only for certificates."""
    driver, connect = ("mysql+pymysql", _mysql) if at.is_mysql else ("postgresql+psycopg", _postgresql)
    return sa.create_engine(f"{driver}://", creator=lambda: connect(source, at), poolclass=NullPool)


def _postgresql(source: Source, at: Database) -> Any:
    checked: dict[str, Any] = {"sslmode": "verify-full", "sslrootcert": "system"} if source.settings.get("tls") else {}
    connection: psycopg.Connection = psycopg.connect(
        host=at.host,
        hostaddr=at.ip,
        port=at.port,
        dbname=at.name,
        user=source.settings["user"],
        password=source.secret,
        passfile=os.devnull,  # the passwords of whoever runs this are not for others' servers
        connect_timeout=CONNECTING,
        autocommit=True,
        **checked,
    )
    connection.execute(f"SET statement_timeout = '{ANSWERING}s'; SET default_transaction_read_only = on")
    connection.autocommit = False
    return connection


def _mysql(source: Source, at: Database) -> Any:
    tls = source.settings.get("tls")
    connection = pymysql.Connection(
        host=at.host,
        port=at.port,
        database=at.name,
        user=source.settings["user"],
        password=source.secret.encode(),  # a text would be taken for Latin-1
        connect_timeout=CONNECTING,
        read_timeout=CONNECTING,
        write_timeout=CONNECTING,
        charset="utf8mb4",
        local_infile=False,
        ssl=certificates.trusted() if tls else None,
        auth_plugin_map={} if tls else {"mysql_clear_password": _Refused, "dialog": _Refused},
        init_command="SET SESSION TRANSACTION READ ONLY",
        defer_connect=True,
    )
    connection.connect(socket.create_connection((at.ip, at.port), CONNECTING))
    with connection.cursor() as cursor:
        cursor.execute(_MYSQL_SESSION.format(ANSWERING))
    connection._read_timeout = ANSWERING + CONNECTING  # the greeting is over; first the server itself breaks off
    return connection


_MYSQL_SESSION = (
    "SET time_zone = '+08:00' /*M!100101 , max_statement_time = {0} */ /*!50708 , max_execution_time = {0}000 */"
)
"""TIMESTAMPs as China's time, which is what a time without an offset is taken for; a limit as MariaDB and as MySQL call it."""


class _Refused:
    """Sends no password as it is: without certificates, whoever stands in between may ask for it."""

    def __init__(self, _connection: Any) -> None:
        pass

    def authenticate(self, _packet: Any) -> Any:
        """Refuse."""
        raise pymysql.OperationalError(CR.CR_AUTH_PLUGIN_CANNOT_LOAD, "sends the password as it is")


@contextmanager
def _told_plainly() -> Generator[None, None, None]:
    """Tell what the database says by its kind: the text of an error may hold values, or whom we are."""
    try:
        yield
    except (SQLAlchemyError, psycopg.Error, pymysql.MySQLError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        state = getattr(cause, "sqlstate", None) or (cause.args[0] if cause.args else "")
        kind = (
            f"{type(cause).__name__} {state}"
            if isinstance(state, int) or str(state).isalnum()
            else type(cause).__name__
        )
        raise SourceFault(_("数据库没有答复（%(kind)s）。") % {"kind": kind}) from None
