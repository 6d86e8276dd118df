"""Pages drawn for these tests, and the window of Testville."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from yiwang.kernel import clock
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind, Role
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity.models import Person
from yiwang.platform.papers import acts
from yiwang.ui import store
from yiwang.ui.fonts import typst_font_dirs

PAPER = "staff_health"
"""A paper that Testville's food licence takes from an earlier time."""
LINES = ("从业人员健康证明", "编号：TS20260001", "姓名：测试法人甲", "有效期至：2027年5月1日", "测试市疾病预防控制中心")


def drawn(lines: tuple[str, ...] = LINES * 4, size: tuple[int, int] = (820, 1160)) -> Image.Image:
    """Draw a page of text."""
    image = Image.new("L", size, 255)
    folder = next(iter(typst_font_dirs()))
    font = ImageFont.truetype(str(next(one for one in sorted(folder.iterdir()) if one.suffix in {".ttf", ".ttc"})), 30)
    pen = ImageDraw.Draw(image)
    for at, line in enumerate(lines):
        pen.text((90, 90 + 48 * at), line * 2 if at % 3 else line, font=font, fill=20)
    return image


def jpeg(image: Image.Image, **more: Any) -> bytes:
    """Return a picture as JPEG."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, **more)
    return out.getvalue()


def pdf(*pages: Image.Image) -> bytes:
    """Return pages as a PDF without a text layer."""
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=100)
    return out.getvalue()


def stored(content: bytes, pages: int = 1, media_type: str = "image/jpeg") -> dict[str, Any]:
    """Put a file into the store, as a scan names it."""
    return {"digest": store.save(io.BytesIO(content)), "media_type": media_type, "pages": pages}


def small(shade: int = 200) -> bytes:
    """Return a small picture that costs little to straighten."""
    return jpeg(Image.new("L", (60, 80), shade))


def key() -> str:
    """Return a new idempotency key."""
    return uuid.uuid4().hex


@pytest.fixture
def monday(testville: None) -> Iterator[None]:
    """Let it be a Monday in Testville."""
    with clock.at(datetime(2026, 3, 2, 9, tzinfo=clock.SHANGHAI)):
        yield


def person(name: str) -> Actor:
    """Return somebody of the pack, acting for themselves."""
    pk = Person.objects.get(name=name).pk
    return Actor(
        kind=ActorKind.PERSON,
        id=pk,
        label="申请人",
        principal=Party(PartyKind.PERSON, pk),
        level=AssuranceLevel.L3,
        door=Door.PORTAL,
    )


@pytest.fixture
def owner(monday: None) -> Actor:
    """Return the person whose papers these are."""
    return person("测试法人甲")


@pytest.fixture
def clerk(monday: None) -> Actor:
    """Return the county's clerk."""
    member, grants = next(one for one in directory.staff_with(Role.INTAKE) if one[0].number == "C001")
    return Actor(
        kind=ActorKind.STAFF,
        id=member.id,
        label=member.label,
        level=AssuranceLevel.L3,
        door=Door.DESK,
        grants=grants,
        agency=member.agency_path,
        second_factor=True,
    )


@pytest.fixture
def elsewhere(clerk: Actor) -> Actor:
    """Return a clerk whose grants reach another county only."""
    grants = tuple(replace(one, region="339902") for one in clerk.grants)
    return replace(clerk, id=uuid.uuid4(), grants=grants)


def scanned(owner: Actor, clerk: Actor, *files: dict[str, Any]) -> uuid.UUID:
    """Scan for somebody and let the worker finish."""
    party: Party | None = owner.principal
    assert party is not None
    given = list(files) or [stored(small())]
    pk = acts.scan(party.kind.value, party.id, given, by=clerk, key=key())
    while acts.work_on():
        pass
    return pk


def kept(owner: Actor, clerk: Actor, *, check: bool = True, **more: Any) -> uuid.UUID:
    """Keep a paper of one page, compared with the original."""
    pk = acts.put_together(scanned(owner, clerk), [1], PAPER, by=clerk, key=key(), **more)
    if check:
        acts.check(pk, by=clerk, key=key())
    return pk
