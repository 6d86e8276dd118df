"""Who may do what to kept papers."""

from yiwang.kernel.acts import Permission
from yiwang.kernel.types import ActorKind, AssuranceLevel, Role

CanKeepPapers = Permission(name="papers.keep", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.INTAKE}))
"""The window that scans, names and compares with the original; the same clerk may do all three, as with old licences."""
CanTakeBack = Permission(
    name="papers.take_back", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L1, own=True
)
"""The owner, or whoever may act for them in everything."""
