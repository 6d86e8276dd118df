"""Where the fonts of documents are: the npm packages with static files, or the system's."""

from __future__ import annotations

from pathlib import Path

from .assets import ROOT

PACKAGES = ("noto-sans-sc", "noto-serif-sc")
WEIGHTS = ("400Regular", "700Bold")
SYSTEM = (Path("/usr/share/fonts/opentype/noto"), Path("/usr/share/fonts/noto-cjk"))


def typst_font_dirs() -> list[Path]:
    """Return folders to give Typst as font paths: regular and bold of both faces; empty if no font is
    installed.

    Only static fonts are named: Typst draws variable ones in their thinnest weight.
    """
    packages = ROOT / "node_modules" / "@expo-google-fonts"
    folders = [packages / package / weight for package in PACKAGES for weight in WEIGHTS]
    found = [folder for folder in folders if any(folder.glob("*.ttf"))]
    return found or [folder for folder in SYSTEM if folder.is_dir()]
