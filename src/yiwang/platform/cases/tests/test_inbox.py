"""What is counted together is what its branches hold one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yiwang.platform.cases.inbox import Branch, joined

ANY = ("",)
BRANCHES = st.builds(
    Branch,
    roles=st.sampled_from([(), ("reviewer",), ("decider",), ("issuer",)]),
    agencies=st.sampled_from([(), ("/a/",), ("/b/",), ("/c/",)]),
    below=st.sampled_from(["", "/a/"]),
    region=st.sampled_from(["", "330302"]),
    level=st.sampled_from([0, 4]),
    items=st.sampled_from([frozenset(), frozenset({"330709201000"})]),
)


def apart(branches: list[Branch]) -> set[tuple[object, ...]]:
    return {
        (role, agency, one.below, one.region, one.level, one.items)
        for one in branches
        for role in one.roles or ANY
        for agency in one.agencies or ANY
    }


@given(st.lists(BRANCHES, unique=True, max_size=8), st.sampled_from([0, 1]))
def test_joining_branches_neither_adds_nor_loses(branches: list[Branch], narrow: int) -> None:
    # Within one list every branch names a role or none does, and every branch names an agency or none does.
    kept = [one for one in branches if bool(one.roles) is bool(narrow)]
    kept = [one for one in kept if bool(one.agencies) is not bool(one.below)]

    together = joined(kept)

    assert apart(together) == apart(kept)
    assert len(together) <= len(kept)


def test_a_grant_of_two_roles_in_two_agencies_is_one_scan() -> None:
    parts = [
        Branch((role,), (agency,), "", "", 0, frozenset())
        for role in ("reviewer", "inspector")
        for agency in ("/a/", "/b/")
    ]
    assert joined(parts) == [Branch(("inspector", "reviewer"), ("/a/", "/b/"), "", "", 0, frozenset())]
    assert joined(parts[:3]) == parts[:3]
