"""What cases announce. Payloads hold ids and codes, never personal data."""

from yiwang.kernel.acts import event

SUBMITTED = event("application.submitted", "An application was handed in; its cases exist.")
VISIT_PLANNED = event("application.visit_planned", "A (joint) site visit has a day.")
JOINT_EXTENDED = event("application.extended", "The limit of a joint handling was lengthened, with reason.")
PRE_REVIEWED = event("case.pre_review", "A case is being pre-reviewed.")
RETURNED = event("case.returned", "A case was returned before acceptance (预审退回), with everything to mend.")
ACCEPTED = event("case.accepted", "A case was accepted; its clock runs.")
NOT_ACCEPTED = event("case.not_accepted", "A case was refused acceptance, with reason.")
MADE_UP = event("case.made_up", "The deferred materials of a conditionally accepted case came in.")
REVOKED = event("case.acceptance_revoked", "The acceptance of a case was revoked, with reason.")
STEP_READY = event("case.step_ready", "A step of a case waits for its role.")
STEP_DONE = event("case.step_done", "A step of a case is done.")
CORRECTION_ASKED = event("case.correction_asked", "The applicant was told everything to correct, once.")
CORRECTION_ANSWERED = event("case.correction_answered", "The applicant answered a correction.")
PREDECESSOR_ENDED = event(
    "case.predecessor_ended", "The case that this one waited for ended without a grant: the applicant has to choose."
)
SUSPENDED = event("case.suspended", "A case's clock stands still.")
RESUMED = event("case.resumed", "A case's clock runs again.")
EXTENDED = event("case.extended", "A case's limit was lengthened, with reason.")
RECHECKED = event("case.rechecked", "Sources that were down at submission were asked again.")
REASSIGNED = event("case.reassigned", "A case was given to another member of staff.")
DECIDED = event("case.decided", "A case was decided.")
FORWARDED = event("case.forwarded", "A case was passed to another body (转报).")
WITHDRAWN = event("case.withdrawn", "The applicant took a case back.")
VOIDED = event("case.voided", "A case was declared void.")
CLOSED = event("case.closed", "A case was closed.")
DELIVERED = event("case.delivered", "The result reached the applicant.")
COMMITMENT_CHECKED = event("case.commitment_checked", "A commitment was checked after the decision: kept or broken.")
COMMITMENT_OVERDUE = event("case.commitment_overdue", "The time to check a commitment is over and it was not checked.")
ARCHIVED = event("case.archived", "A case was archived.")
