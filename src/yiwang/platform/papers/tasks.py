"""Background work of the papers room: taking scans apart, in a loop of its own, as a page may take long to read."""

from __future__ import annotations

import threading

from yiwang.kernel import work


@work.loop("scanned papers", pause=0.5)
def take_apart(stop: threading.Event) -> None:
    """Take apart what waits."""
    from yiwang.platform.papers import acts

    while not stop.is_set() and acts.work_on():
        pass
