"""Signatures: vectors, and everything that must not be believed."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from yiwang.platform.sharing.events import signing
from yiwang_client import BadSignature, Replays, verify

SECRET, OLD = "11" * 32, "22" * 32
BODY = b'[{"id":"1"}]'
AT = 1_772_424_000
ME = "0195577e-0000-7000-8000-000000000001"


def headers(signature: str, **more: str) -> dict[str, str]:
    return {"Yiwang-Signature": signature, "Yiwang-Attempt": "3", "Yiwang-Subscription": ME, **more}


def check(signature: str, body: bytes = BODY, keys: Any = (SECRET,), at: float = AT, **more: Any) -> Any:
    return verify(headers(signature), body, keys, clock=lambda: at, **more)


def test_the_vector() -> None:
    """Computed by hand: HMAC-SHA-256 over "1772424000." and the body."""
    signature = signing.hmac_signature([SECRET], AT, BODY)
    wanted = hmac.digest(b"\x11" * 32, b'1772424000.[{"id":"1"}]', "sha256").hex()
    assert signature == f"t=1772424000,v1={wanted}"
    assert wanted == "395d12d1fe9c7ce7df2435aef722f1872f54d336b6c0182db13565c3d8eedd22"
    found = check(signature)
    assert (found.events, found.attempt, found.subscription) == (({"id": "1"},), 3, ME)


def test_secrets_change_without_a_gap() -> None:
    both = signing.hmac_signature([SECRET, OLD], AT, BODY)
    for keys in ([SECRET], [OLD], ["33" * 32, OLD]):
        assert check(both, keys=keys).events


@pytest.mark.parametrize("skew", [0, 299, -299])
def test_a_clock_may_be_off_a_little(skew: int) -> None:
    assert check(signing.hmac_signature([SECRET], AT, BODY), at=AT + skew)


def refused(signature: str, **more: Any) -> str:
    with pytest.raises(BadSignature) as error:
        check(signature, **more)
    return str(error.value)


def test_what_is_not_believed() -> None:
    good = signing.hmac_signature([SECRET], AT, BODY)
    assert "wrong" in refused(good, body=BODY + b" ")
    assert "wrong" in refused(good, keys=[OLD])
    assert "wrong" in refused(good, keys=[])
    assert "wrong" in refused(good.replace("t=1772424000", "t=1772424001"))
    assert "old" in refused(good, at=AT + 301)
    assert "old" in refused(good, at=AT - 301)
    for signature in ("", "t=1", "v1=00", "t=x,v1=00", "t=²,v1=00", "jws=a..b", good.split(",")[0], f"t=,{good}x"):
        assert refused(signature)
    replays = Replays()
    assert check(good, replays=replays)
    assert "seen" in refused(good, replays=replays)


def test_a_jws_is_for_one_subscription() -> None:
    private = signing.new_key("k1")
    keys = {"keys": [signing.public(signing.new_key("k2")), signing.public(private)]}
    good = signing.jws_signature(private, ME, AT, BODY)
    assert check(good, keys=keys, audience=ME).events
    assert "somebody else" in refused(good, keys=keys, audience="other")
    assert "wrong" in refused(good, keys=keys, audience=ME, body=BODY + b" ")
    assert "old" in refused(good, keys=keys, audience=ME, at=AT + 301)
    assert "unknown key" in refused(good, keys={"keys": keys["keys"][:1]}, audience=ME)
    other = {"keys": [signing.public(signing.new_key("k1"))]}
    assert "wrong" in refused(good, keys=other, audience=ME)
    with pytest.raises(ValueError, match="audience"):
        check(good, keys=keys)


@pytest.mark.parametrize("change", [{"alg": "none"}, {"alg": "HS256"}, {"b64": True}, {"crit": []}, {"iat": "x"}])
def test_a_jws_of_another_kind_is_not_believed(change: dict[str, Any]) -> None:
    private = signing.new_key("k1")
    keys = {"keys": [signing.public(private)]}
    head, _between, signed = signing.jws_signature(private, ME, AT, BODY).removeprefix("jws=").partition("..")
    header = json.loads(base64.urlsafe_b64decode(head + "==")) | change
    forged = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    assert refused(f"jws={forged}..{signed}", keys=keys, audience=ME)


def test_another_library_believes_it_too() -> None:
    """jwcrypto as the receiver, from the published key alone."""
    from jwcrypto import jwk, jws

    private = signing.new_key("k1")
    signature = signing.jws_signature(private, ME, AT, BODY).removeprefix("jws=")
    token = jws.JWS()
    token.allowed_algs = ["ES256"]
    token.deserialize(signature)
    token.verify(jwk.JWK(**signing.public(private)), detached_payload=BODY)
    assert token.is_valid
