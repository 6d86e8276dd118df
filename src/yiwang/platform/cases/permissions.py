"""Who may do what to applications and cases."""

from yiwang.kernel.acts import Permission
from yiwang.kernel.types import ActorKind, AssuranceLevel, Role

_PERSON, _STAFF, _CLIENT = ActorKind.PERSON, ActorKind.STAFF, ActorKind.CLIENT


def _staff(name: str, *roles: Role, helping: bool = False) -> Permission:
    return Permission(name=name, kinds=frozenset({_STAFF}), roles=frozenset(roles), helping=helping)


CanApply = Permission(
    name="apply",
    kinds=frozenset({_PERSON, _STAFF, _CLIENT}),
    roles=frozenset({Role.INTAKE}),
    level=AssuranceLevel.L1,
    scope="applications:write",
    own=True,
)
"""The applicant, whoever acts for them, or a counter on their behalf with consent."""

CanIntake = _staff("intake", Role.INTAKE)
CanPreReview = _staff("pre-review", Role.INTAKE, Role.REVIEWER)
CanAskCorrection = _staff("ask for a correction", Role.INTAKE, Role.REVIEWER, Role.INSPECTOR, Role.DECIDER, Role.ISSUER)
CanRefuseAcceptance = _staff("refuse acceptance", Role.INTAKE, Role.REVIEWER, Role.DECIDER)
CanReview = _staff("review", Role.REVIEWER, Role.DECIDER)
CanDoStep = _staff("do a step", Role.REVIEWER, Role.INSPECTOR, Role.DECIDER, Role.ISSUER, helping=True)
"""Whoever's step it is, also in another body that does a step of the case."""
CanInspect = _staff("inspect", Role.INSPECTOR, helping=True)
CanDecide = _staff("decide", Role.DECIDER)
CanDispatch = _staff("dispatch", Role.DISPATCHER, Role.DECIDER, Role.SUPERVISOR)
CanPassOn = _staff(
    "pass on", Role.DISPATCHER, Role.DECIDER, Role.SUPERVISOR, Role.REVIEWER, Role.INSPECTOR, Role.ISSUER
)
"""Who gives out the work, and whoever has a case in hand."""
CanCoordinate = _staff("coordinate", Role.DISPATCHER, Role.SUPERVISOR)
"""Whoever acts for the government over the bodies, with its head's approval."""
CanIssue = _staff("issue", Role.ISSUER, Role.DECIDER)
CanHandOver = _staff("hand over", Role.ISSUER, Role.INTAKE)
"""The issuing desk of the body, or the single issue point of the centre (统一窗口出件)."""
CanTakeFees = _staff("take fees", Role.INTAKE, Role.ISSUER)
"""The counters at which fees are paid."""
CanHandle = _staff("handle", Role.REVIEWER, Role.INSPECTOR, Role.DECIDER, Role.ISSUER)
"""Any role that works on a case of the agency."""
OnlySystem = Permission(name="system", kinds=frozenset())
"""Timers and jobs; nobody else."""
