"""Who may do what to applications and cases."""

from yiwang.kernel.acts import Permission
from yiwang.kernel.types import ActorKind, AssuranceLevel, Role

_PERSON, _STAFF, _CLIENT = ActorKind.PERSON, ActorKind.STAFF, ActorKind.CLIENT

CanApply = Permission(
    name="apply",
    kinds=frozenset({_PERSON, _STAFF, _CLIENT}),
    roles=frozenset({Role.INTAKE}),
    level=AssuranceLevel.L1,
    scope="applications:write",
    own=True,
)
"""The applicant, whoever acts for them, or a counter on their behalf with consent."""

CanIntake = Permission(name="intake", kinds=frozenset({_STAFF}), roles=frozenset({Role.INTAKE}))
CanReview = Permission(name="review", kinds=frozenset({_STAFF}), roles=frozenset({Role.REVIEWER, Role.DECIDER}))
CanInspect = Permission(name="inspect", kinds=frozenset({_STAFF}), roles=frozenset({Role.INSPECTOR}))
CanDecide = Permission(name="decide", kinds=frozenset({_STAFF}), roles=frozenset({Role.DECIDER}))
CanDispatch = Permission(
    name="dispatch", kinds=frozenset({_STAFF}), roles=frozenset({Role.DISPATCHER, Role.DECIDER, Role.SUPERVISOR})
)
CanIssue = Permission(name="issue", kinds=frozenset({_STAFF}), roles=frozenset({Role.ISSUER, Role.DECIDER}))
CanHandle = Permission(
    name="handle",
    kinds=frozenset({_STAFF}),
    roles=frozenset({Role.REVIEWER, Role.INSPECTOR, Role.DECIDER, Role.ISSUER}),
)
"""Any role that works on a case of the agency."""
OnlySystem = Permission(name="system", kinds=frozenset())
"""Timers and jobs; nobody else."""
