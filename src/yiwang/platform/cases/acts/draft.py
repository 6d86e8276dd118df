"""The draft: what the applicant types before handing in. Nothing typed is lost, even what is wrong."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from yiwang.kernel import clock
from yiwang.kernel.acts import act, act_on, current
from yiwang.kernel.problems import Invalid, NotAllowed, NotNow, Stale
from yiwang.kernel.types import Actor, ActorKind, Denial, FieldError, Key
from yiwang.platform.cases import engine
from yiwang.platform.cases.acts.accept import complete_conditional
from yiwang.platform.cases.models import Application, ApplicationFile, ApplicationMaterial, Correction
from yiwang.platform.cases.permissions import CanApply
from yiwang.platform.cases.types import ApplicationState, CaseResult, Way
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.evidence.types import FactState
from yiwang.platform.identity import queries as identity

DRAFT_DAYS = 90
"""How long a draft is kept, in days."""
_NOTHING_TO_DELIVER = (
    CaseResult.WITHDRAWN,
    CaseResult.RETURNED,
    CaseResult.NO_SUPPLEMENT,
    CaseResult.NOT_ACCEPTED,
    CaseResult.REVOKED,
    CaseResult.VOIDED,
    CaseResult.DELETED,
    CaseResult.FORWARDED,
)


def only_draft(application: Application) -> Denial | None:
    """An application can be changed freely only while it is a draft."""
    if application.state != ApplicationState.DRAFT:
        return Denial("not-a-draft", _("这份申请已经提交，不能再改。需要更正请联系受理窗口。"))
    return None


def draft_or_correcting(application: Application) -> Denial | None:
    """Files may be added to a draft, and afterwards only for what a correction asked for or what is owed."""
    if application.state == ApplicationState.DRAFT or _asked_for(application) or _owed(application):
        return None
    return Denial("no-correction-open", _("现在没有要补的材料。"))


def undelivered(application: Application) -> Denial | None:
    """The way of delivery may be changed as long as something is still to be handed over."""
    if application.state == ApplicationState.DRAFT:
        return None
    if application.cases.filter(delivered_at=None).exclude(result__in=_NOTHING_TO_DELIVER).exists():
        return None
    return Denial("delivered", _("结果都已经送达，不能再改领取方式。"))


@act("cases.start_draft", permission=CanApply)
def start_draft(
    edition_ids: list[uuid.UUID],
    answers: dict[str, Any],
    region: str,
    life_event: str = "",
    *,
    by: Actor,
    key: Key,
) -> uuid.UUID:
    """Begin an application for these editions with what was answered so far. Returns its id.

    Raises ``Invalid`` if there is nothing to apply for.
    """
    if by.principal is None:
        raise Invalid(_("请先确认是为谁办理。"))
    if not edition_ids:
        raise Invalid(_("按您的情况没有需要办的事项。"))
    editions = catalog.get_editions(edition_ids)
    first = editions[edition_ids[0]].definition
    if closed := [one.definition.known_as for one in editions.values() if not one.definition.open_on(clock.today())]:
        raise Invalid(_("“%(names)s”现在不受理新的申请。") % {"names": "、".join(closed)})
    event_edition, event = catalog.life_event_edition(life_event) if life_event else (None, None)
    after = {item.basic_code: item.after for item in event.items} if event else {}
    codes = {edition.definition.basic_code for edition in editions.values()}
    if not by.may_handle(codes):
        raise NotAllowed(_("给您的委托不包括其中的事项，请委托人本人来办，或重新委托。"), code="outside-delegation")
    application = Application.objects.create(
        title=event.name if event else first.name,
        title_en=event.name_en if event else first.name_en,
        principal_kind=by.principal.kind.value,
        principal_id=by.principal.id,
        applicant_name=identity.party_name(by.principal),
        agent_id=by.id,
        agent_name=identity.get_person(by.id).name if by.kind is ActorKind.PERSON and by.id else by.label,
        delegation_id=by.delegation,
        door=by.door.value,
        region=region,
        life_event=life_event,
        life_event_edition_id=event_edition,
        plan=[
            {
                "edition": str(pk),
                "after": [code for code in after.get(editions[pk].definition.basic_code, ()) if code in codes],
            }
            for pk in edition_ids
        ],
        answers=answers,
        created_at=clock.now(),
        changed_at=clock.now(),
        expires_on=clock.today() + timedelta(days=DRAFT_DAYS),
    )
    current().about(application)
    return application.id


@act_on("cases.save_answers", Application.objects.lock, permission=CanApply, ready=only_draft)
def save_answers(
    application: Application, answers: dict[str, Any], version: int | None = None, *, by: Actor, key: Key
) -> int:
    """Merge answers into the draft and return its new version.

    Raises ``Stale`` if ``version`` is given and somebody else saved since (two devices, or a clerk beside them).
    """
    if version is not None and version != application.version:
        raise Stale(_("这份草稿在别处改过。请看一眼最新内容，再保存您的修改。"))
    application.answers = {**application.answers, **answers}
    _touch(application, "answers")
    return application.version


@act_on("cases.set_material", Application.objects.lock, permission=CanApply, ready=only_draft)
def set_material(application: Application, identity: str, name: str, state: str, *, by: Actor, key: Key) -> None:
    """Say how a material will be met: by a commitment, made up later, or (``ask``) by a file after all."""
    chosen = FactState(state)
    if chosen not in (FactState.COMMITTED, FactState.DEFERRED, FactState.ASK):
        raise Invalid(_("这份材料不能这样处理。"))
    if chosen is FactState.ASK:
        application.materials.filter(identity=identity).delete()
    else:
        ApplicationMaterial.objects.update_or_create(
            application=application,
            identity=identity,
            defaults={"name": name, "state": chosen.value, "trust": "D", "ref": "commitment"},
        )
    _touch(application)


@act_on("cases.choose_delivery", Application.objects.lock, permission=CanApply, ready=undelivered)
def choose_delivery(
    application: Application,
    way: str,
    *,
    name: str = "",
    phone: str = "",
    address: str = "",
    version: int | None = None,
    by: Actor,
    key: Key,
) -> None:
    """Choose how to get the results: electronically, at the window, or by mail to an address.

    Raises ``Invalid`` for mail without an address, or where an item does not send its result.
    """
    engine.check_version(application, version)
    chosen = Way(way)
    given = {"name": name.strip(), "phone": phone.strip(), "address": address.strip()}
    if chosen is Way.MAIL:
        ask = {"name": _("寄送要填收件人"), "phone": _("寄送要填收件人电话"), "address": _("寄送要填寄到哪里")}
        missing = [FieldError(field, ask[field]) for field, value in given.items() if not value]
        editions = catalog.get_editions(uuid.UUID(row["edition"]) for row in application.plan).values()
        if not all(edition.definition.channels.mail_out for edition in editions):
            missing.append(FieldError("way", _("其中有事项的结果不能寄送，请选电子送达或窗口领取。")))
        if missing:
            raise Invalid(_("领取方式还不完整。"), errors=tuple(missing))
    application.delivery = {"way": chosen.value, **(given if chosen is Way.MAIL else {})}
    _touch(application, "delivery")


@act_on("cases.add_file", Application.objects.lock, permission=CanApply, ready=draft_or_correcting)
def add_file(application: Application, identity: str, stored: Mapping[str, Any], *, by: Actor, key: Key) -> uuid.UUID:
    """Attach a stored and scanned file to a material. Returns the file's id.

    ``stored`` is what ``ui.uploads`` returned: name, digest, media_type, size, pages, scan. With the last deferred
    material of a conditionally accepted case, the case goes on without condition.
    """
    draft = application.state == ApplicationState.DRAFT
    owed = set() if draft else _owed(application)
    if not draft and identity not in owed | set(_asked_for(application)):
        raise NotNow(_("现在不要求补“%(name)s”。") % {"name": identity}, code="not-asked-for")
    file = ApplicationFile.objects.create(
        application=application,
        identity=identity,
        name=stored["name"],
        digest=stored["digest"],
        media_type=stored["media_type"],
        size=stored["size"],
        pages=stored.get("pages"),
        scan=stored.get("scan", "clean"),
        trust="B" if by.door == "desk" else "C",
        added_at=clock.now(),
        added_by=by.label,
    )
    if draft:
        application.materials.filter(identity=identity).delete()
    elif identity in owed:
        application.materials.filter(identity=identity).update(made_up_at=clock.now())
        complete_conditional(application)
        engine.settle(application)
    _touch(application)
    return file.id


@act_on("cases.remove_file", Application.objects.lock, permission=CanApply, ready=draft_or_correcting)
def remove_file(application: Application, file: uuid.UUID, *, by: Actor, key: Key) -> None:
    """Take a file out again. After submission only what was added for a correction that is still open: what an agency
    has already worked with stays.
    """
    rows = application.files.filter(pk=file, removed_at=None)
    if application.state != ApplicationState.DRAFT:
        asked = _asked_for(application)
        row = rows.first()
        if row is None or row.identity not in asked or row.added_at < asked[row.identity]:
            raise NotNow(_("部门已经用到这个文件，不能再删除。"), code="in-use")
    rows.update(removed_at=clock.now())
    _touch(application)


@act_on("cases.discard", Application.objects.lock, permission=CanApply, ready=only_draft)
def discard(application: Application, *, by: Actor, key: Key) -> None:
    """Throw a draft away with everything in it; files that nothing else refers to are deleted at night (``ui.keeping``)."""
    gone, _each = application.files.all().delete()
    current().detail["files"] = gone
    application.materials.all().delete()
    application.delete()


def _asked_for(application: Application) -> dict[str, datetime]:
    """Return the materials that open corrections ask for, with the instant at which each was asked."""
    return {
        point["target"].removeprefix("material:"): correction.asked_at
        for correction in Correction.objects.filter(
            case__application=application, state="open", due_on__gte=clock.today()
        )
        for point in correction.points
        if point["target"].startswith("material:")
    }


def _owed(application: Application) -> set[str]:
    """Return the materials whose handing in was put off."""
    open_ = application.cases.filter(closed_at=None)
    in_time = open_.filter(Q(conditional_due_on=None) | Q(conditional_due_on__gte=clock.today()))
    codes = list(in_time.values_list("item_code", flat=True))
    rows = application.materials.filter(state=FactState.DEFERRED, made_up_at=None, items__overlap=codes)
    return set(rows.values_list("identity", flat=True))


def _touch(application: Application, *fields: str) -> None:
    application.version += 1
    application.changed_at = clock.now()
    current().update(application, "version", "changed_at", *fields)
