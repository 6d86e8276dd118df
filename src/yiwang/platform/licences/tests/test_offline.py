"""Verification without register: what each file is answered, in a table; and the PDF as an archive wants it."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pypdf import PdfReader

from yiwang.kernel import clock
from yiwang.kernel.types import Actor, ActorKind, Role
from yiwang.platform.licences import acts, offline, queries, signing
from yiwang.platform.licences.models import Licence, LicenceCopy
from yiwang.platform.licences.offline import Outcome
from yiwang.platform.licences.tests.conftest import official
from yiwang.platform.licences.tests.test_document import fonts
from yiwang.platform.licences.types import LicenceStatus
from yiwang.ui import store

Issue = Callable[..., Licence]


def files(licence: Licence) -> dict[str, bytes]:
    acts.make_once(licence.id)
    licence.refresh_from_db()
    found = {}
    for kind, digest in (("pdf", licence.digest), ("ofd", licence.ofd_digest)):
        with store.open_file(digest) as file:
            found[kind] = file.read()
    return found


def ask(content: bytes, states: offline.States | None = None, today: date | None = None) -> offline.Answer:
    return offline.verify(content, offline.own_anchors(), states, today or clock.today())


@pytest.fixture
def folder(issue: Issue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a licence in both formats, spoilt ones, the anchors of its city and those of another."""
    licence = issue()
    for kind, content in files(licence).items():
        (tmp_path / f"good.{kind}").write_bytes(content)
        at = content.index(b"stream") + 40 if kind == "pdf" else content.index("演示餐饮".encode())
        (tmp_path / f"spoilt.{kind}").write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    (tmp_path / "other.txt").write_bytes(b"hello")
    call_command("licences", "anchors", str(tmp_path / "ours"), stdout=StringIO())
    (tmp_path / "before.json").write_text(told("revocations"))
    acts.revoke(licence.id, reason="演示", by=official(Role.DECIDER), key="1")
    (tmp_path / "after.json").write_text(told("revocations"))
    from yiwang.platform.licences.tests.test_sm2 import authority

    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "root.crt").write_bytes(authority().certificate.dump())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(*words: str) -> str:
    out = StringIO()
    call_command("licences", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def exit_of(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("licences", "verify", *words, stdout=out, stderr=StringIO())
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


OURS, BEFORE, AFTER = ("--anchors", "ours"), ("--states", "before.json"), ("--states", "after.json")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("good.pdf", "good.ofd", *OURS, *BEFORE), 0, "有效 · valid"),
        (("good.pdf", "good.ofd"), 0, "有效 · valid"),
        (("good.pdf", *OURS, *AFTER), 5, "已吊销 · revoked"),
        (("good.ofd", *OURS, *AFTER), 5, "已吊销 · revoked"),
        (("spoilt.pdf", *OURS), 3, "内容被改过，不要采信 · changed"),
        (("spoilt.ofd", *OURS), 3, "内容被改过，不要采信 · changed"),
        (("good.pdf", "--anchors", "theirs"), 4, "签发人不明，不要采信 · sealed by somebody unknown"),
        (("good.ofd", "--anchors", "theirs"), 4, "签发人不明，不要采信 · sealed by somebody unknown"),
        (("other.txt", *OURS), 6, "不是电子证照 · not an e-licence"),
        (("good.pdf", "other.txt", "spoilt.ofd", *OURS), 3, "not an e-licence"),
    ],
)
def test_table_of_answers(folder: Path, words: tuple[str, ...], code: int, said: str) -> None:
    found, text = exit_of(*words)
    assert (found, said in text) == (code, True), text


@pytest.mark.parametrize(
    "words",
    [
        ("missing.pdf",),
        ("good.pdf", "--anchors", "nowhere"),
        ("good.pdf", "--states", "other.txt"),
        ("good.pdf", "--anchors", "theirs", *AFTER),
    ],
)
def test_what_cannot_be_checked_is_no_answer(folder: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        exit_of(*words)


def test_a_changed_list_is_not_believed(folder: Path) -> None:
    file = json.loads((folder / "after.json").read_text())
    for name, value in (
        ("list", file["list"].replace("revoked", "held")),
        ("signature", file["signature"][:-6] + "AAAA=="),
        ("certificate", json.loads((folder / "before.json").read_text())["certificate"][:-4]),
    ):
        with pytest.raises(offline.BadList):
            offline.read_states(json.dumps(file | {name: value}).encode(), offline.own_anchors())


def places(content: bytes, kind: str) -> Iterator[int]:
    """Yield the bytes to change: few of what is signed, as its digest sees them alike; many of what no digest covers.

    That is a PDF's place of the signature; and an OFD's signature, and the heads in its container.
    """
    yield from range(0, len(content), 397)
    begin = content.index(b"/Contents <") + 11 if kind == "pdf" else content.index(b"Doc_0/Signs/Sign_0/SignedValue")
    yield from range(begin, begin + 3400, 23)
    if kind != "pdf":
        for head in re.finditer(rb"PK\x01\x02|PK\x03\x04|PK\x05\x06", content):
            yield from range(head.start(), min(head.start() + 46, len(content)), 5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pdf", "ofd"])
def test_a_changed_byte_is_never_valid(issue: Issue, kind: str) -> None:
    content = files(issue())[kind]
    anchors, today = offline.own_anchors(), clock.today()
    assert offline.verify(content, anchors, None, today).outcome is Outcome.VALID
    for at in places(content, kind):
        other = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        assert offline.verify(other, anchors, None, today).outcome is not Outcome.VALID, at


def test_the_name_of_the_signers_issuer_has_one_spelling(issue: Issue) -> None:
    """Names are the same to a reader in small letters, and no digest covers the place where this one stands."""
    content = files(issue())["pdf"]
    country = b"CN".hex().upper().encode()
    places = [one.start() for one in re.finditer(b"5504061302" + country, content)]
    assert len(places) > 3
    for at in places:
        start = at + 10
        other = content[:start] + b"cn".hex().upper().encode() + content[start + len(country) :]
        assert ask(other).outcome is not Outcome.VALID, at


def test_a_signature_is_written_in_one_way_only(issue: Issue) -> None:
    """BER lets a length take more bytes than it needs: the values are the same, the file is not."""
    content = files(issue())["pdf"]
    start = content.index(b"/Contents <") + 11
    end = content.index(b"00>", start)
    assert content[start : start + 4] == b"3082"
    other = content[:start] + b"308300" + content[start + 4 : end] + content[end + 2 :]
    assert (len(other), ask(other).outcome) == (len(content), Outcome.TAMPERED)


def test_a_file_says_when_it_ends(issue: Issue) -> None:
    last = clock.today() + timedelta(days=30)
    for content in files(issue(valid_to=last)).values():
        assert ask(content, today=last).outcome is Outcome.VALID
        late = ask(content, today=last + timedelta(days=1))
        assert (late.outcome, late.state, late.since) == (Outcome.ENDED, LicenceStatus.EXPIRED, last)
        newer = offline.States(datetime.now(UTC) + timedelta(days=40), "x", {})
        assert ask(content, newer, last + timedelta(days=40)).outcome is Outcome.VALID, "renewed by law: the list knows"


def test_a_copy_ends_by_itself(issue: Issue) -> None:
    licence = issue()
    holder = Actor(kind=ActorKind.PERSON, id=licence.holder_id, principal=licence.principal, label="持证人")
    copy = LicenceCopy.objects.get(pk=acts.copy(licence.id, "办理贷款", 7, by=holder, key="1"))
    for digest in (copy.digest, copy.ofd_digest):
        with store.open_file(digest) as file:
            content = file.read()
        assert ask(content).outcome is Outcome.VALID
        assert ask(content, today=copy.expires_on + timedelta(days=1)).outcome is Outcome.ENDED


def test_the_list_holds_what_is_not_in_force(issue: Issue) -> None:
    kept, held, over = issue(), issue(), issue(valid_to=date(2020, 1, 1), issued_on=date(2019, 1, 1))
    acts.hold(held.id, reason="演示", by=official(Role.ISSUER), key="1")
    found = {identifier: state for identifier, state, _since in queries.not_in_force()}
    assert found == {held.identifier: LicenceStatus.HELD, over.identifier: LicenceStatus.EXPIRED}
    assert kept.identifier not in found


def test_the_sealed_pdf_is_an_archive_copy(issue: Issue) -> None:
    """No tool here checks PDF/A (veraPDF is Java): look at what ISO 19005-2 asks of a file such as this one."""
    pdf = files(issue())["pdf"]
    reader = PdfReader(BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    about = ElementTree.fromstring(root["/Metadata"].get_object().get_data())
    said = {
        **{k: v for one in about.iter() for k, v in one.attrib.items()},
        **{one.tag: one.text for one in about.iter()},
    }
    ids = "{http://www.aiim.org/pdfa/ns/id/}"
    assert (said[f"{ids}part"], said[f"{ids}conformance"]) == ("2", "B")
    [intent] = [one.get_object() for one in root["/OutputIntents"]]
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_object().get_data()[36:40] == b"acsp", "an ICC profile"
    assert "/ID" in reader.trailer
    assert "/Encrypt" not in reader.trailer
    assert not {"/JavaScript", "/AA", "/OpenAction", "/XFA"} & set(root)
    assert all(fonts(pdf).values())
    for page in reader.pages:
        assert "/AA" not in page
        for annotation in page.get("/Annots", ()):
            one: Any = annotation.get_object()
            assert one["/F"] & 4, "printed"
            assert not one["/F"] & 0b100011, "neither invisible, hidden nor without view"
            assert "/AP" in one
    assert signing.inspect(pdf).seal is signing.Seal.GOOD
