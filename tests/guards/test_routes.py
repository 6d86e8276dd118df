"""Every route says who may come in, and keeps its word to everybody who is not."""

import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from yiwang.kernel.types import Role
from yiwang.platform.identity.models import Account

OPEN = ("healthz", "readyz", "metrics")
"""Addresses of machines, checked by the network."""
FOREIGN = ("ui:", "editors", "wagtail", "oauth2_provider", "api")
"""Applications with entry checks of their own kind, guarded by tests of their own."""


def routes(resolver=None, prefix="", names=()):
    resolver = resolver or get_resolver()
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            inner = (*names, one.namespace) if one.namespace else names
            yield from routes(one, prefix + str(one.pattern), inner)
        elif isinstance(one, URLPattern):
            yield prefix + str(one.pattern), one, names


def ours():
    for path, pattern, names in routes():
        module = getattr(pattern.callback, "__module__", "")
        if not module.startswith("yiwang.") or module.startswith(("yiwang.ui", "yiwang.config.health")):
            continue
        if path.startswith(("api/", "editors/", "oauth/")):
            continue
        yield path, pattern, names


def address(pattern, names):
    arguments = {}
    for name, converter in pattern.pattern.converters.items():
        kind = type(converter).__name__
        arguments[name] = uuid.uuid4() if kind == "UUIDConverter" else 1 if kind == "IntConverter" else "nothing"
    return reverse(":".join([*names, pattern.name]), kwargs=arguments)


def test_every_route_has_an_entry_check():
    without = [path for path, pattern, _names in ours() if not hasattr(pattern.callback, "entry")]
    assert without == []


def test_the_guard_sees_a_planted_route():
    def view(request):
        """Nothing checks who comes in."""

    assert not hasattr(view, "entry")


@pytest.mark.django_db
def test_nobody_comes_in_where_a_person_or_staff_is_asked_for(client, testville):
    for path, pattern, names in ours():
        if pattern.callback.entry.kind == "public":
            continue
        for method in ("get", "post"):
            answer = getattr(client, method)(address(pattern, names))
            assert answer.status_code in (302, 405), f"{method} {path}: {answer.status_code}"
            if answer.status_code == 302:
                assert answer.url.startswith("/sign-in/"), f"{path} → {answer.url}"


@pytest.mark.django_db
@pytest.mark.parametrize("role", sorted(Role))
def test_staff_come_in_only_where_their_role_is_asked_for(client, testville, role):
    account = (
        Account.objects.filter(staff__roles__role=role)
        .exclude(staff__roles__role__in=[other for other in Role if other != role])
        .first()
    ) or Account.objects.filter(staff__roles__role=role).first()
    assert account is not None, f"Testville has nobody with role {role}"
    held = set(account.staff.roles.values_list("role", flat=True))
    client.post("/sign-in/", {"method": "demo", "login": account.login})
    for path, pattern, names in ours():
        entry = pattern.callback.entry
        if entry.kind == "public":
            continue
        answer = client.get(address(pattern, names))
        roles = {one.value for one in entry.roles}
        welcome = entry.kind == "account" or (entry.kind == "staff" and (not roles or held & roles))
        if welcome:
            assert answer.status_code in (200, 302, 404, 405), f"{role} at {path}: {answer.status_code}"
        else:
            assert answer.status_code in (302, 403, 405), f"{role} at {path}: {answer.status_code}"
