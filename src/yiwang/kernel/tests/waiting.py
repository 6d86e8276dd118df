"""What several tests need: patience."""

import time


def soon(work, wanted=1):
    """Call until it has done at least this much: a transaction elsewhere in the server, of another test that loads a
    city, say, holds windows up as long as it lasts."""
    until = time.monotonic() + 60
    done = work()
    while done < wanted and time.monotonic() < until:
        time.sleep(0.05)
        done += work()
    return done
