"""Addresses outside that the platform may speak to: none but those in networks that the city named (no SSRF).

A host that resolves to any address outside of ``YIWANG_FEED_NETWORKS`` is refused, and whoever connects does so to the
address that was looked at: a name that resolves differently a moment later (DNS rebinding) gains nothing. Redirects are
never followed: they would name another address.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import FieldError

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """An address that may be spoken to: the name for TLS and ``Host``, and the number to connect to."""

    host: str
    port: int
    ip: str
    path: str
    secure: bool

    @property
    def authority(self) -> str:
        """What stands in the header ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


class Unreachable(Invalid):
    """The address may not be spoken to, or is none."""

    code = "address-refused"


def connectable(url: str, *, lookup: Lookup | None = None) -> Resolved:
    """Return what to connect to. Raises ``Unreachable`` with the reason.

    ``http`` is for loopback in demo mode only: in earnest everything is encrypted.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused(_("这不是一个网址。")) from None
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or any(char <= " " or char == "\x7f" for char in url):
        raise _refused(_("这不是一个网址。"))
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused(_("网址里不能带用户名、密码和片段。"))
    secure = parts.scheme == "https"
    port = port or (443 if secure else 80)
    ips = [_plain(one) for one in (lookup or _lookup)(host, port)]
    if not ips:
        raise _refused(_("找不到这个主机。"))
    allowed = networks()
    if not all(any(one in network for network in allowed) for one in ips):
        raise _refused(_("这个主机不在允许连接的网络里。"))
    if not secure and not (settings.YIWANG_DEMO and all(one.is_loopback for one in ips)):
        raise _refused(_("网址要以 https 开头。"))
    path = parts.path or "/"
    return Resolved(host, port, str(ips[0]), f"{path}?{parts.query}" if parts.query else path, secure)


def networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the networks that may be spoken to: none where none is named, loopback in demo mode."""
    named = list(settings.YIWANG_FEED_NETWORKS)
    if not named and settings.YIWANG_DEMO:
        named = ["127.0.0.0/8", "::1/128"]
    return [ipaddress.ip_network(one) for one in named]


def _lookup(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))


def _plain(text: str) -> IP:
    """Read a number; an IPv4 address in the clothes of IPv6 is the IPv4 address."""
    found = ipaddress.ip_address(text)
    return getattr(found, "ipv4_mapped", None) or found


def _refused(told: str) -> Unreachable:
    return Unreachable(told, errors=(FieldError("address", told),))
