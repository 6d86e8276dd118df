"""The demo cities load without a fault, and what they promise is computed from them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils import translation

from yiwang.config import living, typed
from yiwang.config.environment import ROOT
from yiwang.config.journey import Scenario, numbers_of, prepare
from yiwang.config.management.commands.pack import load
from yiwang.config.staffing import Staff
from yiwang.halls.services import queries as services
from yiwang.kernel import clock, codes
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import Party, PartyKind, Reach, Role
from yiwang.platform.cases.types import CaseView
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.models import Implementation
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.models import Agency, Region, StaffRole
from yiwang.platform.evidence.types import BurdenReport
from yiwang.platform.identity import queries as identity
from yiwang.platform.identity.models import Organisation
from yiwang.platform.identity.pack import OrganisationRow, PersonRow
from yiwang.platform.licences import queries as licences
from yiwang.platform.licences.models import LicenceType
from yiwang.platform.licences.types import LicenceStatus, LicenceView
from yiwang.platform.search.models import SearchDocument
from yiwang.platform.search.queries import search
from yiwang.platform.sharing.labels import RIGHTS
from yiwang.platform.sharing.types import GrantRequest
from yiwang.ui import names

pytestmark = pytest.mark.django_db

PACKS = Path(ROOT) / "packs"


def _burden(event: str, uscc: str, answers: dict[str, Any]) -> BurdenReport:
    firm = Organisation.objects.get(uscc=uscc)
    party = Party(PartyKind.ORGANISATION, firm.pk)
    guide = services.guide(catalog.get_life_event(event), answers, party, firm.legal_representative_id)
    assert guide.complete
    assert not guide.missing
    assert guide.resolution is not None
    assert guide.resolution.burden is not None
    return guide.resolution.burden


def test_testville_loads_twice_the_same() -> None:
    load(Pack(PACKS / "testville"))
    before = set(Implementation.objects.values_list("task_code", "current_id"))

    load(Pack(PACKS / "testville"))

    assert set(Implementation.objects.values_list("task_code", "current_id")) == before
    assert set(StaffRole.objects.values_list("role", flat=True)) == set(Role)


class Walker:
    """Walks journeys through a pack's city; what its files say and who is on its staff is read once."""

    def __init__(self, pack: Pack) -> None:
        self.pack, self.numbers, self.words, self.staff = pack, numbers_of(pack), typed.read(pack), Staff()

    def named(self, name: str) -> list[CaseView]:
        """Walk one of the pack's own."""
        path = self.pack.root / "journeys" / f"{name}.yaml"
        scenario = self.pack.make(path, self.pack.yaml(path), Scenario)
        assert scenario is not None, self.pack.faults
        return self.walk(scenario)

    def walk(self, scenario: Scenario) -> list[CaseView]:
        """Walk to the end."""
        journey = prepare(scenario, self.numbers, clock.today(), words=self.words, staff=self.staff)
        for _stage in journey.steps():
            pass
        return journey.walk.cases


def _licence(kind: str, number: str) -> LicenceView:
    """Return the newest version of a licence that the pack has given."""
    found = licences.find_by_number(kind, number)
    assert found is not None
    return found


def _changed_licences_are_not_valid_any_more(walker: Walker) -> None:
    """A firm that changes its name has one licence, with the new one; so has who loses a driving licence or an identity card."""
    said = {"change_items": "name", "new_org_name": "温州演示新鞋业有限公司"}
    (case,) = walker.walk(
        Scenario(items=("330731002101",), region="330302027", person="c01", organisation="shoes", typed=said)
    )
    assert case.result == "issued"
    new = _licence("business_licence", "330302200800000021")
    assert (new.version, new.status) == (2, LicenceStatus.VALID)
    assert (new.holder_name, new.fields["name"]) == ("温州演示新鞋业有限公司",) * 2
    assert new.fields["address"] == "温州市鹿城区双屿街道演示鞋都 3 号"
    for item, kind in (("330709014001", "driving_licence"), ("330709110000", "identity_card")):
        (case,) = walker.walk(Scenario(items=(item,), region="330302027", person="jia"))
        person = identity.find_person(walker.numbers["jia"])
        assert person is not None
        held = licences.held_by(Party(PartyKind.PERSON, person.id), [kind])
        assert [one.case_id for one in held] == [case.id]
        assert held[0].associated


def _missed(rows: list[dict[str, Any]]) -> list[str]:
    """Return what people type that has nothing of what they mean among its first three results."""
    groups = dict(SearchDocument.objects.values_list("target", "group"))
    found = {row["q"]: {groups[hit.target] for hit in search(row["q"]).hits[:3]} for row in rows}
    return [row["q"] for row in rows if not found[row["q"]] & {str(one) for one in row["expect"]}]


def _everybody_is_invented(pack: Pack) -> None:
    """Numbers have right check characters, telephones cannot be dialled, names say that they are invented."""
    people = list(pack.rows("people.yaml", PersonRow))
    assert len(people) >= 50
    assert all("演示" in one.name and one.phone.startswith("1990000") for one in people)
    assert len({one.number for one in people}) == len(people)
    assert all(codes.parse_citizen_id(one.number) for one in people)
    firms = list(pack.rows("organisations.yaml", OrganisationRow))
    assert all("演" in one.name and codes.parse_uscc(one.uscc) for one in firms)
    phones = Agency.objects.filter(external=False).values_list("phone", "complaint_phone")
    assert all(phone.startswith("0577-0000") for pair in phones for phone in pair)


def _somebody_does_every_step(staff: Staff) -> None:
    """Wherever an item is carried out, somebody takes in, reviews, inspects, decides and issues."""
    wanted = {
        "review": Role.REVIEWER,
        "expert_review": Role.REVIEWER,
        "site_visit": Role.INSPECTOR,
        "issue": Role.ISSUER,
    }
    for row in Implementation.objects.filter(current__isnull=False).select_related("agency", "current"):
        reach = Reach(row.agency.path, row.region, row.level, row.item_id)
        kinds = {step["kind"] for step in row.current.content["definition"]["process"]}
        for role in {Role.INTAKE, Role.DECIDER} | {wanted[kind] for kind in kinds & set(wanted)}:
            assert staff.who(role, reach), (row.task_code, role)


def _matters_can_be_walked(pack: Pack) -> None:
    """Every matter of the living city names people, firms, items and procedures that are there."""
    known = numbers_of(pack)
    for one in pack.rows("living/matters*.yaml", living.Begun):
        scenario = living.scenario_of(pack, one)
        assert {scenario.person, scenario.organisation or scenario.person} <= set(known)
        found = catalog.editions_in(scenario.region, scenario.items) if scenario.items else {}
        assert set(found) == set(scenario.items), scenario
        if scenario.stop:
            procedures = {code.code for view in found.values() for code in view.definition.special_procedures}
            assert scenario.stop.procedure in procedures
    words = typed.read(pack)
    assert set(words) <= set(catalog.elements())
    assert pack.faults == []


def _rights_have_words(pack: Pack) -> None:
    """What a grant names in the place of an item is said in words."""
    named = {item for one in pack.rows("grants.yaml", GrantRequest) for item in one.items}
    assert {one for one in named if not one.isdigit()} == RIGHTS.keys()


def _everything_has_an_english_name() -> None:
    """What people read the names of, and licence types, has them in English too."""
    sources = (directory.english_agency_names, catalog.english_published_names, licences.english_type_names)
    assert [name for source in sources for name, english in source() if not english] == []
    with translation.override("en"):
        names.forget()
        for name in ("食品经营许可证", "鹿城区市场监督管理局", "鹿城市场监管局", "食品经营许可申请书"):
            assert re.search("[A-Za-z]", names.named(name)), name


@pytest.mark.slow
def test_wenzhou_is_as_large_as_it_says_and_saves_what_it_says() -> None:
    pack = Pack(PACKS / "wenzhou")
    load(pack)

    assert Region.objects.filter(level=6).count() == 3685
    assert Agency.objects.count() >= 40
    assert Implementation.objects.values("item__basic_code").distinct().count() >= 120
    assert Implementation.objects.values("agency__function").distinct().count() >= 25
    assert LicenceType.objects.count() >= 163
    assert len(catalog.elements()) >= 300
    assert len(catalog.life_events()) >= 12
    assert set(StaffRole.objects.values_list("role", flat=True)) == set(Role)

    searches = yaml.safe_load((Path(__file__).parent / "searches.yaml").read_text("utf-8"))
    missed = _missed(searches)
    assert len(searches) >= 80
    assert len(missed) <= 0.05 * len(searches), missed

    trade = _burden(
        "foreign_trade",
        "91330302MADEM0038N",
        {
            "place_region": "330302024",
            "trade_export": True,
            "trade_import": True,
            "trade_auto_import": True,
            "trade_refund": True,
            "trade_origin": True,
            "trade_goods": "6402",
        },
    )
    # CITY: one window for five agencies, materials minus 60 percent, ten working days to four.
    assert trade.together.materials <= trade.apart.materials * 0.4
    assert trade.apart.days >= 10
    assert trade.together.days <= 4

    restaurant = _burden(
        "restaurant",
        "91330302MADEM0011Y",
        {
            "place_region": "330302006",
            "legal_form": "company",
            "has_licence": True,
            "shop_area": 360,
            "food_kinds": ["hot", "cold", "drinks"],
            "sign_wanted": True,
            "staff_count": 12,
        },
    )
    assert (restaurant.apart.materials, restaurant.together.materials) == (29, 5)
    assert (restaurant.apart.days, restaurant.together.days) == (31, 10)

    _everything_has_an_english_name()
    _everybody_is_invented(pack)
    walker = Walker(pack)
    _somebody_does_every_step(walker.staff)
    _matters_can_be_walked(pack)
    _rights_have_words(pack)
    journeys = {path.stem for path in pack.files("journeys/*.yaml")}
    assert len(journeys) >= 12
    for name in sorted(journeys):
        cases = walker.named(name)
        assert cases, name
        assert all(case.closed_at and case.result in ("granted", "issued") for case in cases), name
    assert _licence("business_licence", "330302201800000005").status is LicenceStatus.CANCELLED, "the firm is closed"
    assert _licence("real_estate_certificate", "浙（2017）温州市不动产权第0092001号").status is LicenceStatus.CANCELLED
    _changed_licences_are_not_valid_any_more(walker)
