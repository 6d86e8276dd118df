"""Everything that changes who people are, how they sign in and who acts for whom."""

from yiwang.platform.identity.acts.accounts import (
    add_passkey,
    add_totp,
    change_password,
    pass_face_check,
    register,
    remove_factor,
    reset_password,
    verify_person,
)
from yiwang.platform.identity.acts.authorise import authorise_at_counter
from yiwang.platform.identity.acts.counter import register_at_counter
from yiwang.platform.identity.acts.delegations import give_up_delegation, grant_delegation, revoke_delegation
from yiwang.platform.identity.acts.organisations import raise_organisation, register_organisation
from yiwang.platform.identity.acts.signing import (
    check_code,
    check_password,
    check_totp,
    end_all_sessions,
    end_session,
    record_session,
    send_code,
    sign_out,
)
from yiwang.platform.identity.acts.staff import (
    end_sessions_of_staff,
    open_staff_account,
    reset_staff_factors,
    reset_staff_password,
    set_staff_active,
    unlock_account,
)

__all__ = [
    "add_passkey",
    "add_totp",
    "authorise_at_counter",
    "change_password",
    "check_code",
    "check_password",
    "check_totp",
    "end_all_sessions",
    "end_session",
    "end_sessions_of_staff",
    "give_up_delegation",
    "grant_delegation",
    "open_staff_account",
    "pass_face_check",
    "raise_organisation",
    "record_session",
    "register",
    "register_at_counter",
    "register_organisation",
    "remove_factor",
    "reset_password",
    "reset_staff_factors",
    "reset_staff_password",
    "revoke_delegation",
    "send_code",
    "set_staff_active",
    "sign_out",
    "unlock_account",
    "verify_person",
]
