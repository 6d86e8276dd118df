"""Who may rate, who answers for it, who watches."""

from yiwang.kernel.acts import Permission
from yiwang.kernel.types import ActorKind, AssuranceLevel, Role

CanRate = Permission(
    name="rate",
    kinds=frozenset({ActorKind.PERSON, ActorKind.CLIENT}),
    level=AssuranceLevel.L1,
    scope="ratings:write",
    own=True,
)
"""By name only: nobody who is not signed in (国办发〔2019〕51号)."""
CanAnswer = Permission(
    name="answer for a rating",
    kinds=frozenset({ActorKind.STAFF}),
    roles=frozenset({Role.REVIEWER, Role.DECIDER, Role.DISPATCHER}),
)
"""谁办理、谁负责: the agency that served."""
CanSupervise = Permission(name="supervise", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.SUPERVISOR}))
CanExplain = Permission(
    name="explain a delay",
    kinds=frozenset({ActorKind.STAFF}),
    roles=frozenset({Role.DECIDER, Role.DISPATCHER, Role.SUPERVISOR}),
)
OnlySystem = Permission(name="system", kinds=frozenset())
