"""Taking files in: what it really is, how large, what hides in it, whether a scanner objects.

``accept`` looks at the content, never at the name or the type that the browser claims. A refusal is a
sentence that says what to do.
A scanner that does not answer refuses nothing: the file is kept as UNSCANNED, and the room that keeps it
scans again before
anyone opens it.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import BinaryIO

import filetype
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from . import store
from .scanning import ScanUnavailable, scanners

MEGABYTE = 1024 * 1024
MAX_PIXELS = 60_000_000
"""Largest picture, in pixels.

Beyond any telephone's camera in use, below what would fill a worker's memory.
"""

MAX_INFLATED = 32 * MEGABYTE
"""How much of a PDF's packed structure is unpacked to look inside."""

MAX_PAGES = 500
NAME_LENGTH = 80


class Scan(StrEnum):
    """What the virus scanner said."""

    CLEAN = "clean"
    UNSCANNED = "unscanned"


class Caution(StrEnum):
    """What an official should know before opening a file."""

    SCRIPT = "script"
    ATTACHMENT = "attachment"
    LAUNCH = "launch"


class Refused(ValueError):
    """The file cannot be taken; the message says why and what to do instead."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Limits:
    """What one field takes: ``types`` by media type, bytes a file, files altogether."""

    types: tuple[str, ...] = ("application/pdf", "image/jpeg", "image/png")
    max_size: int = 20 * MEGABYTE
    max_files: int = 20


DEFAULT = Limits()

ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was taken: its cleaned name, what it is, and its digest in the store."""

    name: str
    size: int
    media_type: str
    digest: str
    pages: int = 1
    width: int = 0
    height: int = 0
    cautions: tuple[Caution, ...] = ()
    scan: Scan = Scan.CLEAN

    @property
    def is_image(self) -> bool:
        """Say whether it is a picture."""
        return self.media_type.startswith("image/")


def accept(file: UploadedFile, limits: Limits = DEFAULT) -> Upload:
    """Check a file and put it into the store. Raises Refused."""
    name = clean_name(file.name or "")
    size = file.size or 0
    if size == 0:
        raise Refused("empty", _("“%(name)s”是空的，请重新选择文件") % {"name": name})
    if size > limits.max_size:
        words = {"name": name, "size": megabytes(size), "limit": megabytes(limits.max_size)}
        raise Refused("size", _("“%(name)s”有 %(size)s，超过 %(limit)s，请压缩或分成几个文件") % words)
    media_type = recognise(file.file, name, limits.types)
    if media_type == "application/pdf":
        pages, cautions = inspect_pdf(file.file, name)
        width = height = 0
    else:
        width, height = inspect_image(file.file, name, media_type)
        pages, cautions = 1, ()
    scan = _scan(file.file, name)
    digest = store.save(file.file)
    name = with_ending(name, media_type)
    return Upload(name, size, media_type, digest, pages, width, height, cautions, scan)


KEPT = "_kept-"
"""Beginning of the name of a hidden field that stands for a file that was taken before (``mark``)."""


def mark(taken: Upload) -> str:
    """Return a signed word that stands for a stored file for an hour, so that a form can be sent again with it."""
    return signing.dumps(asdict(taken), salt=KEPT)


def received(request: HttpRequest, name: str, limits: Limits = DEFAULT) -> tuple[list[Upload], list[str]]:
    """Take every file that was posted under ``name``, and those kept from before; return them and the refusals."""
    taken, refused = [], []
    for word in request.POST.getlist(f"{KEPT}{name}"):
        try:
            known = signing.loads(word, salt=KEPT, max_age=3600)
        except signing.BadSignature:
            continue
        cautions = tuple(Caution(one) for one in known.pop("cautions"))
        taken.append(Upload(**known | {"cautions": cautions, "scan": Scan(known["scan"])}))
    for file in request.FILES.getlist(name):
        try:
            taken.append(accept(file, limits))
        except Refused as error:
            refused.append(error.message)
    return taken, refused


def rescan(digest: str) -> Scan:
    """Scan a stored file again. Raises Refused if it holds a threat, NoSuchFile if it is gone."""
    with store.open_file(digest) as file:
        return _scan(file, digest[:8])


def recognise(file: BinaryIO, name: str, types: tuple[str, ...] = DEFAULT.types) -> str:
    """Return the media type by content. Raises Refused, with the way out for what people usually send."""
    file.seek(0)
    head = file.read(8192)
    if head.startswith(b"%PDF-"):
        found = "application/pdf"
    elif head.startswith(b"\xff\xd8\xff"):
        found = "image/jpeg"
    elif head.startswith(b"\x89PNG\r\n\x1a\n"):
        found = "image/png"
    else:
        kind = filetype.guess(head)
        found = kind.mime if kind else ""
    if found in types:
        return found
    raise Refused("type", _wrong_type(found, name))


def _wrong_type(found: str, name: str) -> str:
    words = {"name": name}
    if found in {"image/heic", "image/heif", "image/avif"}:
        return _("“%(name)s”是苹果手机的 HEIC 照片，这里打不开。请在相册里选“导出为 JPG”再传，或直接拍照") % words
    if "word" in found or "excel" in found or "sheet" in found or "powerpoint" in found or "opendocument" in found:
        return _("“%(name)s”是办公文档，请在软件里“另存为 PDF”再传") % words
    if found in {
        "application/zip",
        "application/x-rar-compressed",
        "application/x-7z-compressed",
        "application/gzip",
    }:
        return _("“%(name)s”是压缩包，请解压后逐个上传") % words
    if found.startswith("image/"):
        return _("“%(name)s”的图片格式不常用，请另存为 JPG 或 PNG 再传") % words
    if found.startswith(("video/", "audio/")):
        return _("“%(name)s”是音频或视频，这里只收 PDF、JPG、PNG") % words
    return _("“%(name)s”不是 PDF、JPG 或 PNG，请换成这三种格式再传") % words


# --- PDF
# ---------------------------------------------------------------------------------------------------------

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_LOCK = re.compile(rb"/Encrypt(?![A-Za-z])")
_CAUTIONS = (
    (Caution.SCRIPT, re.compile(rb"/JavaScript(?![A-Za-z])|/XFA[\s\[]")),
    (Caution.ATTACHMENT, re.compile(rb"/(EmbeddedFiles?|RichMedia)(?![A-Za-z])")),
    (Caution.LAUNCH, re.compile(rb"/(Launch|ImportData)(?![A-Za-z])")),
)
_ARCHIVE_END = b"PK\x05\x06"
_ARCHIVE_TAIL = 66_000
"""An archive's last record with its longest comment lies within this many bytes of the end."""


def inspect_pdf(file: BinaryIO, name: str) -> tuple[int, tuple[Caution, ...]]:
    """Return the number of pages and what hides in a PDF. Raises Refused if it is broken, locked or no plain
    PDF.

    The file is searched, not interpreted: names are un-escaped (``/J#61vaScript``), packed object lists
    unpacked up to a limit.
    The words looked for are too long to turn up in packed drawings by chance.
    """
    file.seek(0)
    content = file.read()
    end = content.rfind(b"%%EOF")
    if end < 0 or b"startxref" not in content[-4096:] or content[end + 5 :].strip(b"\r\n\0 \t"):
        raise Refused("broken", _("“%(name)s”不完整或后面夹带了别的内容，请重新导出 PDF 再传") % {"name": name})
    text = b"\n".join(_unescaped(part) for part in (content, *_object_lists(content, name)))
    if _LOCK.search(text):
        raise Refused("locked", _("“%(name)s”加了密码，请去掉密码再传") % {"name": name})
    pages = len(_PAGE.findall(text))
    if pages == 0:
        raise Refused("broken", _("“%(name)s”里没有一页，请重新导出 PDF 再传") % {"name": name})
    if pages > MAX_PAGES:
        words = {"name": name, "pages": pages, "limit": MAX_PAGES}
        raise Refused("pages", _("“%(name)s”有 %(pages)s 页，超过 %(limit)s 页，请分成几个文件") % words)
    cautions = {caution for caution, pattern in _CAUTIONS if pattern.search(text)}
    if _ARCHIVE_END in content[-_ARCHIVE_TAIL:]:
        cautions.add(Caution.ATTACHMENT)
    return pages, tuple(sorted(cautions))


def _unescaped(part: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), part)


def _object_lists(content: bytes, name: str) -> Iterator[bytes]:
    """Yield the unpacked object lists (``/ObjStm``), up to MAX_INFLATED altogether. Raises Refused beyond."""
    left = MAX_INFLATED
    before = 0
    for found in _STREAM.finditer(content):
        header = _unescaped(content[max(before, found.start() - 2000) : found.start()])
        before = found.end()
        if b"/ObjStm" not in header[header.rfind(b"endobj") + 1 :]:
            continue
        stop = content.find(b"endstream", found.end())
        packed = content[found.end() : stop if stop >= 0 else len(content)]
        if b"FlateDecode" not in header:
            yield packed
            continue
        try:
            unpacker = zlib.decompressobj()
            part = unpacker.decompress(packed, left)
        except zlib.error:
            raise Refused("broken", _("“%(name)s”已损坏，请重新导出 PDF 再传") % {"name": name}) from None
        left -= len(part)
        if unpacker.unconsumed_tail or left <= 0:
            raise Refused("bomb", _("“%(name)s”展开后过大，请重新导出 PDF 再传") % {"name": name})
        yield part


# --- Pictures
# ----------------------------------------------------------------------------------------------------

_FOREIGN = (b"%pdf-", b"<?php", b"<script", b"<html", b"<svg")
"""Beginnings of other files, in lower case, that have no business behind a picture's end."""

_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def inspect_image(file: BinaryIO, name: str, media_type: str) -> tuple[int, int]:
    """Return width and height in pixels.

    Raises Refused if it is broken, too large to open, or hides another file.
    """
    try:
        file.seek(0)
        with Image.open(file, formats=["JPEG", "PNG"]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Refused("bomb", _too_large(name, width, height))
            image.verify()
    except Refused:
        raise
    except Image.DecompressionBombError:
        raise Refused("bomb", _too_large(name)) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, zlib.error):
        raise Refused("broken", _("“%(name)s”打不开，可能没有传完，请重新拍照或重传") % {"name": name}) from None
    if _behind(file, media_type):
        raise Refused("polyglot", _("“%(name)s”的图片后面夹带了别的内容，请重新拍照或截图再传") % {"name": name})
    return width, height


def _too_large(name: str, width: int = 0, height: int = 0) -> str:
    if width:
        words = {"name": name, "width": width, "height": height}
        return _("“%(name)s”有 %(width)s×%(height)s 像素，太大，请缩小后再传") % words
    return _("“%(name)s”的像素太多，请缩小后再传") % {"name": name}


def _behind(file: BinaryIO, media_type: str) -> bool:
    """Say whether another file stands behind the picture's end.

    Telephones append pictures of their own: those may stay.
    """
    file.seek(0)
    content = file.read()
    if media_type == "image/png":
        return bool(content[_png_end(content) :].strip(b"\0\r\n "))
    tail = content[_jpeg_end(content) :]
    return _ARCHIVE_END in tail[-_ARCHIVE_TAIL:] or any(mark in tail.lower() for mark in _FOREIGN)


def _png_end(content: bytes) -> int:
    """Return where a PNG ends: after its IEND chunk."""
    at = 8
    while at + 12 <= len(content):
        kind = content[at + 4 : at + 8]
        at += 12 + int.from_bytes(content[at : at + 4], "big")
        if kind == b"IEND":
            break
    return at


def _jpeg_end(content: bytes) -> int:
    """Return where a JPEG ends: after the end marker of its own image, not of a thumbnail inside a header."""
    at = 2
    while found := _NEXT_MARKER.search(content, at):
        marker, at = content[found.start() + 1], found.end()
        if marker == 0xD9:
            return at
        # Every other marker has a length; behind that of a scan (0xDA) packed data runs to the next marker.
        at += max(int.from_bytes(content[at : at + 2], "big"), 2)
    return len(content)


# --- Names and sizes
# -----------------------------------------------------------------------------------------------


def clean_name(raw: str) -> str:
    """Return a name that can be shown and saved anywhere.

    No path, no hidden signs, no reversed writing, not too long.
    """
    text = unicodedata.normalize("NFC", raw.replace("\\", "/"))
    text = PurePosixPath(text).name
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    text = re.sub(r'[<>:"/|?*]+', "_", text).strip().rstrip(" .")
    stem, dot, ending = text.rpartition(".")
    if not (dot and len(ending) <= 5):
        stem, dot, ending = text, "", ""
    return (stem.strip(" .")[:NAME_LENGTH].strip() or _("文件")) + dot + ending.strip()


def with_ending(name: str, media_type: str) -> str:
    """Return the name with the ending of what the file really is."""
    ending = ENDINGS[media_type]
    if name.lower().endswith((ending, ".jpeg" if ending == ".jpg" else ending)):
        return name
    known = PurePosixPath(name).suffix.lower() in {".jpg", ".jpeg", ".png", ".pdf"}
    return (name.rpartition(".")[0] if known else name) + ending


def megabytes(size: int) -> str:
    """Say a size in KB or MB."""
    return f"{max(size // 1024, 1)} KB" if size < MEGABYTE else f"{size / MEGABYTE:.1f} MB".replace(".0 ", " ")


def _scan(file: BinaryIO, name: str) -> Scan:
    file.seek(0)
    try:
        verdict = scanners.selected().scan(file)
    except ScanUnavailable:
        return Scan.UNSCANNED
    finally:
        file.seek(0)
    if not verdict.clean:
        words = {"name": name, "threat": verdict.threat}
        raise Refused("virus", _("“%(name)s”里查出病毒（%(threat)s），没有收下。请换一台电脑另存后再传") % words)
    return Scan.CLEAN
