"""Ways to fetch an agency's rows."""

from yiwang.platform.sharing.plugins import demo, file_drop, http_ask, http_pull, outage, push, sql_pull

__all__ = ["demo", "file_drop", "http_ask", "http_pull", "outage", "push", "sql_pull"]
