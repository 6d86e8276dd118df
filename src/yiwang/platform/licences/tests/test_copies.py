"""Annotated copies (加注件): for one purpose, for a term, traceable, and as good as the licence while both hold."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from yiwang.kernel import clock
from yiwang.kernel.problems import Invalid, NotFound, NotNow
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, Party, PartyKind, Role
from yiwang.platform.licences import acts, checking, queries
from yiwang.platform.licences.models import Licence, LicenceUse
from yiwang.platform.licences.tests.conftest import AMR, official
from yiwang.platform.licences.types import TrustLevel, Verdict
from yiwang.ui import store

Issue = Callable[..., Licence]


def text_of(content: bytes) -> str:
    return "".join(PdfReader(BytesIO(content)).pages[0].extract_text().split())


def holder_of(licence: Licence) -> Actor:
    return Actor(kind=ActorKind.PERSON, id=uuid.uuid4(), label="演示申请人", principal=licence.principal)


def test_a_copy_says_its_purpose_and_is_logged(issue: Issue) -> None:
    licence = issue()
    by = holder_of(licence)
    pk = acts.copy(licence.id, "演示银行开户", 30, by=by, key="1")
    assert acts.copy(licence.id, "演示银行开户", 30, by=by, key="1") == pk
    (made,) = queries.copies(licence.id, by)
    assert (made.id, made.cause, made.expires_on) == (pk, "演示银行开户", clock.today() + timedelta(days=30))
    use = LicenceUse.objects.get(licence=licence, operation="")
    assert (use.copy_id, use.purpose, use.user_label) == (pk, "加注副本：演示银行开户", "演示申请人")
    with store.open_file(made.digest) as file:
        content = file.read()
    text = text_of(content)
    assert "仅用于演示银行开户" in text
    assert str(pk) in text
    assert f"由{AMR.name}提供" in text


@pytest.mark.parametrize(("trust", "words"), [("B", "已与原件核对一致"), ("D", "持证人自行提供并承诺真实")])
def test_a_copy_says_who_vouches_for_it(issue: Issue, trust: str, words: str) -> None:
    licence = issue(trust=TrustLevel(trust))
    pk = acts.copy(licence.id, "演示", 7, by=holder_of(licence), key="1")
    with store.open_file(queries.get_copy(licence.id, pk, SYSTEM).digest) as file:
        text = text_of(file.read())
    assert words in text


@pytest.mark.parametrize(
    ("cause", "days", "field"), [(" ", 7, "cause"), ("长" * 61, 7, "cause"), ("演示", 0, "days"), ("演示", 366, "days")]
)
def test_a_copy_needs_a_purpose_and_a_term(issue: Issue, cause: str, days: int, field: str) -> None:
    licence = issue()
    with pytest.raises(Invalid) as refused:
        acts.copy(licence.id, cause, days, by=holder_of(licence), key="1")
    assert refused.value.errors[0].field == field


def test_copies_are_made_by_the_holder_of_what_is_in_force(issue: Issue) -> None:
    licence = issue()
    stranger = Actor(kind=ActorKind.PERSON, principal=Party(PartyKind.ORGANISATION, uuid.uuid4()))
    with pytest.raises(NotFound):
        acts.copy(licence.id, "演示", 7, by=stranger, key="1")
    acts.hold(licence.id, reason="演示", by=official(Role.ISSUER), key="2")
    with pytest.raises(NotNow):
        acts.copy(licence.id, "演示", 7, by=holder_of(licence), key="3")


def test_a_copy_is_verified_for_its_term_and_with_its_licence(issue: Issue) -> None:
    licence = issue()
    pk = acts.copy(licence.id, "演示", 7, by=holder_of(licence), key="1")
    with store.open_file(queries.get_copy(licence.id, pk, SYSTEM).digest) as file:
        content = file.read()
    found = checking.of_file(content)
    assert (found.verdict, found.copy and found.copy.id) == (Verdict.VALID, pk)
    with clock.at(clock.now() + timedelta(days=9)):
        assert checking.of_file(content).verdict is Verdict.ENDED
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    assert checking.of_file(bytes(changed)).verdict is Verdict.TAMPERED
    acts.revoke(licence.id, reason="演示", by=official(Role.ISSUER), key="2")
    assert checking.of_file(content).verdict is Verdict.ENDED
