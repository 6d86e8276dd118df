"""Everything that changes applications and cases, by use case."""

from yiwang.platform.cases.acts.accept import accept, accept_all
from yiwang.platform.cases.acts.correct import answer_correction, lapse_correction, request_correction
from yiwang.platform.cases.acts.draft import add_file, discard, remove_file, save_answers, set_material, start_draft
from yiwang.platform.cases.acts.submit import submit
from yiwang.platform.cases.acts.work import complete_step, decide, plan_visit, record_visit, take

__all__ = [
    "accept",
    "accept_all",
    "add_file",
    "answer_correction",
    "complete_step",
    "decide",
    "discard",
    "lapse_correction",
    "plan_visit",
    "record_visit",
    "remove_file",
    "request_correction",
    "save_answers",
    "set_material",
    "start_draft",
    "submit",
    "take",
]
