"""Ways to send SMS and mail."""

from yiwang.platform.notices.plugins import codes, demo, http, outage, smtp

__all__ = ["codes", "demo", "http", "outage", "smtp"]
