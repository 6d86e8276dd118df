"""SM2 and SM3 for electronic seals (GB/T 32918, GB/T 32905): keys, certificates, PKCS#8 files.

Standard: an HSM keeps real keys (GB/T 39786); keys in files are for cities that sign with a service of their own, and for
the demonstration. The curve's arithmetic is gmssl-fast's (GmSSL); everything of ASN.1 is asn1crypto's.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import algos, keys, pem, x509
from asn1crypto.core import BitString, Integer, ObjectIdentifier, OctetString, Sequence

CURVE, SM2_SM3, SM3 = "1.2.156.10197.1.301", "1.2.156.10197.1.501", "1.2.156.10197.1.401"
ROUNDS = 200_000

keys.NamedCurve.register("sm2p256v1", CURVE, 32)

Sign = Callable[[bytes], bytes]
"""Signs a message; returns the signature in DER."""


class BadKey(ValueError):
    """This file holds no key that the password opens."""


class _Pair(Sequence):
    _fields = [("r", Integer), ("s", Integer)]


@dataclass(frozen=True, slots=True)
class SoftwareKey:
    """A key in memory: its secret and its point, in hexadecimal digits."""

    secret: str
    point: str

    def sign(self, message: bytes) -> bytes:
        """Sign a message with SM3 and the usual identity."""
        from gmssl_fast import SM2

        raw = SM2(self.secret, self.point).sign(message)
        return bytes(_Pair({"r": int.from_bytes(raw[:32], "big"), "s": int.from_bytes(raw[32:], "big")}).dump())


@dataclass(frozen=True, slots=True)
class Held:
    """A key in memory with its certificate: a seal's signer without an HSM (``ofd.seal.Signer``)."""

    key: SoftwareKey
    certificate: x509.Certificate

    def sign(self, message: bytes) -> bytes:
        """Sign a message."""
        return self.key.sign(message)


def generate() -> SoftwareKey:
    """Make a key."""
    from gmssl_fast import SM2

    made = SM2.generate()
    assert made.private_key_hex is not None
    assert made.public_key_hex is not None
    return SoftwareKey(made.private_key_hex, made.public_key_hex)


def verify(point: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the holder of the point's secret signed the message; the signature must be DER to the letter."""
    from gmssl_fast import SM2

    try:
        pair = _Pair.load(signature, strict=True)
        r, s = int(pair["r"]), int(pair["s"])
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if _Pair({"r": r, "s": s}).dump() != signature:
            return False
        return bool(SM2(public_key=point.hex()).verify(message, raw))
    except Exception:  # a stranger's signature may be anything
        return False


def sm3(content: bytes) -> bytes:
    """Return the digest."""
    from cryptography.hazmat.primitives import hashes

    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize()


def _public(point: bytes) -> keys.PublicKeyInfo:
    return keys.PublicKeyInfo(
        {
            "algorithm": {"algorithm": "ec", "parameters": keys.ECDomainParameters(name="named", value=CURVE)},
            "public_key": keys.ECPointBitString(point),
        }
    )


def certificate(
    subject: dict[str, str],
    point: bytes,
    *,
    issuer: x509.Certificate | None,
    sign: Sign,
    first: datetime,
    last: datetime,
    authority: bool,
) -> x509.Certificate:
    """Make a certificate, signed by ``sign``; without ``issuer`` it is its own (a root)."""
    name = x509.Name.build(subject)
    public = _public(point)
    above = issuer.public_key if issuer else public
    extensions: list[dict[str, Any]] = [
        {
            "extn_id": "basic_constraints",
            "critical": True,
            "extn_value": {"ca": authority, **({"path_len_constraint": 0} if authority else {})},
        },
        {
            "extn_id": "key_usage",
            "critical": True,
            "extn_value": {"key_cert_sign", "crl_sign"} if authority else {"digital_signature", "non_repudiation"},
        },
        {"extn_id": "key_identifier", "critical": False, "extn_value": public.sha1},
        {
            "extn_id": "authority_key_identifier",
            "critical": False,
            "extn_value": {"key_identifier": above.sha1},
        },
    ]
    method = algos.SignedDigestAlgorithm({"algorithm": SM2_SM3})
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": secrets.randbits(127) | 1,
            "signature": method,
            "issuer": issuer.subject if issuer else name,
            "validity": {"not_before": _time(first), "not_after": _time(last)},
            "subject": name,
            "subject_public_key_info": public,
            "extensions": extensions,
        }
    )
    return x509.Certificate(
        {"tbs_certificate": body, "signature_algorithm": method, "signature_value": sign(body.dump())}
    )


def _time(at: datetime) -> x509.Time:
    at = at.astimezone(UTC).replace(microsecond=0)
    kind = "utc_time" if at.year < 2050 else "general_time"
    return x509.Time(name=kind, value=(x509.UTCTime if kind == "utc_time" else x509.GeneralizedTime)(at))


def point_of(one: x509.Certificate) -> bytes:
    """Return the point of a certificate's key. Raises ValueError if that is no SM2 key."""
    info = one.public_key
    how = info["algorithm"]
    if how["algorithm"].native != "ec" or how["parameters"].name != "named" or how["parameters"].chosen.dotted != CURVE:
        raise ValueError("not an SM2 key")
    return bytes(info["public_key"].native)


def is_sm2(one: x509.Certificate) -> bool:
    """Tell whether a certificate's key is one of SM2."""
    try:
        return bool(point_of(one))
    except ValueError:
        return False


def signed_by(one: x509.Certificate, above: x509.Certificate) -> bool:
    """Tell whether a certificate was signed with another one's key, by SM2 with SM3."""
    try:
        methods = {
            one["signature_algorithm"]["algorithm"].dotted,
            one["tbs_certificate"]["signature"]["algorithm"].dotted,
        }
        signature = one["signature_value"].native
        return methods == {SM2_SM3} and verify(point_of(above), one["tbs_certificate"].dump(), signature)
    except ValueError:
        return False


def trusted(one: x509.Certificate, roots: list[x509.Certificate], at: datetime) -> bool:
    """Tell whether a root vouches for a seal's certificate, and both were valid at that time."""
    try:
        usage = one.key_usage_value.native if one.key_usage_value else set()
        if one.ca or "digital_signature" not in usage:
            return False
        return any(
            one.issuer == root.subject and root.ca and _valid(one, at) and _valid(root, at) and signed_by(one, root)
            for root in roots
        )
    except Exception:  # a stranger's certificate may be anything
        return False


def _valid(one: x509.Certificate, at: datetime) -> bool:
    return bool(one.not_valid_before <= at <= one.not_valid_after)


def common_name(one: x509.Certificate) -> str:
    """Return whose it is."""
    return str(one.subject.native.get("common_name", ""))


class _Rfc5915(Sequence):
    _fields = [
        ("version", Integer),
        ("private_key", OctetString),
        ("parameters", ObjectIdentifier, {"explicit": 0, "optional": True}),
        ("public_key", BitString, {"explicit": 1, "optional": True}),
    ]


class _Pkcs8(Sequence):
    _fields = [("version", Integer), ("algorithm", keys.PrivateKeyAlgorithm), ("private_key", OctetString)]


def to_file(key: SoftwareKey, certificates: list[x509.Certificate], password: bytes, rounds: int = ROUNDS) -> bytes:
    """Return key and certificates as PEM: PKCS#8, locked by PBES2 (PBKDF2 with SHA-256, AES-256-CBC).

    Many ``rounds`` keep whoever guesses passwords busy; one that nobody can guess needs few.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    inner = _Rfc5915(
        {"version": 1, "private_key": bytes.fromhex(key.secret), "parameters": CURVE,
         "public_key": _bits(bytes.fromhex(key.point))}
    )  # fmt: skip
    plain = _Pkcs8(
        {
            "version": 0,
            "algorithm": {"algorithm": "ec", "parameters": keys.ECDomainParameters(name="named", value=CURVE)},
            "private_key": inner.dump(),
        }
    ).dump()
    salt, start = secrets.token_bytes(16), secrets.token_bytes(16)
    pad = PKCS7(128).padder()
    lock = Cipher(algorithms.AES256(_stretched(password, salt, rounds)), modes.CBC(start)).encryptor()
    locked = lock.update(pad.update(plain) + pad.finalize()) + lock.finalize()
    how = {
        "algorithm": "pbes2",
        "parameters": {
            "key_derivation_func": {
                "algorithm": "pbkdf2",
                "parameters": {
                    "salt": algos.Pbkdf2Salt(name="specified", value=salt),
                    "iteration_count": rounds,
                    "prf": {"algorithm": "sha256"},
                },
            },
            "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": start},
        },
    }
    file = keys.EncryptedPrivateKeyInfo({"encryption_algorithm": how, "encrypted_data": locked})
    blocks = [pem.armor("ENCRYPTED PRIVATE KEY", file.dump())]
    blocks += [pem.armor("CERTIFICATE", one.dump()) for one in certificates]
    return bytes(b"".join(blocks))


def from_file(content: bytes, password: bytes) -> tuple[SoftwareKey, list[x509.Certificate]]:
    """Read what ``to_file`` (or OpenSSL, with PBES2 and AES-256-CBC) wrote. Raises BadKey."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    try:
        blocks = list(pem.unarmor(content, multiple=True))
        file = keys.EncryptedPrivateKeyInfo.load(
            next(der for kind, _h, der in blocks if kind == "ENCRYPTED PRIVATE KEY")
        )
        how = file["encryption_algorithm"]
        stretched = _stretched(password, how.kdf_salt, how.kdf_iterations, how.kdf_hmac)
        opened = Cipher(algorithms.AES256(stretched), modes.CBC(how.encryption_iv)).decryptor()
        pad = PKCS7(128).unpadder()
        plain = pad.update(opened.update(file["encrypted_data"].native) + opened.finalize()) + pad.finalize()
        inner = _Rfc5915.load(_Pkcs8.load(plain)["private_key"].native)
        key = SoftwareKey(inner["private_key"].native.hex(), _bytes(inner["public_key"]).hex())
        return key, [x509.Certificate.load(der) for kind, _h, der in blocks if kind == "CERTIFICATE"]
    except Exception as error:  # a wrong password shows as any of a dozen errors
        raise BadKey("no SM2 key that this password opens") from error


def _stretched(password: bytes, salt: bytes, rounds: int, digest: str = "sha256") -> bytes:
    import hashlib

    return hashlib.pbkdf2_hmac(digest, password, salt, rounds, 32)


def _bits(content: bytes) -> BitString:
    return BitString(contents=b"\x00" + content)


def _bytes(bits: BitString) -> bytes:
    return bytes(bits.contents[1:])


def certificates_of(content: bytes) -> list[x509.Certificate]:
    """Read the certificates of a PEM or DER file. Raises ValueError."""
    if not pem.detect(content):
        return [x509.Certificate.load(content, strict=True)]
    return [
        x509.Certificate.load(der) for kind, _h, der in pem.unarmor(content, multiple=True) if kind == "CERTIFICATE"
    ]
