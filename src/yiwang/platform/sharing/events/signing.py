"""Signatures of deliveries: HMAC-SHA-256 with the subscription's own secrets, or a detached JWS (RFC 7515 app. F, RFC 7797).

Both cover the time, so that an old delivery cannot be sent again later, and both are good for one subscription only: the
secret is its own, the JWS names it (``aud``).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from jwcrypto import jwk, jws

HEADER = "Yiwang-Signature"
ATTEMPT = "Yiwang-Attempt"


def hmac_signature(secrets: Sequence[str], timestamp: int, body: bytes) -> str:
    """Return ``t=SECONDS,v1=HEX``, with one ``v1`` for each secret: over ``SECONDS.BODY``."""
    message = f"{timestamp}.".encode() + body
    digests = (hmac.new(bytes.fromhex(one), message, hashlib.sha256).hexdigest() for one in secrets)
    return ",".join([f"t={timestamp}", *(f"v1={one}" for one in digests)])


def jws_signature(private: str, audience: str, timestamp: int, body: bytes) -> str:
    """Return ``jws=HEADER..SIGNATURE`` (ES256) over the body as it is; ``iat`` and ``aud`` stand in the header."""
    key = _key(private)
    header = {"alg": "ES256", "kid": key["kid"], "b64": False, "crit": ["b64"], "iat": timestamp, "aud": audience}
    token = jws.JWS(body)
    token.add_signature(key, protected=json.dumps(header, separators=(",", ":")))
    token.detach_payload()
    return f"jws={token.serialize(compact=True)}"


def new_key(name: str) -> str:
    """Make a private key, as a JWK."""
    made: str = jwk.JWK.generate(kty="EC", crv="P-256", kid=name, use="sig", alg="ES256").export()
    return made


def public(private: str) -> dict[str, Any]:
    """Return the public part of a key."""
    found: dict[str, Any] = json.loads(_key(private).export_public())
    return found


@lru_cache(maxsize=8)
def _key(private: str) -> jwk.JWK:
    return jwk.JWK.from_json(private)
