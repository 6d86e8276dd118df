"""Seals from PKCS#12 files: one for all issuers, or a folder with ``USCC.p12`` for each.

``YIWANG_SIGNATURE_FILE`` names the file or folder, ``YIWANG_SIGNATURE_PASSWORD`` opens it,
``YIWANG_SIGNATURE_ROOTS`` is a PEM file of the roots that are believed (without it, those inside the
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
from yiwang.platform.licences.signing import SignatureKey, signatures

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


@signatures.register("file")
class FileKey(SignatureKey):
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
            return list(load_certs_from_pemder([settings.YIWANG_SIGNATURE_ROOTS]))  # type: ignore[no-untyped-call]
        return [
            certificate
            for path in self._files()
            for certificate in _load(path, settings.YIWANG_SIGNATURE_PASSWORD).cert_registry
            if certificate.self_signed != "no"
        ]

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
        if not findings and not self.roots():
            findings.append(Finding(Level.ERROR, _("没有根证书：请用 YIWANG_SIGNATURE_ROOTS 指定。")))
        return findings

    def _files(self) -> list[Path]:
        if not settings.YIWANG_SIGNATURE_FILE:
            return []
        path = Path(settings.YIWANG_SIGNATURE_FILE)
        return sorted(path.glob("*.p12")) if path.is_dir() else [path] if path.exists() else []
