"""SMS through a gateway that takes JSON over HTTP: ``YIWANG_SMS_URL`` and ``YIWANG_SMS_TOKEN``.

The gateway gets ``{"to", "text", "key"}`` with a bearer token; ``Idempotency-Key`` lets it drop a repeat. A
vendor with
another form gets a plugin of its own beside this one.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from yiwang.kernel import certificates
from yiwang.kernel.plugins import Finding, Level
from yiwang.platform.notices import channels
from yiwang.platform.notices.channels import NotReached, Refused, Sender

TIMEOUT = 5.0, 3.0
"""Seconds for an answer, and for a connection."""
_LATER = (408, 425, 429)


@channels.sms.register("http")
class HttpSms(Sender):
    """A gateway by HTTP."""

    label = _("HTTP 短信网关")

    def check_config(self) -> list[Finding]:
        """Look whether address and token are given."""
        import httpx  # takes longer to import than all other plugins, and few processes send messages

        url = httpx.URL(settings.YIWANG_SMS_URL or "")
        if url.scheme not in ("http", "https") or not url.host:
            return [Finding(Level.ERROR, _("请在 YIWANG_SMS_URL 中设置短信网关。"))]
        if not settings.YIWANG_SMS_TOKEN:
            return [Finding(Level.WARNING, _("没有设置 YIWANG_SMS_TOKEN，网关可能拒绝。"))]
        return []

    def send(self, to: str, title: str, text: str, key: str) -> None:
        """Post one message."""
        import httpx

        whole, connect = TIMEOUT
        headers = {"Idempotency-Key": key}
        if settings.YIWANG_SMS_TOKEN:
            headers["Authorization"] = f"Bearer {settings.YIWANG_SMS_TOKEN}"
        try:
            answer = httpx.post(
                settings.YIWANG_SMS_URL,
                json={"to": to, "text": text, "key": key},
                headers=headers,
                verify=certificates.trusted(),
                timeout=httpx.Timeout(whole, connect=connect),
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotReached(type(error).__name__) from None
        if answer.is_client_error and answer.status_code not in _LATER:
            raise Refused(f"the gateway answered {answer.status_code}")
        if not answer.is_success:
            raise NotReached(f"the gateway answered {answer.status_code}")
