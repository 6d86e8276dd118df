"""A foreign PDF is opened in a process of its own, which has little memory and little time: what breaks there breaks alone.

Run as ``python -m yiwang.platform.papers.pdf FOLDER [PAGE]``: it reads ``in.pdf`` of the folder and prints how many pages there
are, or draws the page as ``page.png`` and writes its text layer as ``page.txt``. Typst draws it, as it draws our documents.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite, sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

SECONDS = 40
MEMORY = 3 * 1024**3
"""Bytes of address space."""
DOTS = 200
"""Pixels an inch that a page is drawn with."""
MOST_PIXELS = 25_000_000
MOST_PAGES = 200
LARGEST_FILE = 512 * 1024**2
"""Bytes of what it may write."""
_NEEDED = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "LC_ALL")
TEXT = 20_000
"""Signs of a page's text layer that are kept."""
_DRAW = '#set page(width: auto, height: auto, margin: 0pt)\n#image("in.pdf", page: int(sys.inputs.page))\n'


class Unreadable(ValueError):
    """The PDF, or the page, cannot be opened: broken, locked, or too much of something."""


def count(file: BinaryIO) -> int:
    """Return how many pages a PDF has, counted one by one and at most one more than MOST_PAGES. Raises Unreadable."""
    with _laid(file) as folder:
        return int(_run(folder))


def page(file: BinaryIO, number: int) -> tuple[bytes, str]:
    """Return a page (from 1) as PNG, and its text layer. Raises Unreadable."""
    with _laid(file) as folder:
        _run(folder, str(number))
        return (folder / "page.png").read_bytes(), (folder / "page.txt").read_text("utf-8")


@contextmanager
def _laid(file: BinaryIO) -> Iterator[Path]:
    with TemporaryDirectory(prefix="yiwang-scan-") as name:
        (Path(name) / "in.pdf").write_bytes(file.read())
        yield Path(name)


def _run(folder: Path, *arguments: str) -> str:
    # No key and no password goes along; a thread's stack and heap count as address space, however little of them is used.
    environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    environment |= {"RAYON_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    command = [sys.executable, "-m", __name__, str(folder), *arguments]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECONDS + 10, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("it takes too long") from None
    if done.returncode:
        raise Unreadable((done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1][:200])
    return done.stdout


# --- in the process of its own ---


def _pages(reader: Any) -> Iterator[Any]:
    """Yield the leaves of the tree of pages, however it is built: it may name one page a thousand times, or itself."""
    waiting, seen = [reader.trailer["/Root"].get_object()["/Pages"].get_object()], 0
    while waiting and seen < 20 * MOST_PAGES:
        node = waiting.pop()
        seen += 1
        if "/Kids" in node:
            waiting.extend(one.get_object() for one in reversed(node["/Kids"][: MOST_PAGES + 1]))
        else:
            yield node


def _count(reader: Any) -> int:
    return sum(1 for _page, _number in zip(_pages(reader), range(MOST_PAGES + 1), strict=False))


def _dots(node: Any) -> float:
    """Return with how many pixels an inch a page can be drawn."""
    while "/MediaBox" not in node:
        node = node["/Parent"].get_object()
    left, bottom, right, top = (float(one) for one in node["/MediaBox"])
    area = abs(right - left) * abs(top - bottom) / 72**2
    if not isfinite(area) or area <= 0:
        raise ValueError("the page has no size")
    return min(float(DOTS), sqrt(MOST_PIXELS / area))


def main() -> None:
    """Count the pages, or draw one."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder = Path(sys.argv[1])
    from pypdf import PdfReader

    reader = PdfReader(folder / "in.pdf")
    if reader.is_encrypted:
        raise ValueError("the PDF is locked")
    if len(sys.argv) < 3:
        sys.stdout.write(str(_count(reader)))
        return
    number = int(sys.argv[2])
    node = next(one for at, one in enumerate(_pages(reader), 1) if at == number)
    import typst

    (folder / "draw.typ").write_text(_DRAW)
    typst.compile(
        str(folder / "draw.typ"),
        output=str(folder / "page.png"),
        root=str(folder),
        format="png",
        ppi=_dots(node),
        sys_inputs={"page": str(number)},
        ignore_system_fonts=True,
    )
    try:
        text = reader.pages[number - 1].extract_text()[:TEXT]
    except Exception:
        text = ""  # the picture is what counts
    (folder / "page.txt").write_text(text, "utf-8", "replace")


if __name__ == "__main__":
    main()
