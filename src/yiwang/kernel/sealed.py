"""Personal data at rest: sealed columns with keys that can be changed, and blind indexes to find a value by.

A sealed value is ``version byte, length of key id, key id, nonce (12 bytes), ciphertext and tag``:
authenticated encryption by AES-256-GCM or SM4-GCM (GB/T 32907), bound to its table and column, so that a
value copied into another column does not open. Keys come from ``YIWANG_DATA_KEYS``
(``k2:aes:BASE64,k1:sm4:BASE64``): the first seals, all open. In production keys belong in an HSM or key
service (GB/T 39786); ``KeyRing`` is the place to put it behind.

One key seals at most some 2**32 values with random nonces; change it long before (``reseal``).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

_VERSION = 1
_NONCE = 12
_TAG = 16
_SIZES = {"aes": 32, "sm4": 16}
"""Algorithms, with the bytes of their keys."""


class SealBroken(Exception):
    """The value does not open: wrong key, wrong column, or changed. Holds no part of the value."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """One key of the ring. The secret stays out of ``repr``."""

    id: str
    algorithm: str
    secret: bytes = field(repr=False)

    def seal(self, nonce: bytes, plain: bytes, header: bytes) -> bytes:
        """Return ciphertext and tag."""
        if self.algorithm == "aes":
            return _aes(self.secret).encrypt(nonce, plain, header)
        encryptor = Cipher(algorithms.SM4(self.secret), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(header)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def open(self, nonce: bytes, sealed: bytes, header: bytes) -> bytes:
        """Return what was sealed. Raises InvalidTag."""
        if self.algorithm == "aes":
            return _aes(self.secret).decrypt(nonce, sealed, header)
        decryptor = Cipher(algorithms.SM4(self.secret), modes.GCM(nonce, sealed[-_TAG:])).decryptor()
        decryptor.authenticate_additional_data(header)
        return decryptor.update(sealed[:-_TAG]) + decryptor.finalize()


_aes = lru_cache(maxsize=64)(AESGCM)
"""The cipher of a key, set up once: that takes several times as long as opening a value. (SM4 has no such interface.)"""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys by id. ``current`` seals; the others stay until ``reseal`` has been through every table."""

    current: DataKey
    keys: Mapping[str, DataKey]

    @classmethod
    def parse(cls, setting: str) -> KeyRing:
        """Read ``id:aes|sm4:BASE64``, comma-separated. Raises ValueError that names the key, never the
        secret.
        """
        keys: dict[str, DataKey] = {}
        for entry in filter(None, (part.strip() for part in setting.split(","))):
            key_id, _, rest = entry.partition(":")
            algorithm, _, encoded = rest.partition(":")
            if not key_id or len(key_id.encode()) > 32 or key_id in keys:
                raise ValueError(f"data key {key_id!r}: ids are unique and 1 to 32 bytes long")
            if algorithm not in _SIZES:
                raise ValueError(f"data key {key_id!r}: the algorithm is aes or sm4")
            try:
                secret = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise ValueError(f"data key {key_id!r}: not base64") from None
            if len(secret) != _SIZES[algorithm]:
                raise ValueError(f"data key {key_id!r}: {algorithm} needs {_SIZES[algorithm]} bytes")
            keys[key_id] = DataKey(key_id, algorithm, secret)
        if not keys:
            raise ValueError("no data key is configured")
        return cls(next(iter(keys.values())), keys)

    @property
    def header(self) -> bytes:
        """The first bytes of everything that the current key sealed."""
        key_id = self.current.id.encode()
        return bytes((_VERSION, len(key_id))) + key_id

    def seal(self, plain: bytes, context: str) -> bytes:
        """Seal a value for a place (``table.column``)."""
        nonce = os.urandom(_NONCE)
        return self.header + nonce + self.current.seal(nonce, plain, self.header + context.encode())

    def open(self, token: bytes, context: str) -> bytes:
        """Return what was sealed for that place. Raises SealBroken."""
        size = 2 + (token[1] if len(token) > 1 else 0)
        header, body = token[:size], token[size:]
        if len(body) < _NONCE + _TAG or header[0] != _VERSION:
            raise SealBroken(f"{context}: not a sealed value")
        key = self.keys.get(header[2:].decode(errors="replace"))
        if key is None:
            raise SealBroken(f"{context}: sealed with a key that is not in the ring")
        try:
            return key.open(body[:_NONCE], body[_NONCE:], header + context.encode())
        except InvalidTag:
            raise SealBroken(f"{context}: wrong key, wrong place or changed value") from None


_parse = lru_cache(maxsize=8)(KeyRing.parse)


def key_ring() -> KeyRing:
    """Return the ring of ``YIWANG_DATA_KEYS``. Raises ValueError if that is not a ring."""
    return _parse(settings.YIWANG_DATA_KEYS)


def normalised(value: str) -> str:
    """Return the form under which equal values meet: half-width, upper case, without white space and
    hyphens.
    """
    return "".join(unicodedata.normalize("NFKC", value).upper().split()).replace("-", "")


def blind_index(value: str, purpose: str) -> bytes:
    """Return 32 bytes by which a sealed value is found: HMAC-SHA-256 of its normalised form under its own
    key.

    ``purpose`` keeps columns apart: the same number has another index as a citizen id than as a contact.
    Store it in a ``BinaryField`` beside the sealed field. ``YIWANG_INDEX_KEY_ALGORITHM`` = ``sm3`` makes it
    HMAC-SM3.
    """
    message = purpose.encode() + b"\0" + normalised(value).encode()
    return hmac.digest(settings.YIWANG_INDEX_KEY, message, getattr(settings, "YIWANG_INDEX_KEY_ALGORITHM", "sha256"))


if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field


class SealedTextField(_Field):
    """Text that the database holds only sealed. It cannot be searched or ordered by: see ``blind_index``.

    ``context`` replaces ``table.column`` as the place a value belongs to, for columns that were renamed.
    """

    description = "sealed text"
    empty_strings_allowed = True

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        self.context = context
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Keep ``context`` in migrations."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | ({"context": self.context} if self.context else {})

    def get_internal_type(self) -> str:
        """Stored as ``bytea``."""
        return "BinaryField"

    @property
    def place(self) -> str:
        """What values of this field are bound to."""
        return self.context or f"{self.model._meta.db_table}.{self.column}"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Seal on the way in."""
        if value is None:
            return None
        return connection.Database.Binary(key_ring().seal(self.to_bytes(value), self.place))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Open on the way out. Raises SealBroken."""
        return None if value is None else self.from_bytes(key_ring().open(bytes(value), self.place))

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow ``isnull`` only: everything else would compare ciphertext, which never matches."""
        if lookup_name != "isnull":
            raise FieldError(f"{self.place} is sealed: look it up by its blind index")
        return super().get_lookup(lookup_name)

    def to_bytes(self, value: Any) -> bytes:
        """Return the bytes to seal."""
        return str(value).encode()

    def from_bytes(self, plain: bytes) -> Any:
        """Return the value that ``to_bytes`` made these bytes of."""
        return plain.decode()


class SealedJSONField(SealedTextField):
    """A JSON value that the database holds only sealed; dates and decimals come back as strings."""

    description = "sealed JSON"
    empty_strings_allowed = False

    def to_bytes(self, value: Any) -> bytes:
        """Return the value as JSON."""
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()

    def from_bytes(self, plain: bytes) -> Any:
        """Return the parsed JSON."""
        return json.loads(plain)


def sealed_fields(model: type[models.Model]) -> list[SealedTextField]:
    """Return the sealed columns of a model."""
    return [one for one in model._meta.concrete_fields if isinstance(one, SealedTextField)]


def stale(model: type[models.Model]) -> int:
    """Return how many rows of a model hold a value that another than the current key sealed."""
    where, given = _stale(model)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {_quoted(model._meta.db_table)} WHERE {where}", given)  # noqa: S608 - our own names
        found: int = cursor.fetchone()[0]
    return found


def reseal(model: type[models.Model], batch: int = 500) -> int:
    """Seal every value of a model anew that the current key did not seal; return how many rows changed.

    Each batch is a transaction of its own and rows that are done are not looked at again, so it may be
    stopped and run again at any time, beside the running platform. Raises SealBroken at the first value
    that does not open.
    """
    fields = sealed_fields(model)
    if not fields:
        return 0
    ring, pk = key_ring(), _quoted(str(model._meta.pk.column))
    table, columns = _quoted(model._meta.db_table), [_quoted(str(one.column)) for one in fields]
    where, given = _stale(model)
    select = (
        f"SELECT {pk}, {', '.join(columns)} FROM {table}"  # noqa: S608 - quoted names of our own models
        f" WHERE {where} ORDER BY {pk} LIMIT {batch} FOR UPDATE"
    )
    update = f"UPDATE {table} SET {', '.join(f'{c} = %s' for c in columns)} WHERE {pk} = %s"  # noqa: S608
    changed = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(select, given)
            rows = cursor.fetchall()
            for key, *tokens in rows:
                anew = [
                    None if token is None else ring.seal(ring.open(bytes(token), f.place), f.place)
                    for f, token in zip(fields, tokens, strict=True)
                ]
                cursor.execute(update, [*anew, key])
        changed += len(rows)
        if len(rows) < batch:
            return changed


def _stale(model: type[models.Model]) -> tuple[str, list[Any]]:
    """Return the condition on rows that another key sealed, and its parameters."""
    header, fields = key_ring().header, sealed_fields(model)
    terms = (f"substring({_quoted(str(one.column))} FROM 1 FOR {len(header)}) <> %s" for one in fields)
    return " OR ".join(terms), [header] * len(fields)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
