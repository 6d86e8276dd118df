"""Something that may never be kept or shown in the open: a password, a one-time code, a personal number."""

from __future__ import annotations

import base64
from typing import Any

from pydantic_core import core_schema

from yiwang.kernel.sealed import SealBroken, key_ring

_PLACE = "kernel_idempotencykey.result"


class Secret:
    """Wraps a value for an act: idempotency keys, logs and tracebacks see that there is one, never what it is.

    As an act's answer it is kept sealed, so that the same key can give it again and the table says nothing.
    """

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

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Tell Pydantic to write it sealed and to read it back."""
        return core_schema.no_info_plain_validator_function(
            cls._opened, serialization=core_schema.plain_serializer_function_ser_schema(cls._sealed)
        )

    def _sealed(self) -> str:
        return base64.b64encode(key_ring().seal(self._value.encode(), _PLACE)).decode()

    @classmethod
    def _opened(cls, kept: str) -> Secret:
        try:
            return cls(key_ring().open(base64.b64decode(kept), _PLACE).decode())
        except SealBroken:
            return cls("")  # sealed with a key that is gone: as long as that, nobody asks again
