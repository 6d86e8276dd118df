"""What people are told of: events of cases and licences become messages."""

from __future__ import annotations

from yiwang.kernel.events import Happening, subscribe
from yiwang.platform.notices import acts
from yiwang.platform.notices.composing import ON_APPLICATION, ON_CASE, ON_CONSENT, ON_LICENCE, ON_OBJECTION, compose


@subscribe("notices", *ON_APPLICATION, *ON_CASE, *ON_LICENCE, *ON_OBJECTION, *ON_CONSENT)
def tell(happening: Happening) -> None:
    """Tell whom it concerns."""
    for notice in compose(happening):
        acts.tell(notice)
