"""A table with its scans in one ZIP: what is let in, and how it is read without unpacking it anywhere.

Nothing is ever written under a name from inside the archive. What is too large, too many or packed too tightly is refused
before a byte of it is read, and what then turns out larger than it said is refused while it is read.
"""

from __future__ import annotations

import csv
import io
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from yiwang.ui import uploads

MEGABYTE = 1024 * 1024
LARGEST_TABLE = 32 * MEGABYTE
LARGEST_SCAN = 20 * MEGABYTE
LARGEST_TOGETHER = 2048 * MEGABYTE
"""Bytes of everything in an archive, unpacked; of the archive itself too, as scans do not get smaller: ten thousand of
some 200 KB.
"""
TIGHTEST = 200
"""Most bytes out of one byte in: more is no scan but a bomb."""
MOST_ROWS = 20_000
ENDINGS = frozenset({".pdf", ".jpg", ".jpeg", ".png"})
_DRIVE = re.compile(r"^[A-Za-z]:")


class BadArchive(ValueError):
    """The archive cannot be taken; the message says what to mend."""


class Archive:
    """An opened archive: one table, and scans by the name that the table gives. Raises BadArchive."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError):
            raise BadArchive(_("这个文件不是完好的 ZIP，请重新打包。")) from None
        infos = [info for info in self._zip.infolist() if not _is_litter(info)]
        for info in infos:
            _check(info)
        if len(infos) > MOST_ROWS + 1 or sum(info.file_size for info in infos) > LARGEST_TOGETHER:
            raise BadArchive(_("压缩包里的文件太多或者太大，请分成几批：一批最多 20000 张，解开后不超过 2 GB。"))
        tables = [info for info in infos if info.filename.lower().endswith(".csv")]
        if len(tables) != 1 or tables[0].file_size > LARGEST_TABLE:
            raise BadArchive(_("压缩包里要有一张、只有一张 CSV 表格，不超过 32 MB。"))
        self._table = tables[0]
        self._scans = {info.filename: info for info in infos if info is not self._table}
        if len(self._scans) != len(infos) - 1:
            raise BadArchive(_("压缩包里有重名的文件，请改名后重新打包。"))

    def rows(self, begin: int = 0) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield line number and cells of each row from the ``begin``-th on. Raises BadArchive."""
        text = _decoded(self._read(self._table, LARGEST_TABLE))
        reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
        try:
            for number, row in enumerate(reader):
                if number >= MOST_ROWS:
                    raise BadArchive(_("表格超过 20000 行，请分成几批。"))
                if number >= begin:
                    yield reader.line_num, {str(name).strip(): str(cell).strip() for name, cell in row.items() if name}
        except csv.Error as error:
            raise BadArchive(_("表格第 %(line)d 行读不懂，请检查引号和换行。") % {"line": reader.line_num}) from error

    def columns(self) -> list[str]:
        """Return the names of the columns."""
        text = _decoded(self._read(self._table, LARGEST_TABLE))
        return [name.strip() for name in next(csv.reader(io.StringIO(text, newline="")), [])]

    def scan(self, name: str) -> uploads.Upload:
        """Take one scan into the store: by its content PDF, JPEG or PNG. Raises KeyError and ``uploads.Refused``."""
        info = self._scans[name]
        return uploads.accept(ContentFile(self._read(info, LARGEST_SCAN), PurePosixPath(name).name))  # type: ignore[arg-type]

    def _read(self, info: zipfile.ZipInfo, most: int) -> bytes:
        try:
            with self._zip.open(info) as file:
                content = file.read(most + 1)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError):
            raise BadArchive(_("“%(name)s”在压缩包里是坏的，请重新打包。") % {"name": info.filename[:80]}) from None
        if len(content) > most:
            raise BadArchive(_("“%(name)s”太大。") % {"name": info.filename[:80]})
        return content


def _is_litter(info: zipfile.ZipInfo) -> bool:
    """Folders, and what other systems leave in archives."""
    return info.is_dir() or info.filename.startswith("__MACOSX/") or PurePosixPath(info.filename).name == ".DS_Store"


def _check(info: zipfile.ZipInfo) -> None:
    name, words = info.filename, {"name": info.filename[:80]}
    parts = PurePosixPath(name).parts
    if name.startswith("/") or "\\" in name or "\x00" in name or ".." in parts or _DRIVE.match(name):
        raise BadArchive(_("“%(name)s”的路径不对：文件名不能带盘符、反斜杠和上级目录。") % words)
    mode = info.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        raise BadArchive(_("“%(name)s”不是普通文件，请换成文件本身。") % words)
    if info.flag_bits & 1:
        raise BadArchive(_("压缩包加了密码，请去掉密码重新打包。"))
    if PurePosixPath(name).suffix.lower() not in ENDINGS | {".csv"}:
        raise BadArchive(_("“%(name)s”不是 CSV、PDF、JPG 或 PNG。") % words)
    if info.file_size > max(LARGEST_SCAN, LARGEST_TABLE) or info.file_size > TIGHTEST * max(info.compress_size, 1024):
        raise BadArchive(_("“%(name)s”太大，或者压缩得不正常。") % words)


def _decoded(content: bytes) -> str:
    """Spreadsheets save CSV as UTF-8 with a mark, or in China as GB 18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadArchive(_("表格的文字编码读不懂，请另存为 UTF-8 的 CSV。"))
