"""What the world is made from: the pack (regions, its own people and firms, columns) and how it is cut into pieces."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from yiwang.config.synth.numbers import FIRMS_MOST, PLATES_MOST, SLOTS
from yiwang.kernel.packs import Pack
from yiwang.platform.sharing.types import DatasetDefinition, RecordSpec

PEOPLE_MOST = 6000
"""People of one neighbourhood. More would give a family more to do with others, and take more memory."""
PEOPLE_LEAST = 150
"""Fewer can't lead their schools and clinics."""
COUNTY_LEAST = 1500
"""In a small world only as many counties are lived in as this many people for each allow."""
OUTSIDE = (
    ("340102", "安徽省合肥市瑶海区"),
    ("341202", "安徽省阜阳市颍州区"),
    ("341502", "安徽省六安市金安区"),
    ("360102", "江西省南昌市东湖区"),
    ("361002", "江西省抚州市临川区"),
    ("361102", "江西省上饶市信州区"),
    ("410102", "河南省郑州市中原区"),
    ("411302", "河南省南阳市宛城区"),
    ("420302", "湖北省十堰市茅箭区"),
    ("421002", "湖北省荆州市沙市区"),
    ("430102", "湖南省长沙市芙蓉区"),
    ("430502", "湖南省邵阳市双清区"),
    ("450102", "广西壮族自治区南宁市兴宁区"),
    ("500101", "重庆市万州区"),
    ("510104", "四川省成都市锦江区"),
    ("511302", "四川省南充市顺庆区"),
    ("520102", "贵州省贵阳市南明区"),
    ("520302", "贵州省遵义市红花岗区"),
    ("530102", "云南省昆明市五华区"),
    ("350902", "福建省宁德市蕉城区"),
)
"""Where people come from who were born elsewhere: each neighbourhood draws on one of these."""


@dataclass(frozen=True, slots=True)
class Place:
    """A village or community, with what an address there begins with."""

    code: str
    name: str
    urban: bool
    before: str
    stem: str

    @property
    def town(self) -> str:
        """The code of its town or street."""
        return self.code[:9]


@dataclass(frozen=True, slots=True)
class County:
    """A county with its places."""

    code: str
    name: str
    short: str
    places: tuple[Place, ...]

    @property
    def weight(self) -> int:
        """How many live here, in proportion: a community of the town counts for three villages."""
        return sum(3 if place.urban else 1 for place in self.places)


@dataclass(frozen=True, slots=True)
class GivenPerson:
    """Somebody of the pack's ``people.yaml``."""

    code: str
    name: str
    number: str
    region: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class GivenFirm:
    """A body of the pack's ``organisations.yaml``."""

    name: str
    uscc: str
    kind: str
    representative: str
    region: str
    address: str
    established: date | None


@dataclass(frozen=True, slots=True)
class City:
    """What the pack tells."""

    pack: str
    name: str
    code: str
    counties: tuple[County, ...]
    people: tuple[GivenPerson, ...]
    firms: tuple[GivenFirm, ...]
    datasets: dict[str, DatasetDefinition]
    records: dict[str, tuple[dict[str, object], ...]]
    """What is written by hand, by dataset."""
    numbers: frozenset[str]
    """Numbers and codes that the pack uses already."""
    by_hand: frozenset[tuple[str, str]]
    """Dataset and subject of every record written by hand: the synth writes none of those."""

    @property
    def stem(self) -> str:
        """The city's name without its kind (市)."""
        return _stem(self.name)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A neighbourhood to be made: how many, where, and which numbers are its own."""

    index: int
    county: County
    slot: int
    places: tuple[Place, ...]
    outside: tuple[str, str]
    outside_slot: int
    people: int
    firms: int
    firms_before: int
    """Bodies of all neighbourhoods before this one, for the codes."""
    people_before: int
    given: bool
    """The pack's own people and firms live in the first."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The arguments, the city and the neighbourhoods."""

    city: City
    people: int
    firms: int
    seed: int
    at: int
    chunks: tuple[Chunk, ...] = field(repr=False, default=())


class TooMany(ValueError):
    """There are not enough numbers, or too few people, for such a world."""


def institutions(people: int) -> int:
    """Return how many schools, clinics and offices so many people have."""
    return 6 + people // 1500


def read_city(root: Path) -> City:
    """Read what the world needs of a pack. Raises PackError."""
    pack = Pack(root)
    main = pack.yaml(root / "pack.yaml") or {}
    regions = [row for _line, row in pack.csv("regions.csv", ("code", "name", "level", "parent"))]
    people = [
        GivenPerson(
            row["code"], row["name"], row["number"], row.get("region", ""), row.get("address", ""), row.get("phone", "")
        )
        for row in pack.yaml(root / "people.yaml") or ()
    ]
    numbers = {person.code: person.number for person in people}
    firms = [
        GivenFirm(
            row["name"],
            row["uscc"],
            row["kind"],
            numbers.get(row.get("legal_representative", ""), ""),
            row.get("region", ""),
            row.get("address", ""),
            date.fromisoformat(row["established_on"]) if row.get("established_on") else None,
        )
        for row in pack.yaml(root / "organisations.yaml") or ()
    ]
    datasets = {one.code: one for one in pack.rows("datasets/*.yaml", DatasetDefinition)}
    records: dict[str, tuple[dict[str, object], ...]] = {}
    for spec in pack.rows("records/*.yaml", RecordSpec):
        records[spec.dataset] = records.get(spec.dataset, ()) + tuple(spec.records)
    pack.stop_if_faulty()
    by_hand = frozenset((code, str(record["subject"])) for code, rows in records.items() for record in rows)
    return City(
        pack=pack.name,
        name=next((row["name"] for row in regions if row["code"] == main.get("region")), pack.name),
        code=str(main.get("region", "")),
        counties=_counties(regions),
        people=tuple(people),
        firms=tuple(firms),
        datasets=datasets,
        records=records,
        numbers=frozenset(numbers.values()) | {firm.uscc for firm in firms} | {number for _code, number in by_hand},
        by_hand=by_hand,
    )


def _counties(regions: list[dict[str, str]]) -> tuple[County, ...]:
    by_code = {row["code"]: row for row in regions}
    city = next((row["name"] for row in regions if row["level"] == "3"), "")
    places: dict[str, list[Place]] = {}
    for row in regions:
        if row["level"] != "6":
            continue
        town = by_code[row["parent"]]
        county = by_code[town["parent"]]
        # a county without towns is its own town in the codes
        between = "" if town["name"] == county["name"] else town["name"]
        before = f"{city}{county['name']}{between}"
        name = row["name"]
        stem = name.removesuffix("委会").removesuffix("居").removesuffix("社区").removesuffix("村")
        place = Place(row["code"], name, name.endswith(("社区", "居委会")), before, stem)
        places.setdefault(county["code"], []).append(place)
    return tuple(
        County(
            row["code"],
            row["name"],
            _stem(city if row["name"].endswith("区") else row["name"]),
            tuple(places[row["code"]]),
        )
        for row in regions
        if row["code"] in places
    )


def _stem(name: str) -> str:
    return name[:-1] if len(name) > 2 and name[-1] in "市县区" else name


def make_plan(city: City, people: int, firms: int, seed: int, at: date, *, most: int = PEOPLE_MOST) -> Plan:
    """Cut a world into neighbourhoods. Raises TooMany where it can't be made."""
    if not city.counties:
        raise TooMany("the pack has no villages or communities to live in")
    free, rest = people - len(city.people), firms - len(city.firms)
    if free < PEOPLE_LEAST or rest < 0:
        raise TooMany(
            f"the pack itself has {len(city.people)} people and {len(city.firms)} firms; "
            f"at least {PEOPLE_LEAST} people more are a world"
        )
    if rest > free:
        raise TooMany("there are more firms than people")
    counties = city.counties[: max(1, min(len(city.counties), people // COUNTY_LEAST))]
    total = sum(county.weight for county in counties)
    chunks: list[Chunk] = []
    lived = worked = weighed = bodies = 0
    for county in counties:
        weighed += county.weight
        # rounded as running sums, so that the parts make the whole
        here, pieces = free * weighed // total - lived, 1
        pieces = max(1, -(-here // most))
        if pieces > SLOTS:
            raise TooMany(f"{county.name} has numbers for {SLOTS * most} people, not for {here}")
        for slot in range(pieces):
            share = here * (slot + 1) // pieces - here * slot // pieces
            begun = lived + here * slot // pieces
            jobs = rest * (begun + share) // free - worked if free else rest
            origin = OUTSIDE[len(chunks) % len(OUTSIDE)]
            chunks.append(
                Chunk(
                    index=len(chunks),
                    county=county,
                    slot=slot,
                    places=_part(county.places, slot, pieces),
                    outside=origin,
                    outside_slot=len(chunks) // len(OUTSIDE),
                    people=share,
                    firms=jobs,
                    firms_before=bodies,
                    people_before=begun,
                    given=not chunks,
                )
            )
            worked += jobs
            bodies += jobs + institutions(share)
        lived += here
    if free + bodies > PLATES_MOST:
        raise TooMany(f"there are plates for {PLATES_MOST} people and bodies, not for {free + bodies}")
    if bodies > FIRMS_MOST:
        raise TooMany(f"there are codes for {FIRMS_MOST} bodies, not for {bodies}")
    return Plan(city, people, firms, seed, at.toordinal(), tuple(chunks))


def _part(places: tuple[Place, ...], slot: int, pieces: int) -> tuple[Place, ...]:
    first, last = len(places) * slot // pieces, len(places) * (slot + 1) // pieces
    return places[first:last] or places
