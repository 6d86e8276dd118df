"""Readers of text; importing this package registers them."""

from yiwang.platform.papers.plugins import demo, outage, rapidocr

__all__ = ["demo", "outage", "rapidocr"]
