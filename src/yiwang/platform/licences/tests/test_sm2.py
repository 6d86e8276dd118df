"""SM2 seals, checked against two implementations that are not ours: gmssl (pure Python) and OpenSSL's command."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import pem, x509
from gmssl import func
from gmssl import sm2 as peer
from gmssl import sm3 as peer_digest
from pyhanko.sign.signers import Signer, SimpleSigner

from yiwang.kernel.plugins import Level
from yiwang.kernel.problems import Unavailable
from yiwang.platform.licences import drawing, signing, sm2
from yiwang.platform.licences.ofd import package, seal
from yiwang.platform.licences.ofd import signing as ofd_signing
from yiwang.platform.licences.signing import Seal, SignatureProvider, signatures
from yiwang.platform.licences.tests.conftest import AMR
from yiwang.platform.licences.tests.test_document import paper
from yiwang.platform.licences.tests.test_ofd import made

NOW = datetime.now(UTC)


def authority(name: str = "演示根") -> sm2.Held:
    key = sm2.generate()
    return sm2.Held(key, _certificate(name, key, None, key, authority=True))


def _certificate(name: str, key: sm2.SoftwareKey, above: Any, signer: Any, **changes: Any) -> x509.Certificate:
    given = {"first": NOW - timedelta(days=1), "last": NOW + timedelta(days=9), "authority": False} | changes
    subject = {"country_name": "CN", "common_name": name}
    return sm2.certificate(subject, bytes.fromhex(key.point), issuer=above, sign=signer.sign, **given)


def under(root: sm2.Held, name: str = "演示局", **changes: Any) -> sm2.Held:
    key = sm2.generate()
    return sm2.Held(key, _certificate(name, key, root.certificate, root, **changes))


def test_the_standards_digest() -> None:
    wanted = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905, annex A
    assert sm2.sm3(b"abc").hex() == wanted == peer_digest.sm3_hash(func.bytes_to_list(b"abc"))


def test_gmssl_believes_us_and_we_believe_it() -> None:
    key, message = sm2.generate(), "演示".encode()
    other = peer.CryptSM2(private_key=key.secret, public_key=key.point[2:], asn1=True)
    assert other.verify_with_sm3(key.sign(message).hex(), message)
    theirs = bytes.fromhex(other.sign_with_sm3(message))
    point = bytes.fromhex(key.point)
    assert sm2.verify(point, message, theirs)
    assert not sm2.verify(point, message + b"x", theirs)
    assert not sm2.verify(bytes.fromhex(sm2.generate().point), message, theirs)
    for at in range(len(theirs)):
        assert not sm2.verify(point, message, theirs[:at] + bytes([theirs[at] ^ 1]) + theirs[at + 1 :])
    assert not sm2.verify(point, message, theirs + b"\0")
    assert not sm2.verify(point, message, b"")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no OpenSSL command")
def test_openssl_believes_certificate_signature_and_key_file(tmp_path: Path) -> None:
    root = authority()
    leaf = under(root)
    for name, one in (("root", root), ("leaf", leaf)):
        (tmp_path / f"{name}.pem").write_bytes(pem.armor("CERTIFICATE", one.certificate.dump()))
    (tmp_path / "key.pem").write_bytes(sm2.to_file(leaf.key, [leaf.certificate], b"secret"))
    (tmp_path / "message").write_bytes(b"demo")
    (tmp_path / "signature").write_bytes(leaf.sign(b"demo"))

    def openssl(*words: str) -> str:
        done = subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        if "SM2" in done.stderr and "unsupported" in done.stderr:
            pytest.skip("this OpenSSL has no SM2")
        assert done.returncode == 0, done.stderr
        return done.stdout

    identity = "distid:1234567812345678"
    assert "OK" in openssl("verify", "-vfyopt", identity, "-CAfile", "root.pem", "leaf.pem")
    openssl("pkey", "-in", "key.pem", "-passin", "pass:secret", "-pubout", "-out", "public.pem")
    openssl("pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-in", "message", "-sigfile", "signature",
            "-rawin", "-digest", "sm3", "-pkeyopt", identity)  # fmt: skip


def test_key_files_open_by_their_password_only() -> None:
    root = authority()
    file = sm2.to_file(root.key, [root.certificate], b"secret")
    key, certificates = sm2.from_file(file, b"secret")
    assert key == root.key
    assert [one.dump() for one in certificates] == [root.certificate.dump()]
    for content, password in ((file, b"wrong"), (b"", b"secret"), (file[:200], b"secret")):
        with pytest.raises(sm2.BadKey):
            sm2.from_file(content, password)


def test_who_is_trusted() -> None:
    root = authority()
    leaf, stranger = under(root), under(authority())
    assert sm2.trusted(leaf.certificate, [root.certificate], NOW)
    assert not sm2.trusted(stranger.certificate, [root.certificate], NOW), "a root of the same name"
    assert not sm2.trusted(leaf.certificate, [], NOW)
    assert not sm2.trusted(leaf.certificate, [root.certificate], NOW + timedelta(days=10))
    assert not sm2.trusted(leaf.certificate, [root.certificate], NOW - timedelta(days=2))
    assert not sm2.trusted(root.certificate, [root.certificate], NOW), "an authority seals nothing"
    below = under(leaf)
    assert not sm2.trusted(below.certificate, [root.certificate], NOW)
    assert not sm2.trusted(below.certificate, [leaf.certificate], NOW), "who seals vouches for nobody"


def test_a_seal_of_somebody_else_is_a_strangers() -> None:
    content = made()
    roots = signatures.selected().seal_roots()
    assert ofd_signing.check(content, roots).found is ofd_signing.Found.GOOD
    assert ofd_signing.check(content, [authority().certificate]).found is ofd_signing.Found.STRANGER
    root = authority()
    parts = package.unpacked(content)
    forger = under(root, "冒充者")
    bare = {n: c for n, c in parts.items() if "/Signs/" not in n}
    forged = ofd_signing.signed(
        bare, seal.make("冒充", "1", seal.Picture(b"", 1), forger, forger), forger, page=1, box=(1, 1, 9, 9), at=NOW
    )
    assert signing.inspect(forged).seal is Seal.STRANGER
    assert signing.inspect(forged).signer == "冒充者"
    ours = parts[ofd_signing.ESEAL]
    stolen = ofd_signing.signed(bare, ours, forger, page=1, box=(1, 1, 9, 9), at=NOW)
    assert signing.inspect(stolen).seal is Seal.BROKEN, "our seal, another's key"


def test_nothing_can_be_added_changed_or_taken_away() -> None:
    parts = package.unpacked(made())
    page = "Doc_0/Pages/Page_0/Content.xml"
    for changed in (
        parts | {page: parts[page].replace("演示餐饮".encode(), "冒充餐饮".encode())},
        parts | {"Doc_0/Attachs/more.txt": b"more"},
        {name: one for name, one in parts.items() if not name.endswith("certificate.json")},
        {name: one for name, one in parts.items() if name != ofd_signing.VALUE},
        parts | {ofd_signing.SIGNATURE: parts[ofd_signing.SIGNATURE].replace(b'Boundary="', b'Boundary="1')},
    ):
        assert signing.inspect(package.packed(changed)).seal is Seal.BROKEN
    unsigned = {name: one for name, one in parts.items() if "/Signs/" not in name}
    assert signing.inspect(package.packed(unsigned)).seal is Seal.NONE


class Device(SignatureProvider):
    """An HSM as a plugin sees it: keys that cannot be taken out, only asked; it counts."""

    label = "演示密码机"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._root = authority()
        self._held = under(self._root)
        self._demo = signatures._plugins["demo"]

    def signer(self, issuer_code: str, issuer_name: str) -> Signer:
        inner = self._demo.signer(issuer_code, issuer_name)
        device = self

        class Outside(Signer):
            async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
                device.asked.append("pdf")
                assert isinstance(inner, SimpleSigner)
                return await inner.async_sign_raw(data, digest_algorithm, dry_run)

        return Outside(signing_cert=inner.signing_cert, cert_registry=inner.cert_registry)

    def roots(self) -> list[x509.Certificate]:
        return self._demo.roots()

    def seal_signer(self, issuer_code: str, issuer_name: str) -> seal.Signer:
        device = self

        class Outside:
            certificate = device._held.certificate

            def sign(self, message: bytes) -> bytes:
                device.asked.append("ofd")
                return device._held.sign(message)

        return Outside()

    def seal_roots(self) -> list[x509.Certificate]:
        return [self._root.certificate]


def test_a_device_that_keeps_its_keys_fits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device()
    monkeypatch.setitem(signatures._plugins, "device", device)
    settings.YIWANG_PLUGINS = {"licences.signature": "device"}
    assert signing.inspect(made()).seal is Seal.GOOD
    pdf = signing.sign(
        drawing.draw(paper()),
        issuer_code=AMR.uscc,
        issuer_name=AMR.name,
        identifier="x",
        check_url="x",
        box=(1, 1, 9, 9),
    )
    assert signing.inspect(pdf).seal is Seal.GOOD
    assert set(device.asked) == {"pdf", "ofd"}


def test_an_outage_is_told(settings: Any) -> None:
    settings.YIWANG_PLUGINS = {"licences.signature": "outage"}
    with pytest.raises(Unavailable):
        made()


@pytest.mark.slow
def test_keys_from_files(settings: Any, tmp_path: Path) -> None:
    root = authority()
    held, maker = under(root), under(root, "演示制章")
    settings.YIWANG_PLUGINS = {"licences.signature": "file"}
    settings.YIWANG_SIGNATURE_FILE, settings.YIWANG_SIGNATURE_PASSWORD = str(tmp_path), "secret"
    assert made() == b"", "an issuer without SM2 key has no OFD"
    (tmp_path / f"{AMR.uscc}.sm2.pem").write_bytes(sm2.to_file(held.key, [held.certificate], b"secret"))
    (tmp_path / "maker.sm2.pem").write_bytes(sm2.to_file(maker.key, [maker.certificate], b"secret"))
    (tmp_path / "roots.pem").write_bytes(pem.armor("CERTIFICATE", root.certificate.dump()))
    content = made()
    assert signing.inspect(content).seal is Seal.STRANGER
    settings.YIWANG_SIGNATURE_ROOTS = str(tmp_path / "roots.pem")
    assert (signing.inspect(content).seal, signing.inspect(content).signer) == (Seal.GOOD, "演示局")
    settings.YIWANG_SIGNATURE_PASSWORD = "wrong"
    with pytest.raises(Unavailable):
        made()
    assert {one.level for one in signatures.check()} == {Level.ERROR}


def test_demo_seals_never_in_production(settings: Any) -> None:
    settings.YIWANG_DEMO = False
    assert signatures.selected().seal_roots() == []
    with pytest.raises(Unavailable):
        made()
