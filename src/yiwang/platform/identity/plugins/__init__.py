"""Ways to sign in."""

from yiwang.platform.identity.plugins import demo

__all__ = ["demo"]
