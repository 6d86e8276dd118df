"""Adapters of the design system; importing this package registers them."""

from . import clamav, demo, outage

__all__ = ["clamav", "demo", "outage"]
