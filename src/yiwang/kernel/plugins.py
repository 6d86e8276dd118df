"""Plugins: adapters to the outside world, chosen by configuration and never imported by name.

A room makes a ``Registry`` for each thing that a city may connect differently (``notices.sms``,
``identity.sign_in``), its ``plugins`` package registers at least ``demo`` and ``outage``, and
``YIWANG_PLUGINS`` names the one in use: ``{"notices.sms": "http"}``. ``yiwang doctor`` walks
``registries()`` and shows every finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Generic, TypeVar

from django.conf import settings
from django.utils.functional import Promise


class Level(StrEnum):
    """How bad a finding is: an ERROR means that the plugin cannot work."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line about a plugin's configuration. The message says what to do and never holds a secret."""

    level: Level
    message: str | Promise


class Plugin:
    """Base of all plugins. One instance serves the whole process, so it keeps no state of a request."""

    label: ClassVar[str | Promise] = ""

    def check_config(self) -> list[Finding]:
        """Look at the configuration (and, if quick, the other end) and tell what is wrong; never raise."""
        return []


class UnknownPlugin(LookupError):
    """The configuration names a plugin that nobody registered; the message lists those there are."""


P = TypeVar("P", bound=Plugin)
_registries: dict[str, Registry[Plugin]] = {}


class Registry(Generic[P]):
    """The plugins of one kind, by short name; ``default`` is used where the configuration names none.

    ``together``: all of them are in use at once, each for its part, whatever the configuration names.
    """

    def __init__(self, name: str, default: str = "demo", *, together: bool = False) -> None:
        if name in _registries:
            raise ValueError(f"there is already a registry {name!r}")
        self.name = name
        self.default = default
        self.together = together
        self._plugins: dict[str, P] = {}
        _registries[name] = self  # type: ignore[assignment]

    def register(self, key: str) -> Callable[[type[P]], type[P]]:
        """Register the decorated class under ``key``. Raises ValueError if the key is taken."""

        def add(plugin: type[P]) -> type[P]:
            if key in self._plugins:
                raise ValueError(f"{self.name} already has a plugin {key!r}")
            self._plugins[key] = plugin()
            return plugin

        return add

    def get(self, key: str) -> P:
        """Return the plugin of that name. Raises UnknownPlugin."""
        try:
            return self._plugins[key]
        except KeyError:
            known = ", ".join(sorted(self._plugins)) or "none"
            raise UnknownPlugin(f"{self.name} has no plugin {key!r}; registered: {known}") from None

    @property
    def selected_key(self) -> str:
        """The name that the configuration chose, whether or not it is registered."""
        chosen: Mapping[str, str] = getattr(settings, "YIWANG_PLUGINS", {})
        return chosen.get(self.name, self.default)

    def selected(self) -> P:
        """Return the plugin in use. Raises UnknownPlugin."""
        return self.get(self.selected_key)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._plugins))

    def findings(self) -> dict[str, list[Finding]]:
        """Return what is found of each plugin in use; a missing or raising plugin is an ERROR, not an exception."""
        return {key: self._found(key) for key in (self if self.together else (self.selected_key,))}

    def check(self) -> list[Finding]:
        """Return the findings of whatever is in use."""
        return [one for found in self.findings().values() for one in found]

    def _found(self, key: str) -> list[Finding]:
        try:
            return self.get(key).check_config()
        except Exception as error:
            return [Finding(Level.ERROR, f"{type(error).__name__}: {error}")]


def registries() -> dict[str, Registry[Plugin]]:
    """Return every registry by name, for the doctor and the configuration page."""
    return dict(sorted(_registries.items()))
