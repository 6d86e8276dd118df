"""Who may do what to accounts, delegations and people."""

from yiwang.kernel.acts import Permission
from yiwang.kernel.types import ActorKind, AssuranceLevel, Role

_ANYBODY = frozenset({ActorKind.ANONYMOUS, ActorKind.PERSON, ActorKind.STAFF})

CanSignIn = Permission(name="sign_in", kinds=_ANYBODY, any_staff=True)
"""Whoever stands before the door."""
CanKeepAccount = Permission(name="keep_account", kinds=frozenset({ActorKind.PERSON, ActorKind.STAFF}), any_staff=True)
"""The owner of an account, staff also before their second factor."""
CanProve = Permission(name="prove", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L1)
CanProveMore = Permission(name="prove_more", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L2)
CanDelegate = Permission(name="delegate", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L3)
"""A delegation is a declaration of will: it needs the level of a signature."""
CanEndDelegation = Permission(name="end_delegation", kinds=frozenset({ActorKind.PERSON}), level=AssuranceLevel.L1)
CanRegisterPeople = Permission(
    name="register_people", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.INTAKE})
)
CanSecure = Permission(name="secure", kinds=frozenset({ActorKind.STAFF}), roles=frozenset({Role.SECURITY_ADMIN}))
