"""Seals from files: PKCS#12 for PDF, one for all issuers or a folder with ``USCC.p12`` for each; for OFD, beside them,
``USCC.sm2.pem`` (an SM2 key as locked PKCS#8 and its certificate), and ``maker.sm2.pem`` of whoever makes the seals.

``YIWANG_SIGNATURE_FILE`` names the file or folder, ``YIWANG_SIGNATURE_PASSWORD`` opens it,
``YIWANG_SIGNATURE_ROOTS`` is a PEM file of the roots that are believed, of both kinds (without it, those inside the
PKCS#12 files).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from yiwang.kernel.plugins import Finding, Level
from yiwang.kernel.problems import Unavailable
from yiwang.platform.licences import sm2
from yiwang.platform.licences.signing import SignatureProvider, signatures

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.signers import SimpleSigner


@lru_cache(maxsize=256)
def _load(path: Path, password: str) -> SimpleSigner:
    from pyhanko.sign.signers import SimpleSigner

    signer: SimpleSigner | None = SimpleSigner.load_pkcs12_data(
        path.read_bytes(), other_certs=[], passphrase=password.encode()
    )
    if signer is None:
        raise ValueError(f"{path.name} is not a PKCS#12 file that this password opens")
    return signer


@lru_cache(maxsize=256)
def _load_sm2(path: Path, password: str) -> sm2.Held:
    key, certificates = sm2.from_file(path.read_bytes(), password.encode())
    if not certificates:
        raise sm2.BadKey("no certificate")
    return sm2.Held(key, certificates[0])


@signatures.register("file")
class FileKey(SignatureProvider):
    """Signs with keys from files."""

    label = _("文件中的电子印章（PKCS#12）")

    def signer(self, issuer_code: str, issuer_name: str) -> SimpleSigner:
        """Return the issuer's key. Raises Unavailable if there is none, or it does not open."""
        path = Path(settings.YIWANG_SIGNATURE_FILE)
        if path.is_dir():
            path = path / f"{issuer_code}.p12"
        try:
            return _load(path, settings.YIWANG_SIGNATURE_PASSWORD)
        except (OSError, ValueError) as error:
            raise Unavailable(
                _("没有找到%(issuer)s的电子印章，证照暂时不能签发。") % {"issuer": issuer_name}
            ) from error

    def roots(self) -> list[Certificate]:
        """Return the roots of the PEM file, or of the PKCS#12 files."""
        from pyhanko.keys import load_certs_from_pemder

        if settings.YIWANG_SIGNATURE_ROOTS:
            named = load_certs_from_pemder([settings.YIWANG_SIGNATURE_ROOTS])  # type: ignore[no-untyped-call]
            return [one for one in named if not sm2.is_sm2(one)]
        return [
            certificate
            for path in self._files()
            for certificate in _load(path, settings.YIWANG_SIGNATURE_PASSWORD).cert_registry
            if certificate.self_signed != "no"
        ]

    def seal_signer(self, issuer_code: str, issuer_name: str) -> sm2.Held | None:
        """Return the issuer's SM2 key, if there is one. Raises Unavailable if it does not open."""
        return self._held(f"{issuer_code}.sm2.pem", issuer_name)

    def seal_maker(self) -> sm2.Held | None:
        """Return the key of whoever makes the seals, if there is one."""
        return self._held("maker.sm2.pem", "")

    def _held(self, name: str, issuer_name: str) -> sm2.Held | None:
        path = Path(settings.YIWANG_SIGNATURE_FILE) / name
        if not path.is_file():
            return None
        try:
            return _load_sm2(path, settings.YIWANG_SIGNATURE_PASSWORD)
        except (OSError, sm2.BadKey) as error:
            raise Unavailable(
                _("没有找到%(issuer)s的电子印章，证照暂时不能签发。") % {"issuer": issuer_name}
            ) from error

    def seal_roots(self) -> list[Certificate]:
        """Return the SM2 roots of the PEM file."""
        if not settings.YIWANG_SIGNATURE_ROOTS:
            return []
        named = sm2.certificates_of(Path(settings.YIWANG_SIGNATURE_ROOTS).read_bytes())
        return [one for one in named if sm2.is_sm2(one)]

    def check_config(self) -> list[Finding]:
        """Open every file."""
        files = self._files()
        if not files:
            return [Finding(Level.ERROR, _("YIWANG_SIGNATURE_FILE 没有指向 PKCS#12 文件或存放它们的文件夹。"))]
        findings = []
        for path in files:
            try:
                _load(path, settings.YIWANG_SIGNATURE_PASSWORD)
            except (OSError, ValueError) as error:
                findings.append(Finding(Level.ERROR, str(error)))
        for path in self._sm2_files():
            try:
                _load_sm2(path, settings.YIWANG_SIGNATURE_PASSWORD)
            except (OSError, sm2.BadKey) as error:
                findings.append(Finding(Level.ERROR, f"{path.name}: {error}"))
        if not findings and self._sm2_files() and not self.seal_roots():
            findings.append(Finding(Level.ERROR, _("没有 SM2 根证书：请放进 YIWANG_SIGNATURE_ROOTS 的文件。")))
        if not findings and not self.roots():
            findings.append(Finding(Level.ERROR, _("没有根证书：请用 YIWANG_SIGNATURE_ROOTS 指定。")))
        return findings

    def _files(self) -> list[Path]:
        if not settings.YIWANG_SIGNATURE_FILE:
            return []
        path = Path(settings.YIWANG_SIGNATURE_FILE)
        return sorted(path.glob("*.p12")) if path.is_dir() else [path] if path.exists() else []

    def _sm2_files(self) -> list[Path]:
        path = Path(settings.YIWANG_SIGNATURE_FILE)
        return sorted(path.glob("*.sm2.pem")) if path.is_dir() else []
