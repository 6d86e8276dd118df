import gzip
import json
import re
import time

import pytest

from yiwang.ui import assets
from yiwang.ui.fonts import typst_font_dirs

pytestmark = pytest.mark.skipif(
    not (assets.ROOT / "node_modules" / ".bin" / "esbuild").exists(), reason="npm ci has not run"
)


@pytest.fixture
def output(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "OUTPUT", tmp_path / "build")
    assets._manifest.cache_clear()
    assets.url.cache_clear()
    yield tmp_path / "build"
    assets._manifest.cache_clear()
    assets.url.cache_clear()


def test_a_build_names_files_by_content_and_the_second_does_nothing(output, settings):
    assert assets.stale()
    before = time.process_time()
    built = assets.build()
    assert time.process_time() - before < 2
    assert built.changed
    assert not assets.stale()
    assert not assets.build().changed
    assert assets.build(force=True).files == built.files
    for name in built.files.values():
        content = (output / name).read_bytes()
        assert gzip.decompress((output / f"{name}.gz").read_bytes()) == content
    assert assets.url("yiwang.css") == f"/static/build/{built.files['yiwang.css']}"
    assert re.search(settings.WHITENOISE_IMMUTABLE_FILE_TEST, assets.url("yiwang.css"))
    assert not re.search(settings.WHITENOISE_IMMUTABLE_FILE_TEST, assets.url("manifest.json"))


def test_a_changed_source_or_a_lost_file_makes_it_stale_and_old_files_go(output, monkeypatch, tmp_path):
    first = assets.build().files
    (output / first["yiwang.js"]).unlink()
    assert assets.stale()
    assets.build()
    monkeypatch.setattr(assets, "digest", lambda: "other")
    assert assets.stale()
    (output / "yiwang.old.css").write_text("")
    assets.build()
    assert not (output / "yiwang.old.css").exists()


def test_what_is_built_needs_no_outside_and_no_eval_of_ours(output):
    files = assets.build().files
    sheet = (output / files["yiwang.css"]).read_text()
    assert "@import" not in sheet
    assert "url(" not in sheet
    assert len(gzip.compress(sheet.encode())) < 20_000
    script = (output / files["yiwang.js"]).read_bytes()
    assert len(gzip.compress(script)) < 30_000
    assert json.loads((output / "manifest.json").read_text())["files"] == files


def test_a_missing_tool_is_one_clear_line(output, monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    with pytest.raises(assets.BuildError, match="npm ci"):
        assets.build()


def test_documents_find_their_fonts():
    names = {path.name for folder in typst_font_dirs() for path in folder.iterdir()}
    assert any(name.startswith("NotoSansSC") or "CJK" in name for name in names)
