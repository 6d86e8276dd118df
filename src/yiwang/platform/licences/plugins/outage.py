"""A seal service that does not answer: proves that issuing waits for it and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from yiwang.kernel.plugins import Finding, Level
from yiwang.kernel.problems import Unavailable
from yiwang.platform.licences.signing import SignatureProvider, signatures

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.signers import Signer as PdfKey

    from yiwang.platform.licences.ofd.seal import Signer as SealKey


@signatures.register("outage")
class OutageKey(SignatureProvider):
    """Refuses to sign."""

    label = _("中断的电子印章服务")

    def signer(self, issuer_code: str, issuer_name: str) -> PdfKey:
        """Raise Unavailable."""
        raise Unavailable(_("电子印章服务暂时没有应答，证照稍后自动签发。"))

    def roots(self) -> list[Certificate]:
        """Return nothing: nobody can be believed now."""
        return []

    def seal_signer(self, issuer_code: str, issuer_name: str) -> SealKey | None:
        """Raise Unavailable."""
        raise Unavailable(_("电子印章服务暂时没有应答，证照稍后自动签发。"))

    def check_config(self) -> list[Finding]:
        """Say that it fails on purpose."""
        return [Finding(Level.ERROR, _("电子印章服务设为“中断”，证照不会被签发。"))]
