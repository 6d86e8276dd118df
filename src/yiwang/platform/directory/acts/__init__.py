"""Everything that changes the directory: what the system administrator and the security administrator keep."""

from yiwang.platform.directory.acts.common import CanAdminister, CanAppoint, CanBeAbsent
from yiwang.platform.directory.acts.places import (
    EXTERNAL_ROOT,
    clear_day,
    save_agency,
    save_centre,
    set_day,
    set_year,
    write_external_agency,
)
from yiwang.platform.directory.acts.staff import (
    attach_account,
    lock_staff,
    note_own_number,
    save_staff,
    set_absence,
    set_roles,
)

__all__ = [
    "EXTERNAL_ROOT",
    "CanAdminister",
    "CanAppoint",
    "CanBeAbsent",
    "attach_account",
    "clear_day",
    "lock_staff",
    "note_own_number",
    "save_agency",
    "save_centre",
    "save_staff",
    "set_absence",
    "set_day",
    "set_roles",
    "set_year",
    "write_external_agency",
]
