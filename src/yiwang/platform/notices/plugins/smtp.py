"""Mail by SMTP: ``YIWANG_SMTP_URL=smtps://user:password@host:465?from=name%40city.example``."""

from __future__ import annotations

import smtplib
import urllib.parse
from email.message import EmailMessage
from email.utils import formatdate

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from yiwang.kernel import certificates
from yiwang.kernel.plugins import Finding, Level
from yiwang.platform.notices import channels
from yiwang.platform.notices.channels import NotReached, Refused, Sender

TIMEOUT = 10.0
"""Seconds for each answer of the server."""


@channels.mail.register("smtp")
class SmtpMail(Sender):
    """``smtps://`` speaks TLS from the start, ``smtp+tls://`` after STARTTLS, ``smtp://`` in the clear."""

    label = _("SMTP 邮件")

    def check_config(self) -> list[Finding]:
        """Look whether address and sender are given."""
        parts = urllib.parse.urlsplit(settings.YIWANG_SMTP_URL)
        if parts.scheme not in ("smtp", "smtps", "smtp+tls") or not parts.hostname:
            return [Finding(Level.ERROR, _("请在 YIWANG_SMTP_URL 中设置邮件服务器。"))]
        if not _sender(parts):
            return [Finding(Level.ERROR, _("YIWANG_SMTP_URL 里没有发件人（?from=）。"))]
        if parts.scheme == "smtp" and parts.password:
            return [Finding(Level.WARNING, _("邮件密码会不加密地传送，请改用 smtps。"))]
        return []

    def send(self, to: str, title: str, text: str, key: str) -> None:
        """Send one mail; its Message-ID comes from the key."""
        parts = urllib.parse.urlsplit(settings.YIWANG_SMTP_URL)
        sender = _sender(parts)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, to, title
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{key}@{sender.partition('@')[2] or 'localhost'}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            with _connect(parts) as server:
                if parts.username:
                    server.login(urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or ""))
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _words in error.recipients.values()]
            if codes and all(code >= 500 for code in codes):
                raise Refused(f"recipient refused: {codes}") from None
            raise NotReached(f"recipient deferred: {codes}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotReached(type(error).__name__) from None


def _connect(parts: urllib.parse.SplitResult) -> smtplib.SMTP:
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        return smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=certificates.trusted())
    server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT)
    if parts.scheme == "smtp+tls":
        server.starttls(context=certificates.trusted())
    return server


def _sender(parts: urllib.parse.SplitResult) -> str:
    return dict(urllib.parse.parse_qsl(parts.query)).get("from", "")
