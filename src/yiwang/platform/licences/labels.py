"""What the pages say of licences: states, verdicts, checks and log lines in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.types import PartyKind
from yiwang.platform.licences import making
from yiwang.platform.licences.types import (
    BatchState,
    CheckKind,
    CheckLine,
    Consent,
    CopyView,
    LicenceKind,
    LicenceStatus,
    LicenceUseView,
    LicenceView,
    Operation,
    ShowingState,
    ShowingView,
    TrustLevel,
    Verdict,
    Verification,
    Version,
    Way,
)
from yiwang.ui import dates

STATUS: dict[LicenceStatus, Any] = {
    LicenceStatus.VALID: gettext_lazy("有效"),
    LicenceStatus.HELD: gettext_lazy("暂扣"),
    LicenceStatus.WITHDRAWN: gettext_lazy("已撤销"),
    LicenceStatus.CANCELLED: gettext_lazy("已注销"),
    LicenceStatus.EXPIRED: gettext_lazy("已失效"),
    LicenceStatus.TRANSFERRED: gettext_lazy("已转出"),
    LicenceStatus.REVOKED: gettext_lazy("已吊销"),
    LicenceStatus.OTHER: gettext_lazy("其他"),
}
TONE = {LicenceStatus.VALID: "green", LicenceStatus.HELD: "yellow", LicenceStatus.EXPIRED: ""}
IN_FORCE = frozenset({LicenceStatus.VALID})
TRUST: dict[TrustLevel, Any] = {
    TrustLevel.A: gettext_lazy("A 级：签发机关提供"),
    TrustLevel.B: gettext_lazy("B 级：窗口核对过原件"),
    TrustLevel.C: gettext_lazy("C 级：本人上传，使用前要核对原件"),
    TrustLevel.D: gettext_lazy("D 级：本人提供并承诺真实"),
}
KIND: dict[LicenceKind, Any] = {
    LicenceKind.CERTIFICATE: gettext_lazy("证照"),
    LicenceKind.APPROVAL: gettext_lazy("批文"),
    LicenceKind.PROOF: gettext_lazy("证明"),
    LicenceKind.MATERIAL: gettext_lazy("材料"),
    LicenceKind.DOCUMENT: gettext_lazy("证件"),
}
HOLDER: dict[PartyKind, Any] = {
    PartyKind.PERSON: gettext_lazy("个人"),
    PartyKind.ORGANISATION: gettext_lazy("企业和其他组织"),
}
DEFINED_LEVEL: dict[int, Any] = {
    1: gettext_lazy("国家"),
    2: gettext_lazy("省部"),
    3: gettext_lazy("地市"),
    4: gettext_lazy("区县"),
    5: gettext_lazy("其他"),
}
"""Level of who defines a type (STANDARDS 6.3)."""
OPERATION: dict[Operation, Any] = {
    Operation.ISSUE: gettext_lazy("新发"),
    Operation.RENEW: gettext_lazy("延续"),
    Operation.CHANGE: gettext_lazy("变更"),
    Operation.HOLD: gettext_lazy("暂扣"),
    Operation.RELEASE: gettext_lazy("暂扣发还"),
    Operation.EXPIRE: gettext_lazy("过期失效"),
    Operation.CANCEL: gettext_lazy("注销"),
    Operation.WITHDRAW: gettext_lazy("撤销"),
    Operation.REVOKE: gettext_lazy("吊销"),
    Operation.TRANSFER_OUT: gettext_lazy("办理转出"),
    Operation.TRANSFER_IN: gettext_lazy("转入"),
    Operation.OTHER: gettext_lazy("其他业务"),
}


BATCH: dict[BatchState, Any] = {
    BatchState.RUNNING: gettext_lazy("正在导入"),
    BatchState.DONE: gettext_lazy("导入完了"),
    BatchState.BROKEN: gettext_lazy("导不下去了"),
}
BATCH_TONE = {BatchState.RUNNING: "yellow", BatchState.DONE: "green", BatchState.BROKEN: "red"}
WAY: dict[Way, Any] = {
    Way.CODE: gettext_lazy("一次性二维码"),
    Way.CARD: gettext_lazy("窗口刷社保卡"),
    Way.GRANT: gettext_lazy("直接授权"),
}
SHOWING: dict[ShowingState, Any] = {
    ShowingState.OFFERED: gettext_lazy("等对方扫码"),
    ShowingState.ASKED: gettext_lazy("等持证人同意"),
    ShowingState.AGREED: gettext_lazy("已同意"),
    ShowingState.REFUSED: gettext_lazy("没有同意"),
    ShowingState.OVER: gettext_lazy("已到期"),
    ShowingState.REVOKED: gettext_lazy("已收回"),
}
SHOWING_TONE = {ShowingState.ASKED: "yellow", ShowingState.AGREED: "green", ShowingState.REVOKED: "red"}
CONSENT: dict[Consent, Any] = {
    Consent.DEVICE: gettext_lazy("本人在手机或电脑上同意"),
    Consent.MESSAGE: gettext_lazy("本人手机收到的验证码"),
    Consent.SIGNATURE: gettext_lazy("本人在窗口签字"),
}


@dataclass(frozen=True, slots=True)
class ShowingCard:
    """A showing as a line of a list."""

    showing: ShowingView
    state: str
    tone: str
    way: str
    consent: str
    runs: bool


def showing(view: ShowingView) -> ShowingCard:
    """Return a showing as a line of a list."""
    return ShowingCard(
        view,
        str(SHOWING[view.state]),
        SHOWING_TONE.get(view.state, ""),
        str(WAY[view.way]),
        str(CONSENT[view.consent]) if view.consent else "",
        view.state in {ShowingState.OFFERED, ShowingState.ASKED, ShowingState.AGREED},
    )


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """How a verdict is shown: ``kind`` and ``icon`` of the component, its word, its sentence."""

    kind: str
    title: str
    text: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class CheckWords:
    """One line of what was looked at."""

    title: str
    text: str = ""
    code: str = ""
    ok: bool | None = True

    @property
    def icon(self) -> str:
        """Return the icon beside the line."""
        return "clock" if self.ok is None else "ok" if self.ok else "stop"


@dataclass(frozen=True, slots=True)
class Card:
    """A licence as a card of the wallet."""

    licence: LicenceView
    status: str
    tone: str
    check_url: str
    until: str


@dataclass(frozen=True, slots=True)
class UseWords:
    """One line of the use log."""

    when: str
    what: str
    who: str
    link: str = ""
    """Where it is told more, for who may read that."""


def card(licence: LicenceView) -> Card:
    """Return a licence as a card."""
    return Card(
        licence,
        str(STATUS[licence.status]),
        TONE.get(licence.status, "red"),
        "" if licence.unchecked else making.check_url(licence.check_code),
        dates.said(licence.valid_to, "date") if licence.valid_to else _("长期有效"),
    )


def versions(found: list[Version]) -> list[tuple[Version, str]]:
    """Return versions with what made each in words."""
    return [(one, str(OPERATION[one.operation])) for one in found]


def use_words(use: LicenceUseView, link: str = "") -> UseWords:
    """Return a line of the use log."""
    what = str(OPERATION[use.operation]) if use.operation else use.purpose
    return UseWords(dates.said(use.at, "datetime"), what, use.user_label, link)


def verdict_words(found: Verification, *, file: bool) -> VerdictWords:
    """Return a verdict in words; ``file`` tells whether a file was looked at or only the register."""
    if found.verdict is Verdict.TAMPERED:
        return VerdictWords("bad", _("内容被改过，不要采信"), _tampered(found))
    if found.verdict is Verdict.UNKNOWN_ISSUER:
        text = _("文件上有签章，但签章人不是我们认识的签发机关。请向持证人要原件，或扫码重查。")
        return VerdictWords("bad", _("签发人不明，不要采信"), text)
    if found.licence is None:
        text = (
            _("这个文件不是本平台签发的电子证照，或者已经认不出来。请扫证照上的二维码重查。")
            if file
            else _("请核对号码有没有填错。二维码查不到，说明它不是本平台签发的。")
        )
        return VerdictWords("bad", _("没有查到这张证照"), text, "search")
    if found.copy is not None and found.verdict in {Verdict.VALID, Verdict.ENDED} and found.licence.status in IN_FORCE:
        return _of_copy(found.copy, over=found.verdict is Verdict.ENDED)
    words = {"issuer": found.licence.issuer_name, "status": STATUS[found.licence.status]}
    if found.verdict is Verdict.TAKEN_BACK:
        text = _("证照是真的，但持证人已经收回对这份副本的同意，不能再用。还要用的话，请向持证人要新的副本。")
        return VerdictWords("bad", _("持证人已收回"), text, "x")
    if found.verdict is Verdict.VALID:
        text = (
            _("这张证照由%(issuer)s签发，内容没有被改动，目前有效。")
            if file
            else _("这张证照由%(issuer)s签发，目前有效。请核对下面的内容和您手上的是不是一样。")
        )
        return VerdictWords("ok", _("有效"), text % words)
    if found.verdict is Verdict.HELD:
        text = _("证照是真的，由%(issuer)s签发，但目前被暂扣，不能凭它办事或经营。")
        return VerdictWords("held", str(words["status"]), text % words)
    if found.licence.status is LicenceStatus.EXPIRED:
        text = _("证照是真的，由%(issuer)s签发，但已经过期或换了新证，不能再用。")
    else:
        words["day"] = dates.said(found.licence.changed_at, "date")
        text = _("证照是真的，由%(issuer)s签发，但自%(day)s起无效，不能再用。")
    return VerdictWords("bad", str(words["status"]), text % words, "x")


def _of_copy(copy: CopyView, *, over: bool) -> VerdictWords:
    told = {"cause": copy.cause, "day": dates.said(copy.expires_on, "date")}
    if over:
        text = _("证照是真的，但这份副本只能用到%(day)s，用途是“%(cause)s”。请向持证人要新的副本。")
        return VerdictWords("bad", _("副本已过期"), text % told, "clock")
    text = _("这是一份加注副本，内容没有被改动，证照目前有效。副本仅用于“%(cause)s”，%(day)s前有效。")
    return VerdictWords("ok", _("有效的加注副本"), text % told)


def _tampered(found: Verification) -> str:
    if found.licence is None:
        return _("文件在签章之后被改动过。请向持证人要原件，或扫码重查。")
    status = STATUS[found.licence.status]
    return _("这个文件和签发时的不一样。真实的证照目前是“%(status)s”，内容见下；请向持证人要原件，或扫码重查。") % {
        "status": status
    }


def check_words(line: CheckLine, *, file: bool) -> CheckWords:
    """Return one check in words; ``file`` as of ``verdict_words``."""
    if line.kind is CheckKind.SIGNATURE:
        if line.ok is None:
            return CheckWords(_("电子签章正在生成"), _("证照刚签发，几分钟内会盖好电子印章。"), ok=None)
        title = _("电子签章真实") if line.ok else _("没有真实、完整的电子签章")
        return CheckWords(title, _signed(line), ok=line.ok)
    if line.kind is CheckKind.CONTENT:
        if line.ok is None:
            return CheckWords(_("签发文件正在生成，还不能比对"), ok=None)
        same = _("文件与签发时一致") if file else _("证照库里的文件与签发时一致")
        title = same if line.ok else _("文件与签发时不一致")
        return CheckWords(title, _("签发文件的 SHA-256 摘要"), _grouped(line.detail), line.ok)
    if line.kind is CheckKind.STATUS:
        good = _("没有被暂扣、撤销、注销或吊销，没有过期")
        bad = _("现在的状态：%(status)s") % {"status": STATUS[LicenceStatus(line.detail)]}
        when = dates.said(line.at, "datetime")
        return CheckWords(good if line.ok else bad, _("%(when)s 查自证照库") % {"when": when}, ok=line.ok)
    return CheckWords(_("标识正确") if line.ok else _("标识的校验位不对"), code=line.detail, ok=line.ok)


def _signed(line: CheckLine) -> str:
    """Say who signed; what an unknown or broken signature says of itself is only its own word."""
    if not line.detail:
        return ""
    if not line.ok:
        return _("签章里自称：%(signer)s") % {"signer": line.detail}
    if line.at is None:
        return _("签章人：%(signer)s") % {"signer": line.detail}
    when = dates.said(line.at, "instant")
    return _("签章人：%(signer)s，签于 %(when)s") % {"signer": line.detail, "when": when}


def _grouped(digest: str) -> str:
    return f"{digest[:4]} {digest[4:8]} {digest[8:12]} … {digest[-4:]}"
