"""The electronic seal as data (GB/T 38540-2020, 安全电子签章密码技术规范): the seal itself, and what it signs.

A seal holds its picture, who may use it (certificates) and the signature of whoever made it. A signature holds the seal,
the time, the digest of the list of files and where that lies. All signatures are SM2 with SM3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from asn1crypto import x509
from asn1crypto.core import (
    Any,
    BitString,
    GeneralizedTime,
    IA5String,
    Integer,
    ObjectIdentifier,
    OctetString,
    Sequence,
    SequenceOf,
    UTF8String,
)

from yiwang.platform.licences import sm2

VERSION = 4
"""Of the data structures: those of the standard of 2020."""
MAKER = "yiwang"
OFFICIAL = 1
"""Kind of seal: of an organisation."""


class Signer(Protocol):
    """Whoever keeps the key of an issuer's seal: software, or an HSM that gives away nothing but signatures."""

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of the key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign a message by SM2 with SM3 (identity 1234567812345678); return DER. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """The seal's picture, and how large it is in print (millimetres)."""

    png: bytes
    size: int


class _Header(Sequence):
    _fields = [("id", IA5String), ("version", Integer), ("vid", IA5String)]


class _Certificates(SequenceOf):
    _child_spec = OctetString


class _Property(Sequence):
    _fields = [
        ("type", Integer),
        ("name", UTF8String),
        ("cert_list_type", Integer),
        ("cert_list", _Certificates),
        ("create_date", GeneralizedTime),
        ("valid_start", GeneralizedTime),
        ("valid_end", GeneralizedTime),
    ]


class _Picture(Sequence):
    _fields = [("type", IA5String), ("data", OctetString), ("width", Integer), ("height", Integer)]


class _SealInfo(Sequence):
    _fields = [
        ("header", _Header),
        ("es_id", IA5String),
        ("property", _Property),
        ("picture", _Picture),
        ("ext_datas", Any, {"explicit": 0, "optional": True}),
    ]


class Seal(Sequence):
    """SESeal."""

    _fields = [
        ("eseal_info", _SealInfo),
        ("cert", OctetString),
        ("sign_alg_id", ObjectIdentifier),
        ("signed_value", BitString),
    ]


class _ToSign(Sequence):
    _fields = [
        ("version", Integer),
        ("eseal", Seal),
        ("time_info", GeneralizedTime),
        ("data_hash", BitString),
        ("property_info", IA5String),
        ("ext_datas", Any, {"explicit": 0, "optional": True}),
    ]


class _Signature(Sequence):
    _fields = [
        ("to_sign", _ToSign),
        ("cert", OctetString),
        ("signature_alg_id", ObjectIdentifier),
        ("signature", BitString),
        ("time_stamp", BitString, {"explicit": 0, "optional": True}),
    ]


def _bits(content: bytes) -> BitString:
    return BitString(contents=b"\x00" + content)


def _octets(bits: BitString) -> bytes:
    if bits.contents[:1] != b"\x00":
        raise ValueError("not whole octets")
    return bytes(bits.contents[1:])


def make(name: str, number: str, picture: Picture, signer: Signer, maker: Signer) -> bytes:
    """Make an issuer's seal; ``maker`` signs it. It is valid as long as its certificate."""
    own = signer.certificate
    info = _SealInfo(
        {
            "header": {"id": "ES", "version": VERSION, "vid": MAKER},
            "es_id": number,
            "property": {
                "type": OFFICIAL,
                "name": name,
                "cert_list_type": 1,
                "cert_list": [own.dump()],
                "create_date": own.not_valid_before,
                "valid_start": own.not_valid_before,
                "valid_end": own.not_valid_after,
            },
            "picture": {"type": "png", "data": picture.png, "width": picture.size, "height": picture.size},
        }
    )
    return bytes(
        Seal(
            {
                "eseal_info": info,
                "cert": maker.certificate.dump(),
                "sign_alg_id": sm2.SM2_SM3,
                "signed_value": _bits(maker.sign(info.dump())),
            }
        ).dump()
    )


def sign(eseal: bytes, digest: bytes, place: str, signer: Signer, at: datetime) -> bytes:
    """Sign the digest of the list of files, which lies at ``place`` in the container."""
    body = _ToSign(
        {
            "version": VERSION,
            "eseal": Seal.load(eseal),
            "time_info": at.astimezone(UTC).replace(microsecond=0),
            "data_hash": _bits(digest),
            "property_info": place,
        }
    )
    return bytes(
        _Signature(
            {
                "to_sign": body,
                "cert": signer.certificate.dump(),
                "signature_alg_id": sm2.SM2_SM3,
                "signature": _bits(signer.sign(body.dump())),
            }
        ).dump()
    )


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds by itself: whose, when, over which digest; whom to believe is the reader's matter."""

    eseal: bytes
    certificate: x509.Certificate
    maker: x509.Certificate
    digest: bytes
    place: str
    at: datetime


def read(content: bytes) -> Signed:
    """Check a signature and the seal in it. Raises ValueError if anything is wrong with either."""
    signature = _Signature.load(content, strict=True)
    body = signature["to_sign"]
    eseal = body["eseal"]
    info = eseal["eseal_info"]
    own = x509.Certificate.load(signature["cert"].native, strict=True)
    maker = x509.Certificate.load(eseal["cert"].native, strict=True)
    at = body["time_info"].native
    holds = (
        signature["signature_alg_id"].dotted == eseal["sign_alg_id"].dotted == sm2.SM2_SM3
        and sm2.verify(sm2.point_of(own), body.dump(), _octets(signature["signature"]))
        and sm2.verify(sm2.point_of(maker), info.dump(), _octets(eseal["signed_value"]))
        and own.dump() in info["property"]["cert_list"].native
        and info["property"]["valid_start"].native <= at <= info["property"]["valid_end"].native
        and signature.copy().dump(force=True) == content
    )
    if not holds:
        raise ValueError("the seal does not hold")
    return Signed(eseal.dump(), own, maker, _octets(body["data_hash"]), body["property_info"].native, at)
