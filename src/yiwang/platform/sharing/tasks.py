"""Background work of the shared store: the feeds run in loops of their own beside the worker's jobs.

Jobs are for what ends soon: a source that is slow, or the first reading of a million rows, would keep others waiting.
"""

from __future__ import annotations

import threading

from yiwang.kernel import work
from yiwang.platform.sharing import runner


@work.loop("feeds", pause=1.0, threads=2)
def run_feeds(stop: threading.Event) -> int:
    """Run what is due."""
    return runner.run_due(stop)
