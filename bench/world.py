"""The demo city's people at work: drafts ready to be handed in, as many as a measurement uses up."""

from __future__ import annotations

import uuid
from copy import copy
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from yiwang.config.typed import sample
from yiwang.halls.services import queries as services
from yiwang.kernel.ids import uuid7
from yiwang.kernel.types import Actor, ActorKind, AssuranceLevel, Door, Party, PartyKind
from yiwang.platform.cases import acts
from yiwang.platform.cases import queries as cases
from yiwang.platform.cases.models import Application, ApplicationFile, ApplicationMaterial
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.evidence.types import FactState
from yiwang.platform.identity.models import Account, Organisation
from yiwang.ui import uploads

FIRM = "91330302MADEM0011Y"
"""The restaurant's firm, which ``jia`` represents."""
RESTAURANT: dict[str, Any] = {
    "place_region": "330302006",
    "legal_form": "company",
    "has_licence": True,
    "shop_area": 360,
    "food_kinds": ["hot", "cold", "drinks"],
    "sign_wanted": True,
    "staff_count": 12,
}
"""What the restaurant's owner answers (the pack's journey): five cases."""


def applicant(login: str, uscc: str = "") -> Actor:
    """Return somebody of the demo, acting for themselves or for a firm of theirs."""
    person = Account.objects.get(login=login).person_id
    assert person is not None
    party = Party(PartyKind.PERSON, person)
    if uscc:
        party = Party(PartyKind.ORGANISATION, Organisation.objects.get(uscc=uscc).pk)
    return Actor(
        kind=ActorKind.PERSON,
        id=person,
        label="申请人",
        principal=party,
        level=AssuranceLevel.L3,
        door=Door.PORTAL,
    )


def draft_of_item(by: Actor, task_code: str) -> uuid.UUID:
    """Return a draft for one item, filled in."""
    edition = catalog.current_edition(task_code)
    pk = acts.start_draft([edition.id], {}, edition.region, by=by, key=_key())
    return filled(pk, by)


def draft_of_event(by: Actor, code: str, answers: dict[str, Any]) -> uuid.UUID:
    """Return a draft for a life event, filled in."""
    event = catalog.get_life_event(code)
    guide = services.guide(event, answers, by.principal, by.id)
    editions = [one.edition.id for one in guide.chosen]
    region = str(answers[event.region_question])
    pk = acts.start_draft(editions, answers, region, code, by=by, key=_key())
    return filled(pk, by)


def filled(pk: uuid.UUID, by: Actor) -> uuid.UUID:
    """Answer everything that a draft asks for and give every material that it lacks."""
    while True:
        view, _editions, resolution = cases.draft_state(pk, by)
        asked = [
            spec for spec in resolution.fields if resolution.facts[spec.name].state is FactState.ASK and spec.required
        ]
        if not asked:
            break
        acts.save_answers(pk, {spec.name: sample(spec, view.region) for spec in asked}, by=by, key=_key())
    for name, material in resolution.materials.items():
        if material.state is not FactState.ASK or material.optional:
            continue
        if material.may_commit:
            acts.set_material(pk, name, material.name, "committed", by=by, key=_key())
        else:
            acts.add_file(pk, name, picture(name), by=by, key=_key())
    return pk


def picture(name: str) -> dict[str, Any]:
    """Return a stored file."""
    drawn = BytesIO()
    Image.new("RGB", (640, 480), "white").save(drawn, "PNG")
    taken = uploads.accept(SimpleUploadedFile(f"{name}.png", drawn.getvalue()))
    return {name: getattr(taken, name) for name in ("name", "digest", "media_type", "size", "pages")}


def copies(pk: uuid.UUID, count: int) -> list[uuid.UUID]:
    """Copy a draft with its files and materials; each copy can be handed in as the draft itself could."""
    draft = Application.objects.get(pk=pk)
    made = [_like(draft, id=uuid7()) for _number in range(count)]
    Application.objects.bulk_create(made, batch_size=500)
    for model in (ApplicationFile, ApplicationMaterial):
        rows = list(model.objects.filter(application=pk))
        model.objects.bulk_create(  # type: ignore[attr-defined]
            [_like(row, id=uuid7(), application_id=one.id) for one in made for row in rows], batch_size=500
        )
    return [one.id for one in made]


def _like(row: Any, **changes: Any) -> Any:
    made = copy(row)
    made._state = copy(row._state)
    made._state.fields_cache = {}
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def _key() -> str:
    return uuid.uuid4().hex


def answers(by: Actor, pk: uuid.UUID) -> dict[str, Any]:
    """Return all that is known of a draft: data element to value."""
    view, _editions, resolution = cases.draft_state(pk, by)
    known = {code: fact.value for code, fact in resolution.facts.items() if fact.value not in (None, "")}
    return known | view.answers
