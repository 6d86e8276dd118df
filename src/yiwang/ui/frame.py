"""What a door puts around its pages, as data: links, groups, who acts for whom.

A door's context processor adds one ``PortalFrame`` or ``DeskFrame`` as ``frame``; a view adds ``section``
(the current entry's name),
``crumbs`` (a sequence of Link) and, on a signed-in page, the acting pair through the frame.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the frame.

    ``name`` is compared with the page's ``section``; ``count`` is shown beside it, capped at 99+.
    """

    label: str
    url: str
    name: str = ""
    icon: str = ""
    count: int | None = None
    key: str = ""
    """Key of the desk that follows the link."""

    @property
    def shown_count(self) -> str:
        """Return the count in words: exact to 99, then ``99+``; empty if there is none to show."""
        if self.count is None:
            return ""
        return "99+" if self.count > 99 else str(self.count)


@dataclass(frozen=True, slots=True)
class Group:
    """A headed group of links: a column of the footer, a block of the desk's rail."""

    label: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts (``actor``), for whom (``principal``), and where another principal is chosen."""

    actor: str
    principal: str
    role: str = ""
    switch_url: str = ""


@dataclass(frozen=True, slots=True)
class PortalFrame:
    """Around a page of the portal.

    ``unread`` is the number of unread messages, shown in the seal's colour.
    """

    home_url: str = "/"
    search_url: str = ""
    region: Link | None = None
    util: tuple[Link, ...] = ()
    nav: tuple[Link, ...] = ()
    messages: Link | None = None
    user: tuple[Link, ...] = ()
    acting: Acting | None = None
    footer: tuple[Group, ...] = ()
    ask: Link | None = None
    """Where a question can be written, beside the hotline."""


@dataclass(frozen=True, slots=True)
class DeskFrame:
    """Around a page of the desk."""

    home_url: str = "/"
    title: str = ""
    search_url: str = ""
    search_hint: str = ""
    messages: Link | None = None
    util: tuple[Link, ...] = ()
    user: tuple[Link, ...] = ()
    rail: tuple[Group, ...] = ()
