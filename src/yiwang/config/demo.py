"""What the demo tells whoever started it."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.platform.identity import queries

_STAFF = ("intake", "reviewer", "inspector", "decider", "supervisor", "item_publisher")


def sign_ins() -> Iterator[str]:
    """Yield a line for each person, and one member of staff for each role, that may sign in."""
    yield "登录：打开 /sign-in/，选一个演示用户（全部虚构，不用密码）"
    for login, name, role in queries.demo_accounts(_STAFF):
        yield f"{login:24} {name}{f'（{role}）' if role else ''}"
