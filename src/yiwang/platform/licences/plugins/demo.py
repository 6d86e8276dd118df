"""A certification authority of our own, for demonstration: made in the state directory at first use, no
legal force.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from yiwang.kernel.ids import uuid7
from yiwang.kernel.plugins import Finding, Level
from yiwang.kernel.problems import Unavailable
from yiwang.platform.licences import sm2
from yiwang.platform.licences.signing import SignatureProvider, signatures

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.signers import SimpleSigner

ROOT_NAME = "一网演示根证书（无法律效力）"
SEAL = "电子印章（演示）"
LONGEST_NAME = 64
"""Length of a common name (RFC 5280, ub-common-name), which the library counts in bytes."""
YEARS = 30
SM2_ROOT = "sm2-root"
MAKER_NAME = "演示制章单位（无法律效力）"


def _name(common: str, serial: str = "") -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "演示 CA"),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ]
    if serial:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    return x509.Name(parts)


def _short(issuer_name: str) -> str:
    """Return as much of a name as fits before the word for the seal."""
    room = LONGEST_NAME - len(SEAL.encode())
    return issuer_name.encode()[:room].decode(errors="ignore")


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                content_commitment=not authority,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _folder() -> Path:
    return Path(settings.YIWANG_STATE_DIR) / "seals"


def _password() -> bytes:
    return str(settings.SECRET_KEY).encode()


def _keep(path: Path, content: bytes) -> None:
    """Write a file unless another process was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{uuid7()}")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


@lru_cache(maxsize=512)
def _root(folder: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    path = folder / "root.p12"
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(ROOT_NAME)
        certificate = _certificate(name, key.public_key(), name, key, authority=True)
        _keep(
            path,
            pkcs12.serialize_key_and_certificates(
                b"root", key, certificate, None, BestAvailableEncryption(_password())
            ),
        )
    kept = pkcs12.load_pkcs12(path.read_bytes(), _password())
    assert isinstance(kept.key, ec.EllipticCurvePrivateKey)
    assert kept.cert is not None
    return kept.key, kept.cert.certificate


@lru_cache(maxsize=512)
def _signer(folder: Path, issuer_code: str, issuer_name: str) -> SimpleSigner:
    from pyhanko.sign.signers import SimpleSigner

    root_key, root = _root(folder)
    path = folder / f"{issuer_code}.p12"
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(f"{_short(issuer_name)}{SEAL}", issuer_code)
        certificate = _certificate(subject, key.public_key(), root.subject, root_key, authority=False)
        _keep(
            path,
            pkcs12.serialize_key_and_certificates(
                b"seal", key, certificate, [root], BestAvailableEncryption(_password())
            ),
        )
    signer: SimpleSigner | None = SimpleSigner.load_pkcs12_data(
        path.read_bytes(), other_certs=[], passphrase=_password()
    )
    assert signer is not None
    return signer


def _sm2_name(common: str, serial: str = "") -> dict[str, str]:
    named = {"country_name": "CN", "organization_name": "演示 CA", "common_name": common}
    return named | ({"serial_number": serial} if serial else {})


@lru_cache(maxsize=512)
def _sm2_held(folder: Path, file: str, common: str, serial: str) -> sm2.Held:
    """Return the SM2 key of a file, made at first use: of the root (``sm2-root``), or under it."""
    path = folder / f"{file}.pem"
    if not path.exists():
        key, now = sm2.generate(), datetime.now(UTC)
        above = None if file == SM2_ROOT else _sm2_held(folder, SM2_ROOT, ROOT_NAME, "")
        made = sm2.certificate(
            _sm2_name(common, serial), bytes.fromhex(key.point), issuer=above.certificate if above else None,
            sign=above.sign if above else key.sign,
            first=now - timedelta(days=1), last=now + timedelta(days=365 * YEARS), authority=above is None,
        )  # fmt: skip
        _keep(path, sm2.to_file(key, [made], _password(), rounds=1000))
    key, certificates = sm2.from_file(path.read_bytes(), _password())
    return sm2.Held(key, certificates[0])


@signatures.register("demo")
class DemoKey(SignatureProvider):
    """Signs with software keys that it makes itself, one for each issuer, under a root that says that it
    is a demo.
    """

    label = _("演示电子印章（软件密钥）")
    demo = True

    def signer(self, issuer_code: str, issuer_name: str) -> SimpleSigner:
        """Return the issuer's demo key, made at first use. Raises Unavailable outside demo and test mode."""
        if not settings.YIWANG_DEMO:
            raise Unavailable(_("正式运行时不能用演示印章签发证照。"))
        return _signer(_folder(), issuer_code, issuer_name)

    def roots(self) -> list[Certificate]:
        """Return the demo root; none outside demo and test mode."""
        from asn1crypto.x509 import Certificate

        if not settings.YIWANG_DEMO:
            return []
        return [Certificate.load(_root(_folder())[1].public_bytes(Encoding.DER))]

    def seal_signer(self, issuer_code: str, issuer_name: str) -> sm2.Held | None:
        """Return the issuer's SM2 demo key, made at first use. Raises Unavailable outside demo and test mode."""
        if not settings.YIWANG_DEMO:
            raise Unavailable(_("正式运行时不能用演示印章签发证照。"))
        return _sm2_held(_folder(), f"{issuer_code}.sm2", f"{_short(issuer_name)}{SEAL}", issuer_code)

    def seal_maker(self) -> sm2.Held | None:
        """Return the key of the demo's maker of seals."""
        return _sm2_held(_folder(), "maker.sm2", MAKER_NAME, "") if settings.YIWANG_DEMO else None

    def seal_roots(self) -> list[Certificate]:
        """Return the SM2 demo root; none outside demo and test mode."""
        return [_sm2_held(_folder(), SM2_ROOT, ROOT_NAME, "").certificate] if settings.YIWANG_DEMO else []

    def check_config(self) -> list[Finding]:
        """Warn that it has no legal force; an error where that matters."""
        if settings.YIWANG_DEMO:
            return [Finding(Level.WARNING, _("正在用演示印章签发，证照没有法律效力。"))]
        return [Finding(Level.ERROR, _("正式运行时请接入电子印章：licences.signature 设为 file 或其他插件。"))]
