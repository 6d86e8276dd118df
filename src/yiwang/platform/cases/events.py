"""What cases announce. Payloads hold ids and codes, never personal data."""

from yiwang.kernel.acts import event

SUBMITTED = event("application.submitted", "An application was handed in; its cases exist.")
ACCEPTED = event("case.accepted", "A case was accepted; its clock runs.")
NOT_ACCEPTED = event("case.not_accepted", "A case was refused acceptance, with reason.")
STEP_READY = event("case.step_ready", "A step of a case waits for its role.")
STEP_DONE = event("case.step_done", "A step of a case is done.")
CORRECTION_ASKED = event("case.correction_asked", "The applicant was told everything to correct, once.")
CORRECTION_ANSWERED = event("case.correction_answered", "The applicant answered a correction.")
VISIT_PLANNED = event("application.visit_planned", "A (joint) site visit has a day.")
SUSPENDED = event("case.suspended", "A case's clock stands still.")
RESUMED = event("case.resumed", "A case's clock runs again.")
EXTENDED = event("case.extended", "A case's limit was lengthened, with reason.")
DECIDED = event("case.decided", "A case was decided.")
CLOSED = event("case.closed", "A case was closed.")
DELIVERED = event("case.delivered", "The result reached the applicant.")
WITHDRAWN = event("case.withdrawn", "The applicant took a case back.")
