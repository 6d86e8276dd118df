"""Where the platform may reach: addresses are resolved once, looked at, and it is those that are connected to.

Agencies say where their data lie and where events are to be sent, and the platform connects there from inside (SSRF): so a
host must resolve only into the networks that the city names (``YIWANG_FEED_NETWORKS``), no name is resolved again between
the look and the connection (DNS rebinding), and redirects are never followed: they would name another address.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from yiwang.kernel.plugins import Finding, Level
from yiwang.kernel.problems import Invalid
from yiwang.kernel.types import FieldError
from yiwang.platform.sharing.connectors import SourceFault

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Outside(SourceFault):
    """A host that may not be connected to, or that nobody knows."""


class Unreachable(Invalid):
    """The address of a subscriber may not be spoken to, or is none."""

    code = "address-refused"


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


def connectable(url: str) -> Resolved:
    """Return what to connect to for events. Raises ``Unreachable`` with the reason.

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
    try:
        ip = resolved(host, port)
    except Outside as fault:
        raise _refused(str(fault)) from None
    if not secure and not (settings.YIWANG_DEMO and ipaddress.ip_address(ip).is_loopback):
        raise _refused(_("网址要以 https 开头。"))
    path = parts.path or "/"
    return Resolved(host, port, ip, f"{path}?{parts.query}" if parts.query else path, secure)


def resolved(host: str, port: int) -> str:
    """Return an address of a host all of whose addresses are allowed, to be connected to as it is. Raises Outside."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Outside(_("找不到主机“%(host)s”。") % {"host": host}) from None
    addresses = [_address(str(one[4][0])) for one in found]
    if not addresses or not all(one is not None and is_allowed(one) for one in addresses):
        raise Outside(_("主机“%(host)s”不在允许的网络里（YIWANG_FEED_NETWORKS）。") % {"host": host})
    return min((str(one) for one in addresses), key=lambda one: ":" in one)


def networks_found() -> list[Finding]:
    """Say whether there is a network in which sources may lie."""
    if settings.YIWANG_FEED_NETWORKS:
        return []
    return [Finding(Level.WARNING, _("没有设置 YIWANG_FEED_NETWORKS，连不到任何数据源。"))]


def _address(text: str) -> Address | None:
    """Read an address; one that is written within another protocol's is what it stands for."""
    if "%" in text:  # an address that means something on one network card only
        return None
    found = ipaddress.ip_address(text)
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def is_allowed(address: Address) -> bool:
    """Tell whether an address lies in an allowed network.

    However wide that is, nothing links to a cloud machine's metadata (link-local), and to this machine only a network of
    this machine's own.
    """
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    networks = [one for one in settings.YIWANG_FEED_NETWORKS if one.version == address.version and address in one]
    return any(one.is_loopback for one in networks) if address.is_loopback else bool(networks)


def _refused(told: str) -> Unreachable:
    return Unreachable(told, errors=(FieldError("address", told),))
