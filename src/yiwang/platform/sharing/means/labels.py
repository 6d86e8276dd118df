"""What the words of a report are called."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yiwang.platform.sharing.means.types import ConsentState, ConsentWay, Preliminary, Weight
from yiwang.platform.sharing.types import Outcome

LEVELS: dict[Weight, tuple[str | Promise, str]] = {
    Weight.SERIOUS: (_("与申报不符"), "red"),
    Weight.DOUBT: (_("要问清楚"), "orange"),
    Weight.NOTE: (_("供参考"), "line"),
}
VERDICTS: dict[Preliminary, tuple[str | Promise, str]] = {
    Preliminary.FITS: (_("初步看符合条件"), "ok"),
    Preliminary.UNFIT: (_("初步看不符合条件"), "bad"),
    Preliminary.LOOK: (_("要人工核实"), "held"),
}
WAYS: dict[ConsentWay, str | Promise] = {
    ConsentWay.SIGNED: _("在申请里签名同意"),
    ConsentWay.ONLINE: _("本人在网上同意"),
    ConsentWay.PAPER: _("在窗口签了纸质授权书"),
    ConsentWay.GUARDIAN: _("由监护人同意"),
}
CONSENTS: dict[ConsentState, tuple[str | Promise, str]] = {
    ConsentState.ASKED: (_("还没有答复"), "orange"),
    ConsentState.AGREED: (_("同意"), "green"),
    ConsentState.REFUSED: (_("不同意"), "red"),
}
OUTCOMES: dict[Outcome, tuple[str | Promise, str]] = {
    Outcome.FOUND: (_("已比对"), "green"),
    Outcome.NONE: (_("已比对，没有记录"), "line"),
    Outcome.DOWN: (_("没有比对：提供方暂时不通"), "orange"),
    Outcome.REFUSED: (_("没有比对：没有共享授权"), "red"),
}
