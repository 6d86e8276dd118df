"""What the outside sets: environment variables, typed and checked once, with errors that name the variable.

In demo and test mode every secret is made at first start and kept in the state directory; in production each must be
given, and a missing one stops the start.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from enum import StrEnum
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from pydantic import Field, IPvAnyNetwork, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[3]


class Mode(StrEnum):
    """How the platform runs."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


def default_state_dir() -> Path:
    """Return ``.yiwang`` in a checkout, a folder in the user's state home otherwise."""
    if (ROOT / "pyproject.toml").exists():
        return ROOT / ".yiwang"
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "yiwang"


class Environment(BaseSettings):
    """Every setting that a city gives from outside; names are prefixed with ``YIWANG_``."""

    model_config = SettingsConfigDict(env_prefix="YIWANG_", extra="ignore")

    mode: Mode = Mode.DEMO
    state_dir: Path = Field(default_factory=default_state_dir)
    pack: str = ""
    """Which city; the one that ``default`` in the folder of packs names, if empty."""
    pack_dir: Path = ROOT / "packs"
    base_url: str = "http://127.0.0.1:8000"
    allowed_hosts: list[str] = Field(default_factory=list)
    secret_key: SecretStr = SecretStr("")
    data_keys: SecretStr = SecretStr("")
    """Key ring of sealed fields: ``k2:aes:BASE64,k1:sm4:BASE64``; the first is used for writing."""
    index_key: SecretStr = SecretStr("")
    """Key of blind indexes, base64; changing it needs a re-index."""
    audit_key: SecretStr = SecretStr("")
    """Key of the audit trail's seal, base64; keep it away from the database's administrators."""
    plugins: dict[str, str] = Field(default_factory=dict)
    """Which plugin serves each registry, as JSON: ``{"notices.sms": "http"}``."""
    database_pool: int = 8
    """Most connections of a process; more than its threads, as one that counts a limit takes a second for a moment."""
    database_prepare: bool = True
    """Whether statements are prepared; not behind a pooler that does not carry them (PgBouncer before 1.21)."""
    files_url: str = ""
    """``s3://bucket`` for an object store; empty for a folder in the state directory."""
    smtp_url: SecretStr = SecretStr("")
    signature_file: str = ""
    """PKCS#12 file of the electronic seal, or a folder with ``USCC.p12`` for each issuer (plugin ``file``)."""
    signature_password: SecretStr = SecretStr("")
    signature_roots: str = ""
    """PEM file of the roots that are believed when a licence's file is checked."""
    """Mail server: ``smtps://user:password@host?from=address``."""
    sms_url: str = ""
    """SMS gateway that takes JSON over HTTP."""
    sms_token: SecretStr = SecretStr("")
    feed_networks: list[IPvAnyNetwork] | None = None
    """Networks in which sources of data and subscribers of events may lie, as JSON: ``["10.20.0.0/16"]``; unset: none,
    this machine in the demo.
    """
    ask_seconds: float = 3.0
    """Seconds that agencies' systems, asked while somebody waits, have to answer altogether; later ones count as down."""
    feed_dir: Path | None = None
    """Folder below which agencies drop files; ``feeds`` in the state directory if unset."""
    feed_keep_days: int = Field(default=30, ge=1)
    """Days after which files that were read, or refused, are deleted: they hold people's data."""
    trusted_proxies: int = 0
    """How many proxies in front may be believed for the client's address."""
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _city(self) -> Environment:
        named = self.pack_dir / "default"
        if not self.pack and named.exists():
            self.pack = named.read_text().strip()
        return self

    @model_validator(mode="after")
    def _secrets(self) -> Environment:
        names = {"secret_key": 50, "data_keys": 32, "index_key": 32, "audit_key": 32}
        missing = [name for name in names if not getattr(self, name).get_secret_value()]
        if not missing:
            return self
        if self.mode is Mode.PRODUCTION:
            listed = ", ".join(f"YIWANG_{name.upper()}" for name in missing)
            raise ValueError(f"production needs these secrets in the environment: {listed}")
        kept = self._kept_secrets(names)
        for name in missing:
            object.__setattr__(self, name, SecretStr(kept[name]))
        return self

    def _kept_secrets(self, names: dict[str, int]) -> dict[str, Any]:
        path = self.state_dir / "secrets.json"
        if not path.exists():
            made = {name: base64.b64encode(secrets.token_bytes(size)).decode() for name, size in names.items()}
            made["data_keys"] = f"k1:aes:{made['data_keys']}"
            self.state_dir.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(made))
            try:
                os.link(draft, path)  # whoever comes first makes them; the others read
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        kept: dict[str, Any] = json.loads(path.read_text())
        return kept

    @property
    def networks(self) -> list[IPvAnyNetwork]:
        """Return where sources of data and subscribers of events may lie."""
        if self.feed_networks is not None:
            return self.feed_networks
        here = [] if self.mode is Mode.PRODUCTION else ["127.0.0.0/8", "::1/128"]
        return [ip_network(one) for one in here]

    @cached_property
    def database_url(self) -> str:
        """Return the database's address; empty where none is set and no embedded server runs yet."""
        return os.environ.get("DATABASE_URL", "")
