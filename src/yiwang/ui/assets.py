"""The static build: sources to hashed files, and the way from a plain name to its hashed address.

``build()`` bundles and minifies the sheets and scripts with esbuild, copies the icon sprite, names every
file by its content and
writes ``manifest.json`` beside them. It is idempotent: with unchanged sources it does nothing. Old files are
removed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.templatetags.static import static

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "static_src"
OUTPUT = HERE / "static" / "build"
ROOT = HERE.parents[2]
"""Top of the repository: where ``package.json`` and ``node_modules`` are."""

ENTRIES = {"yiwang.css": "css/main.css", "components.css": "css/swatches.css", "yiwang.js": "js/main.js"}
COPIES = ("icons.svg",)
BROWSERS = "chrome86,firefox78,safari14"
"""The oldest browsers of the city's kiosks."""

PACKED = {".css", ".js", ".svg"}
"""Endings for which a gzip neighbour is written, so that nothing is packed while serving."""


class BuildError(RuntimeError):
    """The build could not run; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did: ``files`` by plain name, and whether anything was ``changed``."""

    files: dict[str, str]
    changed: bool


def digest() -> str:
    """Return the digest of everything that decides the output.

    Our sources, the pinned packages, this module.
    """
    total = hashlib.sha256()
    sources = sorted(path for path in SOURCE.rglob("*") if path.is_file())
    for path in [*sources, ROOT / "package-lock.json", Path(__file__)]:
        if path.exists():
            total.update(str(path.name).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def stale() -> bool:
    """Say whether the sources changed since the last build, or nothing was built.

    Or a built file is missing.
    """
    manifest = _read_manifest()
    if manifest.get("sources") != digest():
        return True
    return not all((OUTPUT / name).exists() for name in manifest["files"].values())


def build(*, force: bool = False) -> Built:
    """Build the static files unless they are fresh.

    Raises BuildError when esbuild is missing (run ``npm ci``) or refuses a source.
    """
    if not force and not stale():
        return Built(files=_read_manifest()["files"], changed=False)
    with tempfile.TemporaryDirectory() as folder:
        fresh = _bundle(Path(folder))
        fresh |= {name: SOURCE / name for name in COPIES}
        contents = {name: path.read_bytes() for name, path in fresh.items()}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    files = {name: _write(name, content) for name, content in contents.items()}
    kept = {*files.values(), *(f"{name}.gz" for name in files.values()), "manifest.json"}
    for path in OUTPUT.iterdir():
        if path.name not in kept:
            path.unlink()
    text = json.dumps({"sources": digest(), "files": files}, indent=1, sort_keys=True)
    (OUTPUT / "manifest.json").write_text(text + "\n", encoding="utf-8")
    _manifest.cache_clear()
    return Built(files=files, changed=True)


def _bundle(folder: Path) -> dict[str, Path]:
    """Run esbuild over the entries; return the bundled file of each plain name."""
    tool = ROOT / "node_modules" / ".bin" / "esbuild"
    if not tool.exists() or shutil.which("node") is None:
        raise BuildError("缺少前端工具：请先安装 Node 20 以上，并在项目目录运行 npm ci。")
    entries = [f"{Path(name).stem}={SOURCE / source}" for name, source in ENTRIES.items()]
    command = [str(tool), *entries, f"--outdir={folder}", "--bundle", "--minify", "--charset=utf8"]
    # Safari 14 has one old bug with destructuring that none of this meets.
    command += [f"--target={BROWSERS}", "--supported:destructuring=true", "--format=esm"]
    command += ["--legal-comments=none", "--log-level=warning"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    if result.returncode:
        raise BuildError(f"esbuild: {result.stderr.strip()}")
    return {name: folder / name for name in ENTRIES}


def _write(name: str, content: bytes) -> str:
    """Write one file under its content's name, with a gzip neighbour; return that name."""
    plain = Path(name)
    hashed = f"{plain.stem}.{hashlib.sha256(content).hexdigest()[:12]}{plain.suffix}"
    (OUTPUT / hashed).write_bytes(content)
    if plain.suffix in PACKED:
        (OUTPUT / f"{hashed}.gz").write_bytes(gzip.compress(content, mtime=0))
    return hashed


def _read_manifest() -> dict:
    """Read the manifest from disk; an empty one if nothing was built."""
    path = OUTPUT / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"sources": "", "files": {}}


@lru_cache(maxsize=1)
def _manifest() -> dict[str, str]:
    """Return the built names, read once a process."""
    return _read_manifest()["files"]


@lru_cache(maxsize=256)
def url(name: str) -> str:
    """Return the address of a built file by its plain name, such as ``yiwang.css``.

    Without a build the plain address is given, so that pages still render (unstyled) and tests need no build.
    """
    return static(f"build/{_manifest().get(name, name)}")
