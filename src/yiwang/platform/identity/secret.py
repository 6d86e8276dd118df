"""Something typed that may never be kept or shown: a password, a one-time code, a personal number."""

from __future__ import annotations


class Secret:
    """Wraps a value for an act: idempotency keys, logs and tracebacks see that there is one, never what it is."""

    __slots__ = ("_value",)
    sha256 = "secret"
    """What the act's digest takes instead of the content: even a hash of a telephone number could be undone."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"
