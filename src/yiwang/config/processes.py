"""Child processes that can't outlive their parent (Linux).

A terminal that is closed, a Ctrl-C or even `kill -9` of a parent must leave nothing running. The kernel does
that: a child asks for a signal at its parent's death (`prctl(2)`, PR_SET_PDEATHSIG).
"""

import ctypes
import os
import signal
import socket
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Return a function for a forked child to call: it gets signal `number` when its parent dies.

    Call it after any change of user, which would clear the wish. The kernel watches the *thread* that
    forked, so fork in a thread that lives as long as the process, in practice the main one.
    """
    parent = os.getpid()

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the wish was heard
            os._exit(1)

    return ask


def end_with_parent() -> None:
    """Get SIGTERM when the process that started this one dies, even by `kill -9`."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def exit_on_signals() -> None:
    """Make SIGTERM and SIGHUP end this process as Ctrl-C does: through its `finally` blocks.

    Ctrl-C itself too: a shell that starts something in the background lets it ignore that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def is_free(host: str, port: int) -> bool:
    """Tell whether nobody listens on this address."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
