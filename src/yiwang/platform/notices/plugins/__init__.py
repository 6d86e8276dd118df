"""Ways to send SMS and mail."""

from yiwang.platform.notices.plugins import demo, http, outage, smtp

__all__ = ["demo", "http", "outage", "smtp"]
