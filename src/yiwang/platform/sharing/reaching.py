"""Where a feed may reach: addresses are resolved once, looked at, and it is those that are connected to.

A steward types in addresses and the platform connects to them from inside (SSRF): so a host must resolve only into the
networks that the city names (``YIWANG_FEED_NETWORKS``), and no name is resolved again between the look and the connection.
"""

from __future__ import annotations

import ipaddress
import socket

from django.conf import settings
from django.utils.translation import gettext as _

from yiwang.platform.sharing.connectors import SourceFault

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Outside(SourceFault):
    """A host that a feed may not be connected to, or that nobody knows."""


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
