"""At a counter: the papers on which somebody acts for a person or an organisation that does not know this platform yet."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.types import Actor, FieldError, PartyKind
from yiwang.platform.identity import acts as accounts
from yiwang.platform.identity.acts.authorise import AGENT, HEAD
from yiwang.platform.identity.secret import Secret
from yiwang.ui.forms import SpecForm

SCANNED = "scanned_papers"
"""Where the session keeps what was scanned for whoever stands here, until the form is right: no browser sends a file
again by itself."""
PREFIX = "a"


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scanned paper, as the form shows it."""

    name: str
    digest: str
    size: int
    scan: str


def specs() -> list[FieldSpec]:
    """Return what is asked."""
    who = (
        Option(f"{PartyKind.ORGANISATION}:{AGENT}", _("单位的经办人，有授权委托书")),
        Option(f"{PartyKind.ORGANISATION}:{HEAD}", _("单位的法定代表人（负责人）")),
        Option(f"{PartyKind.PERSON}:{AGENT}", _("替个人代办，有授权委托书")),
    )
    return [
        FieldSpec("who", _("来人是"), FieldKind.CHOICE, options=who),
        FieldSpec(
            "number", _("单位的统一社会信用代码，或者委托人的身份证号码"), FieldKind.TEXT, max_length=24, sensitive=True
        ),
        FieldSpec(
            "name",
            _("单位名称"),
            FieldKind.TEXT,
            required=False,
            max_length=160,
            hint=_("系统里还没有这个单位时，照营业执照写"),
        ),
        FieldSpec(
            "last_day", _("委托到哪天止"), FieldKind.DATE, required=False, hint=_("照委托书写；法定代表人不用填")
        ),
        FieldSpec("papers", _("授权委托书（单位的加营业执照）"), FieldKind.FILE),
        FieldSpec("seen", _("核对"), FieldKind.CHOICES, options=(Option("yes", _("已核对原件、签名和公章")),)),
    ]


def empty() -> SpecForm:
    """Return the form before anything was typed."""
    return SpecForm(specs(), prefix=PREFIX)


def posted(request: HttpRequest, person: uuid.UUID) -> SpecForm:
    """Return the posted form, with what was scanned for this person so far."""
    kept = request.session.get(SCANNED, {})
    before = [Scanned(**one) for one in kept.get("files", ())] if kept.get("person") == str(person) else []
    form = SpecForm(specs(), request.POST, request.FILES, prefix=PREFIX, initial={"papers": before})
    taken, refused = form.uploads.get("papers", ((), ()))
    files = [*form.raw["papers"], *(Scanned(one.name, one.digest, one.size, str(one.scan)) for one in taken)]
    request.session[SCANNED] = {"person": str(person), "files": [asdict(one) for one in files]}
    form = SpecForm(specs(), request.POST, None, prefix=PREFIX, initial={"papers": files})
    form.add_errors(FieldError("papers", message) for message in refused)
    return form


def record(request: HttpRequest, person: uuid.UUID, form: SpecForm) -> str:
    """Record the authority that a right form shows; returns the party as ``kind:id``. Raises ``Invalid``."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    given = form.values
    kind, basis = given["who"].split(":")
    party = accounts.authorise_at_counter(
        person,
        kind,
        Secret(given["number"]),
        basis=basis,
        last_day=given["last_day"],
        name=given["name"] or "",
        papers=[one.digest for one in form.raw["papers"]],
        seen="yes" in given["seen"],
        by=actor,
        key=form.key,
    )
    request.session.pop(SCANNED, None)
    return f"{kind}:{party}"
