"""Who keeps the keys of the issuers' electronic seals."""

from yiwang.platform.licences.plugins import demo, file, outage

__all__ = ["demo", "file", "outage"]
