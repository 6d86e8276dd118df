"""The certificates that this machine trusts, for every call to another system."""

from __future__ import annotations

import ssl
from functools import cache


@cache
def trusted() -> ssl.SSLContext:
    """Return a context that asks for a certificate of the right name; made once, as reading takes longer than a call."""
    return ssl.create_default_context()
