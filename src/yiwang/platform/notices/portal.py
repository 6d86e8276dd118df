"""Messages at the portal: the inbox, one message, how one wants to be told."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yiwang.kernel.fields import FieldKind, FieldSpec, Option
from yiwang.kernel.problems import Invalid, NotFound, TooMany
from yiwang.kernel.types import Actor, FieldError
from yiwang.platform.identity.secret import Secret
from yiwang.platform.notices import acts, queries
from yiwang.platform.notices.types import Channel, Preferences
from yiwang.ui.entry import signed_in
from yiwang.ui.forms import SpecForm
from yiwang.ui.frame import Link

app_name = "notices"


@signed_in()
def messages(request: HttpRequest) -> HttpResponse:
    """List the messages of whom I act for, latest first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    only_unread = request.GET.get("show") == "unread"
    found, page = queries.inbox(
        actor,
        only_unread=only_unread,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    here = reverse("notices:messages")
    kept = "show=unread&" if only_unread else ""
    return render(
        request,
        "notices/messages.html",
        {
            "messages": found,
            "previous": f"{here}?{kept}before={page.previous}" if page.previous else "",
            "next": f"{here}?{kept}after={page.next}" if page.next else "",
            "tabs": [
                Link(_("全部"), here, "all"),
                Link(_("未读"), f"{here}?show=unread", "unread", count=queries.unread(actor)),
            ],
            "tab": "unread" if only_unread else "all",
            "key": uuid.uuid4().hex,
            "section": "my",
        },
    )


@signed_in()
def message(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one message; with that it is read."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    view = queries.get_message(pk, actor)
    if view.read_at is None:
        acts.mark_read(pk, by=actor, key=f"read:{pk}")
    return render(request, "notices/message.html", {"message": view, "section": "my"})


@require_POST
@signed_in()
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    acts.mark_all_read(by=request.actor, key=request.POST.get("key", ""))  # type: ignore[attr-defined]
    return redirect("notices:messages")


@signed_in()
def settings(request: HttpRequest) -> HttpResponse:
    """Choose channels and language."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.id is None:
        raise NotFound(_("没有这一页。"))
    now = queries.preferences(actor.id)
    initial = {
        "channels": [channel.value for channel in Channel if getattr(now, channel.value)],
        "mail_to": now.mail_to,
        "language": now.language,
    }
    form = SpecForm(_SPECS(), request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen = form.plain.get("channels") or []
        mail_to = str(form.plain.get("mail_to") or "").strip()
        wishes = Preferences("sms" in chosen, "mail" in chosen, form.plain["language"], mail_to)
        try:
            if wishes.mail and mail_to and mail_to != now.mail_to:
                acts.ask_mail(Secret(mail_to), by=actor, key=f"{form.key}m")
                done = "sent"
            else:
                done = "saved"
            acts.choose(wishes, by=actor, key=form.key)
            return redirect(f"{reverse('notices:settings')}?{done}=1")
        except (Invalid, TooMany) as problem:
            form.add_errors(problem.errors or (FieldError("mail_to", str(problem.detail)),))
    token = request.GET.get("confirm", "")
    context = {
        "form": form,
        "saved": request.GET.get("saved") == "1",
        "sent": request.GET.get("sent") == "1",
        "token": token,
        "confirms": acts.mail_of(token, actor) if token else "",
        "key": uuid.uuid4().hex,
        "section": "my",
    }
    return render(request, "notices/settings.html", context, status=422 if form.is_bound and form.errors else 200)


@require_POST
@signed_in()
def confirm_mail(request: HttpRequest) -> HttpResponse:
    """Confirm the address that a mail was sent to."""
    token = request.POST.get("token", "")[:1000]
    try:
        acts.confirm_mail(token, by=request.actor, key=request.POST.get("key", ""))  # type: ignore[attr-defined]
    except Invalid:
        return redirect(f"{reverse('notices:settings')}?{urlencode({'confirm': token})}")
    return redirect(f"{reverse('notices:settings')}?saved=1")


def _SPECS() -> list[FieldSpec]:  # noqa: N802 (a constant that must be made in the reader's language)
    return [
        FieldSpec(
            "channels",
            _("除了站内消息，还怎样告诉您？"),
            FieldKind.CHOICES,
            required=False,
            hint=_("站内消息总会有。补正、踏勘这类有期限的事，建议留着短信。"),
            options=(
                Option(Channel.SMS.value, _("短信"), hint=_("发到您登记的手机号")),
                Option(Channel.MAIL.value, _("邮件"), hint=_("发到下面的邮箱")),
            ),
        ),
        FieldSpec(
            "mail_to",
            _("邮箱"),
            FieldKind.TEXT,
            required=False,
            hint=_("新填的邮箱会收到一封确认邮件，点了里面的链接才算数。不要了就清空。"),
            max_length=200,
            sensitive=True,
        ),
        FieldSpec(
            "language",
            _("用哪种语言？"),
            FieldKind.CHOICE,
            options=(Option("zh-hans", "中文"), Option("en", "English")),
        ),
    ]


urlpatterns = [
    path("my/messages/", messages, name="messages"),
    path("my/messages/read/", read_all, name="read_all"),
    path("my/messages/settings/", settings, name="settings"),
    path("my/messages/settings/mail/", confirm_mail, name="confirm_mail"),
    path("my/messages/<uuid:pk>/", message, name="message"),
]
