"""Everything that changes the shared store."""

from yiwang.platform.sharing.acts.checking import check, note_checks
from yiwang.platform.sharing.acts.datasets import (
    PUBLISHED,
    WITHDRAWN,
    CanDescribe,
    CanPublish,
    publish,
    publish_definition,
    publish_draft,
    save_draft,
    withdraw,
    write_draft,
)
from yiwang.platform.sharing.acts.granting import (
    MOVED,
    appeal,
    give_up,
    grant,
    pass_on,
    refuse,
    request,
    revoke,
    send_back,
    settle,
    uphold,
    write_grant,
)
from yiwang.platform.sharing.acts.objecting import ANSWERS, answer, object_to_check, object_to_data
from yiwang.platform.sharing.acts.quality import MEASURED, note_measure
from yiwang.platform.sharing.acts.records import CanBringIn, bring_in

__all__ = [
    "ANSWERS",
    "MEASURED",
    "MOVED",
    "PUBLISHED",
    "WITHDRAWN",
    "CanBringIn",
    "CanDescribe",
    "CanPublish",
    "answer",
    "appeal",
    "bring_in",
    "check",
    "give_up",
    "grant",
    "note_checks",
    "note_measure",
    "object_to_check",
    "object_to_data",
    "pass_on",
    "publish",
    "publish_definition",
    "publish_draft",
    "refuse",
    "request",
    "revoke",
    "save_draft",
    "send_back",
    "settle",
    "uphold",
    "withdraw",
    "write_draft",
    "write_grant",
]
