"""Deliveries that come in: whether they are the platform's, fresh, not seen before, and which events they hold."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOLERANCE = 300
"""Seconds that a delivery may be old, or the other clock fast."""
SIGNATURE, ATTEMPT, SUBSCRIPTION = "yiwang-signature", "yiwang-attempt", "yiwang-subscription"


class BadSignature(Exception):
    """The delivery is not to be believed: answer 401 and apply nothing."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came, in order: CloudEvents 1.0. ``attempt`` from 1; ``subscription`` is the platform's name of it."""

    events: tuple[dict[str, Any], ...]
    attempt: int
    subscription: str


class Replays:
    """Signatures that were seen within the tolerance: the very same delivery is not taken twice.

    The platform signs every attempt anew (the time is in it), so that this never refuses a retry; but two attempts in the
    same second are the same delivery, and so are ids: keep those too.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()

    def seen(self, signature: str, now: float) -> bool:
        """Tell whether it was seen before, and remember it."""
        with self._lock:
            while self._seen and (
                next(iter(self._seen.values())) < now - 2 * TOLERANCE or len(self._seen) > self._most
            ):
                self._seen.popitem(last=False)
            if signature in self._seen:
                return True
            self._seen[signature] = now
            return False


def verify(
    headers: Mapping[str, str],
    body: bytes,
    keys: Sequence[str] | Mapping[str, Any],
    *,
    audience: str = "",
    replays: Replays | None = None,
    tolerance: int = TOLERANCE,
    clock: Callable[[], float] = time.time,
) -> Delivery:
    """Return what a delivery holds. Raises ``BadSignature``.

    ``keys``: the subscription's secrets (hexadecimal; several while they change), or, for JWS, the platform's JWK Set,
    with ``audience``, the identity of one's subscription, which a JWS is good for.
    """
    given = {name.lower(): value for name, value in headers.items()}
    signature = given.get(SIGNATURE, "")
    now = clock()
    if isinstance(keys, Mapping):
        if not audience:
            raise ValueError("a JWS is verified for an audience: give the id of your subscription")
        at = _verify_jws(signature, body, keys, audience)
    else:
        at = _verify_hmac(signature, body, keys)
    if abs(now - at) > tolerance:
        raise BadSignature("too old, or of the future")
    if replays is not None and replays.seen(signature, now):
        raise BadSignature("seen before")
    try:
        events = json.loads(body)
    except ValueError as error:
        raise BadSignature("not JSON") from error
    attempt = given.get(ATTEMPT, "1")
    return Delivery(
        tuple(events if isinstance(events, list) else [events]),
        int(attempt) if attempt.isascii() and attempt.isdigit() else 1,
        given.get(SUBSCRIPTION, ""),
    )


def _verify_hmac(signature: str, body: bytes, secrets: Sequence[str]) -> float:
    parts = [part.partition("=")[::2] for part in signature.split(",")]
    at = next((value for name, value in parts if name == "t"), "")
    given = [value.encode() for name, value in parts if name == "v1"][:4]
    if not (at.isascii() and at.isdigit() and len(at) < 12 and given):
        raise BadSignature("no signature")
    good = False
    for secret in secrets:
        wanted = hmac.new(bytes.fromhex(secret), f"{at}.".encode() + body, hashlib.sha256).hexdigest().encode()
        for one in given:  # every one is looked at, so that the time says nothing
            good |= hmac.compare_digest(wanted, one)
    if not good:
        raise BadSignature("wrong signature")
    return float(at)


def _verify_jws(signature: str, body: bytes, keys: Mapping[str, Any], audience: str) -> float:
    """Verify a detached JWS with its payload as it is (RFC 7515 appendix F, RFC 7797), by ES256 and nothing else."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    protected, between, raw = signature.removeprefix("jws=").partition("..")
    try:
        header, signed = json.loads(_unpacked(protected)), _unpacked(raw)
    except ValueError:
        header, signed = None, b""
    if not between or not isinstance(header, dict) or len(signed) != 64:
        raise BadSignature("no signature")
    if header.get("alg") != "ES256" or header.get("b64") is not False or header.get("crit") != ["b64"]:
        raise BadSignature("another kind of signature")
    if header.get("aud") != audience or not isinstance(header.get("iat"), int):
        raise BadSignature("for somebody else")
    key = next((one for one in keys.get("keys", []) if one.get("kid") == header.get("kid")), None)
    if key is None or key.get("kty") != "EC" or key.get("crv") != "P-256":
        raise BadSignature("unknown key: fetch the platform's keys again")
    x, y = (int.from_bytes(_unpacked(key[name]), "big") for name in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    r, s = int.from_bytes(signed[:32], "big"), int.from_bytes(signed[32:], "big")
    try:
        public.verify(encode_dss_signature(r, s), protected.encode() + b"." + body, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise BadSignature("wrong signature") from None
    return float(header["iat"])


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
