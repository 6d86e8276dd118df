"""What several tests need: patience."""

import time


def soon(work, wanted=1):
    """Call until it has done at least this much: a transaction elsewhere in the server holds windows up for a moment."""
    until = time.monotonic() + 10
    done = work()
    while done < wanted and time.monotonic() < until:
        time.sleep(0.05)
        done += work()
    return done
