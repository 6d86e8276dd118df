"""Sources of facts: sign-in identity, licences, shared datasets. Rooms below register theirs in their own plugins."""

from yiwang.platform.evidence.plugins import datasets, identity, licences, outage

__all__ = ["datasets", "identity", "licences", "outage"]
