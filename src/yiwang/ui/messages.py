"""Message catalogues: Chinese sentences are the keys, other languages translate them.

Messages are taken from Python by Babel's own reader and from templates by Django's ``templatize``;
catalogues are sorted and
carry no line numbers, so that two people's changes merge. ``*.mo`` files are built, never committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).resolve().parents[1]
LOCALE = PACKAGE / "locale"
LANGUAGES = ("en",)
"""Languages that need a catalogue; Chinese is the key itself."""

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "later": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
"""What marks a sentence; modules that use ``_`` for ``gettext`` call ``gettext_lazy`` ``later``."""

_RESTLESS = tuple(
    f'"{name}:'
    for name in (
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Last-Translator",
        "Language-Team",
        "Report-Msgid-Bugs-To",
        "Project-Id-Version",
        "Generated-By",
    )
)
"""Headers that name people and moments: version control knows both."""

Key = tuple[str, str | tuple[str, str]]
"""Context (may be empty) and the message, or its singular and plural."""


def catalogue_path(language: str) -> Path:
    """Return the catalogue of a language."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def sources(*packages: str) -> Iterator[Path]:
    """Yield the Python files and templates of the packages under ``yiwang`` (all if none named).

    Without their tests.
    """
    for package in packages or ("",):
        for path in sorted((PACKAGE / package.replace(".", "/")).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and not {"tests", "migrations"} & set(path.parts):
                yield path


def extract(path: Path) -> Iterator[Key]:
    """Yield the messages of one file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Indentation of markup means nothing in Python, which reads the result.
        text = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines()) + "\n"
    source = BytesIO(text.encode())
    for _line, name, message, _comments in extract_python(source, list(KEYWORDS), (), {"encoding": "utf-8"}):
        parts = [part for part in (message if isinstance(message, tuple) else (message,)) if part]
        if not parts:
            continue
        context = parts.pop(0) if "pgettext" in name else ""
        if "ngettext" in name or "npgettext" in name:
            yield context, (parts[0], parts[1])
        else:
            yield context, parts[0]


def collect(paths: Iterable[Path]) -> set[Key]:
    """Return the messages of several files."""
    return {key for path in paths for key in extract(path)}


def read(language: str) -> Catalog:
    """Read a catalogue; an empty one if the file is not there."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language, domain="django", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def untranslated(language: str, *packages: str) -> list[str]:
    """Return messages that the packages use and the language's catalogue lacks.

    For guard tests of every room.
    """
    catalogue = read(language)
    missing = []
    for context, message in sorted(collect(sources(*packages)), key=str):
        singular = message if isinstance(message, str) else message[0]
        entry = catalogue.get(singular, context or None)
        texts = entry.string if entry and isinstance(entry.string, tuple | list) else (entry.string if entry else "",)
        if not all(texts):
            missing.append(singular)
    return missing


def update(language: str) -> list[str]:
    """Bring a catalogue up to the sources: new messages are added, unused ones dropped, translations kept.

    Returns what still has no translation.
    """
    old = read(language)
    new = Catalog(locale=language, domain="django", project="yiwang", fuzzy=False, header_comment="# yiwang")
    for context, message in sorted(collect(sources()), key=str):
        singular = message if isinstance(message, str) else message[0]
        entry = old.get(singular, context or None)
        kept = entry.string if entry else ""
        if isinstance(kept, str) == isinstance(message, tuple):  # it became, or is no longer, one with a plural
            kept = ""
        new.add(message, kept, context=context or None)
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, new)
    return untranslated(language)


def write(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue sorted, without line numbers and without headers that change by themselves."""
    buffer = BytesIO()
    write_po(buffer, catalogue, sort_output=True, no_location=True, width=110)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    path.write_text("".join(one for one in lines if not one.startswith(_RESTLESS)), encoding="utf-8")


def stale() -> bool:
    """Say whether a compiled catalogue is missing or older than its text."""
    return any(_is_stale(catalogue_path(language)) for language in LANGUAGES)


def compile_catalogues(*, force: bool = False) -> int:
    """Compile the catalogues that changed; return how many were written."""
    written = 0
    for language in LANGUAGES:
        path = catalogue_path(language)
        if not path.exists() or not (force or _is_stale(path)):
            continue
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, read(language))
        written += 1
    return written


def _is_stale(path: Path) -> bool:
    compiled = path.with_suffix(".mo")
    if not path.exists():
        return False
    return not compiled.exists() or compiled.stat().st_mtime < path.stat().st_mtime
