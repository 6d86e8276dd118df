"""Content-addressed files: a file's name is the SHA-256 of its bytes, so the same paper is kept once and
cannot change.

Files go through Django's default storage (a folder, or S3 when set). They are never under a public address:
a page that may show one
answers with ``download``.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.http import FileResponse
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.problems import NotFound

log = logging.getLogger(__name__)

PIECE = 64 * 1024
SHOWN_INLINE = {"application/pdf", "image/jpeg", "image/png"}
"""Types that a browser may show by itself; everything else is saved."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
"""For a stored document shown alone: no script, no request, not even its own."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PREFIX = re.compile(r"[0-9a-f]{2}")


class NoSuchFile(LookupError):
    """No file of that digest is stored."""


def digest_of(file: BinaryIO) -> str:
    """Return the SHA-256 of the file from its start, in hexadecimal; the file is rewound."""
    total = hashlib.sha256()
    file.seek(0)
    while piece := file.read(PIECE):
        total.update(piece)
    file.seek(0)
    return total.hexdigest()


def save(file: BinaryIO) -> str:
    """Store the file, or note that it was saved again; return its digest. Two savers of one file at once do no harm."""
    digest = digest_of(file)
    name = _name(digest)
    storage = _storage()
    if not (storage.exists(name) and _saved_again(storage, name)):
        saved = storage.save(name, File(file))
        if saved != name:
            storage.delete(saved)
        file.seek(0)
    return digest


def _saved_again(storage: Storage, name: str) -> bool:
    """Let a stored file count as saved now; a storage of objects does so only when it gets the bytes once more."""
    try:
        os.utime(storage.path(name))
    except (NotImplementedError, FileNotFoundError):
        return False
    return True


def saved_at(digest: str) -> datetime:
    """Return when a stored file was saved last. One that is gone counts as saved just now: there is nothing to do with it."""
    try:
        return _storage().get_modified_time(_name(digest))
    except FileNotFoundError:
        return clock.now()


def stored(part: int, parts: int) -> Iterator[str]:
    """Give the digests of one of several parts of the store."""
    storage = _storage()
    for first in _folders(storage, ""):
        if int(first, 16) % parts == part:
            for second in _folders(storage, first):
                yield from (one for one in storage.listdir(f"{first}/{second}")[1] if _DIGEST.fullmatch(one))


def _folders(storage: Storage, path: str) -> list[str]:
    try:
        return sorted(one for one in storage.listdir(path)[0] if _PREFIX.fullmatch(one))
    except FileNotFoundError:
        return []


def exists(digest: str) -> bool:
    """Say whether a file of that digest is stored."""
    return _storage().exists(_name(digest))


def open_file(digest: str) -> BinaryIO:
    """Open a stored file for reading. Raises NoSuchFile."""
    try:
        return _storage().open(_name(digest), "rb")
    except FileNotFoundError:
        raise NoSuchFile(digest) from None


def intact(digest: str) -> bool:
    """Read a stored file through and say whether its bytes still have its digest. Raises NoSuchFile."""
    with open_file(digest) as file:
        return digest_of(file) == digest


def delete(digest: str) -> None:
    """Delete a stored file; nothing happens if it is not there. Only ``keeping`` knows that nobody refers to it."""
    _storage().delete(_name(digest))


def download(digest: str, *, name: str, media_type: str, inline: bool = False) -> FileResponse:
    """Answer with a stored file under ``name``. Raises NotFound if the store has lost it; the log says so too.

    The type is the one found when it was taken in, never guessed from its name; ``inline`` shows it in the
    browser if that is safe
    for its type. The whole file is sent: ranges are not offered.
    """
    shown = inline and media_type in SHOWN_INLINE
    try:
        file = open_file(digest)
    except NoSuchFile:
        log.error("store.file_lost", extra={"digest": digest})
        raise NotFound(_("没有找到这个文件。")) from None
    response = FileResponse(file, as_attachment=not shown, filename=name, content_type=media_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Accept-Ranges"] = "none"
    return response


def _storage() -> Storage:
    return storages["default"]


def _name(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise NoSuchFile(digest)
    return f"{digest[:2]}/{digest[2:4]}/{digest}"
