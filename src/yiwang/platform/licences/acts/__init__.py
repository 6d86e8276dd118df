"""What changes licences: issue, every operation of STANDARDS 6.4, the signed document, the use log.

``*_inside`` functions are for other rooms' acts: they change within the act that is running.
"""

from yiwang.platform.licences.acts.card import CHALLENGE, agree_at_counter, read_card
from yiwang.platform.licences.acts.copies import copy, copy_inside
from yiwang.platform.licences.acts.documents import document_of, make_document, make_ofd, make_once, ofd_of
from yiwang.platform.licences.acts.ending import cancel_inside, lock_inside
from yiwang.platform.licences.acts.history import (
    begin_import,
    check_original,
    link_holder,
    taken_in,
    work_on,
)
from yiwang.platform.licences.acts.issuing import Holder, change, issue, issuer_of, transfer_in
from yiwang.platform.licences.acts.operate import (
    cancel,
    hold,
    lapse,
    note_renewal,
    refuse_renewal,
    refuse_renewal_inside,
    release,
    remind,
    renew,
    renewal_applied_inside,
    revoke,
    set_aside,
    transfer_out,
    withdraw,
)
from yiwang.platform.licences.acts.showing import (
    agree,
    decline,
    grant,
    offer,
    renew_code,
    take_back,
    take_copy,
    take_up,
)
from yiwang.platform.licences.acts.versions import change_inside, issue_inside, record_uses, renew_inside

__all__ = [
    "CHALLENGE",
    "Holder",
    "agree",
    "agree_at_counter",
    "begin_import",
    "cancel",
    "cancel_inside",
    "change",
    "change_inside",
    "check_original",
    "copy",
    "copy_inside",
    "decline",
    "document_of",
    "grant",
    "hold",
    "issue",
    "issue_inside",
    "issuer_of",
    "lapse",
    "link_holder",
    "lock_inside",
    "make_document",
    "make_ofd",
    "make_once",
    "note_renewal",
    "ofd_of",
    "offer",
    "read_card",
    "record_uses",
    "refuse_renewal",
    "refuse_renewal_inside",
    "release",
    "remind",
    "renew",
    "renew_code",
    "renew_inside",
    "renewal_applied_inside",
    "revoke",
    "set_aside",
    "take_back",
    "take_copy",
    "take_up",
    "taken_in",
    "transfer_in",
    "transfer_out",
    "withdraw",
    "work_on",
]
