import hashlib
import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from yiwang.ui import store


@pytest.fixture(autouse=True)
def _files(folder):
    """Every test here stores files."""


def test_a_file_is_found_by_the_digest_of_its_bytes(folder):
    digest = store.save(io.BytesIO(b"paper"))
    assert digest == hashlib.sha256(b"paper").hexdigest()
    assert store.exists(digest)
    assert store.open_file(digest).read() == b"paper"
    assert store.intact(digest)
    assert (folder / digest[:2] / digest[2:4] / digest).read_bytes() == b"paper"


def test_the_same_bytes_are_kept_once_even_if_many_save_at_once(folder):
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(lambda _n: store.save(io.BytesIO(b"x" * 100_000)), range(32)))
    assert len(digests) == 1
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1


def test_a_changed_file_is_noticed(folder):
    digest = store.save(io.BytesIO(b"paper"))
    path = folder / digest[:2] / digest[2:4] / digest
    path.chmod(0o644)
    path.write_bytes(b"paqer")
    assert not store.intact(digest)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n", "a" * 64])
def test_what_is_not_stored_is_not_found(digest):
    with pytest.raises(store.NoSuchFile):
        store.open_file(digest)


def test_a_download_is_an_attachment_that_nobody_sniffs_or_keeps():
    digest = store.save(io.BytesIO(b"paper"))
    response = store.download(digest, name="准予 决定书.pdf", media_type="application/pdf")
    assert b"".join(response.streaming_content) == b"paper"
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''%E5%87%86")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "sandbox" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("media_type", "shown"),
    [("image/png", "inline"), ("text/html", "attachment"), ("image/svg+xml", "attachment")],
)
def test_only_safe_types_are_shown_in_the_browser(media_type, shown):
    digest = store.save(io.BytesIO(b"paper"))
    response = store.download(digest, name="a.bin", media_type=media_type, inline=True)
    assert response.headers["Content-Disposition"].startswith(shown)
    response.close()
