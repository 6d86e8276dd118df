"""The outside that identity leans on, as plugins: telephones, the authority on persons and firms, faces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpRequest

from yiwang.kernel.plugins import Plugin, Registry
from yiwang.platform.identity.types import DocumentType


class CodeSender(Plugin):
    """Brings a one-time code to a telephone.

    Sending is a job of its own: a page that waits for the gateway would tell by its time who has an account.
    """

    def show(self, text: str) -> str:
        """Return what the page may show of a text (demo only), else nothing. Raises Unavailable where none can be sent."""
        return ""

    def send(self, phone: str, text: str, key: str) -> None:
        """Send a short text; ``key`` is the same at each try. Raises Unavailable: it is tried again soon."""
        raise NotImplementedError


class Proof(StrEnum):
    """What a person may prove themselves by, beside document and telephone (国办函〔2016〕108号, three proofs)."""

    SOCIAL_SECURITY_CARD = "social_security_card"
    BANK_CARD = "bank_card"
    PROVIDENT_FUND = "provident_fund"
    DRIVING_LICENCE = "driving_licence"


@dataclass(frozen=True, slots=True)
class PersonClaim:
    """What somebody says of themselves. The telephone was proven by a code."""

    name: str
    document_type: DocumentType
    number: str
    phone: str
    proof: Proof
    proof_number: str


@dataclass(frozen=True, slots=True)
class OrganisationClaim:
    """What somebody says of a firm: its code, its name, and that they are its legal representative."""

    uscc: str
    name: str
    representative_name: str
    representative_number: str


class Authority(Plugin):
    """Who knows for certain: population and legal-person registers."""

    def confirms_person(self, claim: PersonClaim) -> bool:
        """Tell whether all of a claim is true; nothing about what is wrong. Raises Unavailable."""
        raise NotImplementedError

    def confirms_organisation(self, claim: OrganisationClaim) -> bool:
        """Tell whether all of a claim is true. Raises Unavailable."""
        raise NotImplementedError

    def confirms_electronic_licence(self, uscc: str, token: str) -> bool:
        """Tell whether the firm's electronic business licence was shown (L3). Raises Unavailable."""
        raise NotImplementedError


class FaceCheck(Plugin):
    """Compares a living face with the register. There is always another way: a counter (个人信息保护法)."""

    template = ""
    """What stands on the step-up page."""

    def passes(self, request: HttpRequest, name: str, number: str) -> bool:
        """Tell whether the person before the camera is this one. Raises Unavailable."""
        raise NotImplementedError


code_senders: Registry[CodeSender] = Registry("identity.code_sender")
authorities: Registry[Authority] = Registry("identity.authority")
face_checks: Registry[FaceCheck] = Registry("identity.face_check")
