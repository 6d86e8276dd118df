"""The counter compares what was given with the original."""

from __future__ import annotations

from django.utils.translation import gettext as _

from yiwang.kernel.acts import act_on, current
from yiwang.kernel.problems import NotFound
from yiwang.kernel.types import Actor, Denial, Key
from yiwang.platform.cases import rules
from yiwang.platform.cases.models import Application
from yiwang.platform.cases.permissions import CanIntake
from yiwang.platform.evidence.types import FactState


def being_taken_in(application: Application) -> Denial | None:
    """Originals are compared while the application is taken in."""
    if not any(one.state in rules.BEFORE_ACCEPTANCE for one in application.cases.all()):
        return Denial("nothing-to-accept", _("这份申请没有待受理的办件，不用再核对原件。"))
    return None


@act_on("cases.check_original", Application.objects.lock, permission=CanIntake, ready=being_taken_in)
def check_original(application: Application, identity: str, checked: bool, *, by: Actor, key: Key) -> None:
    """Note that a given material agrees with the original: it is trusted at level B from now on; or take that back."""
    material = application.materials.filter(identity=identity, state=FactState.GIVEN).first()
    if material is None:
        raise NotFound(_("没有这份材料。"))
    trust = "B" if checked else "C"
    material.trust, material.checked_by = trust, by.label if checked else ""
    material.save(update_fields=["trust", "checked_by"])
    application.files.filter(identity=identity, task=None, removed_at=None).update(trust=trust)
    current().detail |= {"material": identity, "checked": checked}
