"""Everything that changes ratings and supervision."""

from yiwang.platform.oversight.acts.answer import call_back, close, rectify, review, take_up, verify
from yiwang.platform.oversight.acts.rate import default, note_service, rate
from yiwang.platform.oversight.acts.supervise import explain, raise_late, raise_repeats, raise_visits, settle

__all__ = [
    "call_back",
    "close",
    "default",
    "explain",
    "note_service",
    "raise_late",
    "raise_repeats",
    "raise_visits",
    "rate",
    "rectify",
    "review",
    "settle",
    "take_up",
    "verify",
]
