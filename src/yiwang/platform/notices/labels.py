"""Words for channels, shared by pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from yiwang.platform.notices.types import Channel

CHANNELS: dict[str, Any] = {Channel.SMS: _("短信"), Channel.MAIL: _("邮件")}
