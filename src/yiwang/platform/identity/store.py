"""Where sessions are kept: Django's own table, read by a query that is made once; every signed-in request reads it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from yiwang.kernel.compiled import Compiled, Slot
from yiwang.platform.identity.models import Account

_SESSION = Compiled(lambda: Session.objects.filter(session_key=Slot("key"), expire_date__gt=Slot("now")))
_ACCOUNT = Compiled(lambda: Account.objects.filter(pk=Slot("pk")))


class SessionStore(db.SessionStore):
    """Django's sessions in the database."""

    def _get_session_from_db(self) -> Any:
        found = _SESSION.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found


class AccountBackend(ModelBackend):
    """Django's check of passwords; who is signed in is found by a query that is made once."""

    def get_user(self, user_id: Any) -> Account | None:
        """Return an account that may sign in."""
        account: Account | None = _ACCOUNT.first(pk=user_id)
        return account if account is not None and self.user_can_authenticate(account) else None
