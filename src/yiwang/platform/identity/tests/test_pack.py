"""Staff of a pack: an agency that is not there is a fault of the file, and loading again changes nothing."""

import shutil

import pytest

from yiwang.kernel.packs import Pack, PackError
from yiwang.platform.directory.models import StaffMember, StaffRole
from yiwang.platform.identity import pack
from yiwang.platform.identity.models import Account
from yiwang.ui.assets import ROOT

CITY = ROOT / "packs" / "testville"


def test_an_agency_that_is_not_there_is_told(tmp_path):
    city = shutil.copytree(CITY, tmp_path / "city")
    staff = city / "staff.yaml"
    staff.write_text(staff.read_text("utf-8").replace("339901-amr", "339901-gone"), "utf-8")
    with pytest.raises(PackError, match="there is no agency 339901-gone"):
        pack.load(Pack(city))


def test_loading_again_keeps_staff_accounts_and_roles():
    def all_of_them():
        return [
            set(Account.objects.values_list("pk", "login", "person_id")),
            set(StaffMember.objects.values_list("pk", "number", "account_id", "agency_id", "counter_id")),
            set(StaffRole.objects.values_list("staff_id", "role", "agency_path", "region", "level")),
        ]

    before = all_of_them()
    assert all(before)
    pack.load(Pack(CITY))
    assert all_of_them() == before
