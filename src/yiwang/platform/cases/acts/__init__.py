"""Everything that changes applications and cases, by use case."""

from yiwang.platform.cases.acts.accept import (
    accept,
    accept_all,
    deem_accepted,
    lapse_conditional,
    refuse_acceptance,
    revoke_acceptance,
)
from yiwang.platform.cases.acts.after import check_commitment, deliver, repair_credit, warn_of_commitment
from yiwang.platform.cases.acts.clocks import extend, extend_joint, resume, suspend
from yiwang.platform.cases.acts.close import archive, forward, void, withdraw, withdraw_all
from yiwang.platform.cases.acts.correct import (
    answer_correction,
    lapse_correction,
    pre_review,
    request_correction,
    resubmit,
    return_application,
)
from yiwang.platform.cases.acts.draft import (
    add_file,
    choose_delivery,
    discard,
    remove_file,
    save_answers,
    set_material,
    start_draft,
)
from yiwang.platform.cases.acts.edition import move_edition
from yiwang.platform.cases.acts.fees import record_payment, reverse_payment, revoke_waiver, waive_fee
from yiwang.platform.cases.acts.hearing import offer_hearing
from yiwang.platform.cases.acts.opinion import keep_opinion
from yiwang.platform.cases.acts.originals import check_original
from yiwang.platform.cases.acts.papers import make_document, make_once
from yiwang.platform.cases.acts.photos import add_photo
from yiwang.platform.cases.acts.recheck import check_by_hand, recheck, recount
from yiwang.platform.cases.acts.renewal import deem_renewed
from yiwang.platform.cases.acts.submit import submit
from yiwang.platform.cases.acts.work import (
    complete_step,
    decide,
    plan_visit,
    reassign,
    record_visit,
    take,
    take_over,
)

__all__ = [
    "accept",
    "accept_all",
    "add_file",
    "add_photo",
    "answer_correction",
    "archive",
    "check_by_hand",
    "check_commitment",
    "check_original",
    "choose_delivery",
    "complete_step",
    "decide",
    "deem_accepted",
    "deem_renewed",
    "deliver",
    "discard",
    "extend",
    "extend_joint",
    "forward",
    "keep_opinion",
    "lapse_conditional",
    "lapse_correction",
    "make_document",
    "make_once",
    "move_edition",
    "offer_hearing",
    "plan_visit",
    "pre_review",
    "reassign",
    "recheck",
    "record_payment",
    "record_visit",
    "recount",
    "refuse_acceptance",
    "remove_file",
    "repair_credit",
    "request_correction",
    "resubmit",
    "resume",
    "return_application",
    "reverse_payment",
    "revoke_acceptance",
    "revoke_waiver",
    "save_answers",
    "set_material",
    "start_draft",
    "submit",
    "suspend",
    "take",
    "take_over",
    "void",
    "waive_fee",
    "warn_of_commitment",
    "withdraw",
    "withdraw_all",
]
