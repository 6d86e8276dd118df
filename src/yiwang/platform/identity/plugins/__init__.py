"""Ways to sign in, and what identity leans on outside."""

from yiwang.platform.identity.plugins import demo, outage, passkey, password

__all__ = ["demo", "outage", "passkey", "password"]
