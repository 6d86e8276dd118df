"""Files in a folder: an agency puts CSV and XLSX down, and they are read in the order of their names.

The folder of a feed is ``YIWANG_FEED_DIR/AGENCY/ADDRESS`` (without an address the dataset's code), so no steward reaches
another agency's. A file that was read is moved to ``done/``; one that cannot be read as a whole to ``refused/``, with a text
beside it that says why. The token is the file's name, the digest of its bytes and the line that was read last: the same file
goes on there, another one under the same name begins anew. Names that begin with a point or end with ``.part`` or ``.tmp``
are still being written. However seldom an agency brings its data, the folder is looked into as often as is done for realtime
data; that there is nothing in it says nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import stat
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel import clock
from yiwang.kernel.fields import FieldSpec
from yiwang.kernel.plugins import Finding, Level
from yiwang.kernel.types import FieldError
from yiwang.platform.catalog.imports.formats import FileRefused, Refused
from yiwang.platform.catalog.imports.formats.tables import cell_text, opened, records, sheet_rows
from yiwang.platform.catalog.imports.reading import encoding_of
from yiwang.platform.sharing import feeding
from yiwang.platform.sharing.connectors import Batch, Connector, Source, SourceFault, limit_spec, number_spec, registry
from yiwang.platform.sharing.reaching import Outside

log = logging.getLogger(__name__)
DONE, REFUSED = "done", "refused"
MAX_BYTES = 1 << 30
MAX_ROWS = 1_048_576
"""Rows of a sheet, as many as there can be."""
QUIET = 5
"""Seconds that a file must not have been written to: then it has come whole."""
_PART = re.compile(r"\w[\w.-]{0,80}")
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # without waiting for the other end of a pipe


@registry.register("file_drop")
class FileDrop(Connector):
    """A folder of CSV and XLSX files."""

    label = gettext_lazy("文件夹（CSV、XLSX）")
    address_hint = gettext_lazy("部门文件夹里的子文件夹；不填就是数据集代码")
    patience: ClassVar[timedelta] = timedelta(minutes=10)  # the end of a large workbook is far from its beginning
    silence_is_news: ClassVar[bool] = False

    def check_config(self) -> list[Finding]:
        """Look whether the folder of all agencies is there, and may be written to."""
        folder = Path(settings.YIWANG_FEED_DIR)
        if not folder.exists():
            told = _("还没有文件夹 %(path)s（YIWANG_FEED_DIR），各部门放不了文件。") % {"path": folder}
            return [Finding(Level.WARNING, told)]
        try:
            with tempfile.TemporaryFile(dir=folder):
                return []
        except OSError as error:
            told = _("文件夹 %(path)s（YIWANG_FEED_DIR）不能用：%(kind)s") % {
                "path": folder, "kind": os.strerror(error.errno or 0),
            }  # fmt: skip
            return [Finding(Level.ERROR, told)]

    def clear(self) -> int:
        """Delete files that were read or refused more than ``YIWANG_FEED_KEEP_DAYS`` ago; links are deleted, not followed."""
        if not os.path.isdir(settings.YIWANG_FEED_DIR):
            return 0
        before = (clock.now() - timedelta(days=settings.YIWANG_FEED_KEEP_DAYS)).timestamp()
        cleared = 0
        for folder, _folders, names, handle in os.fwalk(settings.YIWANG_FEED_DIR):
            if os.path.basename(folder) not in (DONE, REFUSED):  # no feed's own folder may have these names
                continue
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    # When it was moved here, by this machine's clock.
                    if os.stat(name, dir_fd=handle, follow_symlinks=False).st_ctime < before:
                        os.unlink(name, dir_fd=handle)
                        cleared += 1
        if cleared:
            log.info("feeds.files_deleted", extra={"files": cleared})
        return cleared

    def settings(self) -> tuple[FieldSpec, ...]:
        """How many rows at a time, and when a file has come whole."""
        return (
            limit_spec(),
            number_spec("quiet", _("文件放好多少秒后再读"), 0, 3600, hint=_("不填是 5 秒")),
        )

    def check(self, source: Source) -> list[FieldError]:
        """Look at the folder's name and the settings; the folder may still have to be made."""
        found = super().check(source)
        try:
            _parts(source)
        except Outside as fault:
            found.append(FieldError("address", str(fault)))
        return found

    def batches(self, source: Source, token: Any) -> Generator[Batch, None, None]:
        """Read file after file until there is none; each is moved away when its last row is written."""
        with _Folder.of(source) as folder:
            for name in folder.waiting(_quiet(source)):
                yield from _file(folder, name, source, token or {})


def folder_of(source: Source) -> Path:
    """Return where a feed's files are put. Raises Outside."""
    return Path(settings.YIWANG_FEED_DIR).joinpath(*_parts(source))


def _parts(source: Source) -> list[str]:
    parts = [source.definition.agency, *(source.address or source.definition.code).split("/")]
    if not all(_PART.fullmatch(one) and one not in (DONE, REFUSED) for one in parts):
        raise Outside(_("文件夹的名字只能用文字、数字、- _ .，一层层用 / 隔开。"))
    return parts


def _quiet(source: Source) -> int:
    given = source.settings.get("quiet")
    return QUIET if given in (None, "") else int(given)


@dataclass(frozen=True, slots=True)
class _Folder:
    """An open folder: everything in it is reached from here, so no link on the way leads elsewhere."""

    handle: int

    @classmethod
    @contextlib.contextmanager
    def of(cls, source: Source) -> Iterator[_Folder]:
        """Open a feed's folder step by step, making what is missing. Raises SourceFault, also where a step is a link."""
        handle = -1
        try:
            os.makedirs(settings.YIWANG_FEED_DIR, 0o750, exist_ok=True)
            handle = os.open(settings.YIWANG_FEED_DIR, os.O_RDONLY | os.O_DIRECTORY)
            for part in _parts(source):
                above, handle = handle, _inside(handle, part)
                os.close(above)
            yield cls(handle)
        except OSError as error:
            told = _("打不开文件夹（%(kind)s）。") % {"kind": os.strerror(error.errno or 0)}
            raise SourceFault(told) from None
        finally:
            if handle >= 0:
                os.close(handle)

    def waiting(self, quiet: int) -> list[str]:
        """Return the names that lie there, in order; folders and what is still being written are not for us."""
        before = time.time() - quiet
        with os.scandir(self.handle) as entries:
            return sorted(
                entry.name
                for entry in entries
                if not entry.name.startswith(".")
                and not entry.name.lower().endswith(_UNFINISHED)
                and not entry.is_dir(follow_symlinks=False)
                # When it was put there by this machine's clock: the time of change comes with the file.
                and entry.stat(follow_symlinks=False).st_ctime <= before
            )

    def move(self, name: str, to: str, seen: _Mark | None, why: str = "") -> None:
        """Move a file away and write beside it why; a link is moved as a link.

        If it is another by now than the one that was seen, it is put back and read the next time.
        """
        there = _inside(self.handle, to)
        try:
            new = _free(there, name)
            os.rename(name, new, src_dir_fd=self.handle, dst_dir_fd=there)
            if seen is not None and _mark(os.stat(new, dir_fd=there, follow_symlinks=False)) != seen:
                os.rename(new, _free(self.handle, name), src_dir_fd=there, dst_dir_fd=self.handle)
            elif why:
                writing = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with os.fdopen(
                    os.open(_free(there, f"{new}.txt"), writing, 0o640, dir_fd=there), "w", encoding="utf-8"
                ) as file:
                    file.write(f"{why}\n")
        finally:
            os.close(there)


_Mark = tuple[int, int, int]


def _mark(found: os.stat_result) -> _Mark:
    """Return what tells a file from another, and from itself after it was written to."""
    return found.st_ino, found.st_size, found.st_mtime_ns


def _inside(handle: int, part: str) -> int:
    """Open a folder within another one, making it if it is not there."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(part, 0o750, dir_fd=handle)
    return os.open(part, _FOLDER, dir_fd=handle)


def _free(handle: int, name: str) -> str:
    """Return a name that is free in a folder: this one, or one that says that it is another."""
    try:
        os.stat(name, dir_fd=handle, follow_symlinks=False)
    except FileNotFoundError:
        return name
    while len(name.encode("utf-8", "surrogateescape")) > 200:
        name = name[1:]
    return f"{os.urandom(4).hex()}-{name}"


def _file(folder: _Folder, name: str, source: Source, token: dict[str, Any]) -> Generator[Batch, None, None]:
    """Read one file on from the token, and move it away."""
    label = _label(name)
    seen, digest = None, ""
    try:
        with _opened(folder, name) as file:
            seen, digest = file.seen, file.digest
            known = token if (token.get("file"), token.get("digest")) == (label, digest) else {}
            if known.get("refused"):  # it was told, and then we died
                raise FileRefused("again", known["refused"])
            shown = _shown(label)
            line, rows, lines = int(known.get("line", 0)), [], []
            for number, row in _rows(file.path, name, source, line):
                line = number
                rows.append(row)
                lines.append(number)
                if len(rows) == source.limit:
                    yield Batch(rows, {"file": label, "digest": digest, "line": line}, file=shown, lines=lines)
                    rows, lines = [], []
            if not file.unchanged():
                raise SourceFault(_("文件“%(name)s”在读的时候变了，稍后再读。") % {"name": shown})
            token = {"file": label, "digest": digest, "line": line}
            yield Batch(rows, token, news=True, file=shown, lines=lines)
    except FileRefused as problem:
        why = _("第 %(row)d 行：%(why)s") % {"row": problem.row, "why": problem} if problem.row else str(problem)
        note = _("文件“%(name)s”没有收下：%(why)s") % {"name": _shown(label), "why": why}
        again = problem.reason == "again"
        yield Batch((), {"file": label, "digest": digest, "line": 0, "refused": why}, note="" if again else note)
        folder.move(name, REFUSED, seen, why)
        return
    folder.move(name, DONE, seen)


def _label(name: str) -> str:
    """Return a file's name as text: the bytes of a name may be none."""
    return name.encode("utf-8", "replace").decode()


def _shown(name: str) -> str:
    """Return a file's name as it is told; one with a long number in it may be a person's."""
    return re.sub(r"\d{9,}", "…", name)[:80]


@dataclass(frozen=True, slots=True)
class _File:
    """An open file. ``path`` leads to what is open, whatever the folder's name for it stands for by then."""

    handle: int
    path: Path
    digest: str
    seen: _Mark

    def unchanged(self) -> bool:
        """Tell whether nobody has written to it since."""
        return _mark(os.fstat(self.handle)) == self.seen


@contextlib.contextmanager
def _opened(folder: _Folder, name: str) -> Iterator[_File]:
    """Open a file once for all that is read of it. Raises FileRefused, OSError."""
    if not stat.S_ISREG(os.stat(name, dir_fd=folder.handle, follow_symlinks=False).st_mode):
        raise FileRefused("special", _("这不是普通的文件，可能是链接。"))
    handle = os.open(name, _FILE, dir_fd=folder.handle)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise FileRefused("special", _("这不是普通的文件，可能是链接。"))
        if found.st_size > MAX_BYTES:
            raise FileRefused("large", _("文件超过 %(size)d MB，请分成几个。") % {"size": MAX_BYTES >> 20})
        path = Path(f"/proc/self/fd/{handle}")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        yield _File(handle, path, digest, _mark(found))
    finally:
        os.close(handle)


def _rows(path: Path, name: str, source: Source, after: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows after a line, with their lines. Raises FileRefused."""
    suffix = os.path.splitext(name)[1].lower()
    if suffix == ".csv":
        lines: Iterator[tuple[int, list[str]] | Refused] = records(path, encoding_of(path))
        yield from _with_header(lines, source, after)
    elif suffix == ".xlsx":
        with opened(path, computed=True) as book:
            yield from _with_header(_sheet(book), source, after)
    else:
        raise FileRefused("format", _("只收 CSV 和 XLSX 文件。"))


def _sheet(book: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the first sheet. A workbook that breaks off in the middle is refused, whatever broke."""
    try:
        yield from sheet_rows(book.worksheets[0], MAX_ROWS, _cell)
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused("xlsx", _("打不开这个工作簿：%(reason)s") % {"reason": type(error).__name__}) from None


def _with_header(
    lines: Iterator[tuple[int, list[str]] | Refused], source: Source, after: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    first = next(lines, None)
    if first is None:
        raise FileRefused("empty", _("文件是空的。"))
    if isinstance(first, Refused):
        raise FileRefused(first.reason, first.message, first.number)
    header = _header(first[1], source)
    for one in lines:
        if isinstance(one, Refused) and one.reason == "quotes":  # it would swallow all that follows
            raise FileRefused(one.reason, one.message, one.number)
        number, cells = (one.number, None) if isinstance(one, Refused) else one
        if number <= after or (cells is not None and not any(cells)):
            continue
        # What cannot be read, or has something where the header names nothing, is told as a row with nothing in it.
        pairs = list(zip_longest(header, map(str.strip, cells or ()), fillvalue=""))
        astray = any(text and not name for name, text in pairs)
        yield number, {} if cells is None or astray else {name: text for name, text in pairs if name}


def _header(names: list[str], source: Source) -> list[str]:
    """Read the header. It must name the subject: a file without a header has a person in its first line."""
    header = [name.strip() for name in names]
    wanted = source.targets
    if not any(wanted.get(name) == feeding.SUBJECT for name in header):
        subject = next(name for name, to in wanted.items() if to == feeding.SUBJECT)
        raise FileRefused("columns", _("缺少列：%(names)s。") % {"names": subject}, 1)
    if any(header.count(name) > 1 for name in header if name):
        raise FileRefused("columns", _("表头里有重复的列。"), 1)
    return header


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime | date) else cell_text(value)
