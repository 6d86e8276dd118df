"""The catalogue for other systems: DCAT-AP 3.0, by the standard's own shapes, and the table of the national guide."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
import re
import subprocess
import sys
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyshacl
import pytest
import yaml
from django.conf import settings as url_settings
from django.test import Client
from django.utils import translation
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyshacl import shape as one_shape
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from rdflib import RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from rdflib.namespace import CSVW, DCAT, DCTERMS, FOAF, SKOS, XSD

from yiwang.kernel.fields import FieldKind
from yiwang.kernel.packs import Pack
from yiwang.kernel.types import SYSTEM, Actor, ActorKind, PartyKind
from yiwang.platform.catalog import queries as catalog
from yiwang.platform.catalog.imports.reading import plain
from yiwang.platform.directory import queries as directory
from yiwang.platform.directory.city import city
from yiwang.platform.sharing import exports, portal, queries
from yiwang.platform.sharing.exports import CatalogueInfo, Provider
from yiwang.platform.sharing.exports.dcat import telephone
from yiwang.platform.sharing.exports.table import HEADS
from yiwang.platform.sharing.exports.vocabularies import DATA_THEMES
from yiwang.platform.sharing.labels import CHOICES
from yiwang.platform.sharing.linting import COLUMN_KINDS
from yiwang.platform.sharing.types import (
    BaseStore,
    Basis,
    DatasetDefinition,
    DatasetItem,
    DatasetView,
    Network,
    Openness,
    Processing,
    SharingMethod,
    SharingType,
    UpdateCycle,
)

PACKS = Path(__file__).parents[5] / "packs"
SHAPES = Path(__file__).parent / "shacl"
EU = "http://publications.europa.eu/resource/authority/"
ADMS = "http://www.w3.org/ns/adms#"
BUREAU = Provider(
    name="数据局", name_en="Data Bureau", uscc="1133990000DEM100XJ", phone="0999-00000001", region="339900"
)
INFO = CatalogueInfo(
    url="https://city.example/data/",
    dataset_url="https://city.example/data/{code}/",
    check_url="https://city.example/api/v1/datasets/{code}/check",
    check_description_url="https://city.example/api/v1/openapi.json",
    title="政务数据目录",
    title_en="Catalogue of government data",
    description="本市各部门的政务数据资源。",
    description_en="What the city's agencies have and share.",
    publisher=BUREAU,
    region="339900",
    regions={"339900": "测试市", "339901": "测试东区"},
    agencies={
        "339900-data": BUREAU,
        "339900-water": Provider(name="供水公司", uscc="9133990000DEM101XH", phone="96390"),
    },
    classes={"2": "主题", "202": "卫生健康", "202001": "疫苗接种", "3": "部门"},
    classes_en={"2": "Themes", "202001": "Vaccinations"},
    themes={"2": "SOCI", "202": "HEAL"},
    licence="https://city.example/terms/",
)
VACCINATIONS = DatasetDefinition(
    code="vaccinations",
    name="疫苗接种",
    name_en="Vaccinations",
    summary="居民疫苗接种情况。",
    summary_en="Which vaccinations residents had.",
    agency="339900-data",
    subject=PartyKind.PERSON,
    key=("dose",),
    items=(
        DatasetItem(name="vaccine", label="疫苗", label_en="Vaccine", options=("甲", "乙"), kind=FieldKind.CHOICE),
        DatasetItem(name="dose", label="剂次", kind=FieldKind.INTEGER, required=True, min="1", max="4"),
        DatasetItem(
            name="batch", label="批号", max_length=20, pattern="[A-Z0-9]+", element="batch", authoritative=True
        ),
        DatasetItem(name="at", label="接种日期", kind=FieldKind.DATE, sensitive=True),
    ),
    classification="202001",
    domain="12",
    tags=("健康", "=疫苗"),
    base_store=BaseStore.POPULATION,
    format="XLSX",
    covers_from=date(2020, 1, 1),
    covers_to=date(2026, 1, 1),
    related=("clinics", "gone"),
    sharing=SharingType.CONDITIONAL,
    condition="办理入学时核查",
    methods=(SharingMethod.CHECK, SharingMethod.FILE),
    basis=(Basis("疫苗管理法", "主席令第三十号", "第四十七条", "登记"),),
    openness=Openness.CLOSED,
    cycle=UpdateCycle.REALTIME,
    no_items_reason="-",
)
CLINICS = replace(
    VACCINATIONS, code="clinics", name="接种单位", name_en="Clinics", openness=Openness.OPEN, related=(), domain=""
)


def published(*definitions: DatasetDefinition, number: int = 1) -> list[DatasetView]:
    return [
        DatasetView(
            id=uuid.UUID(int=place),
            edition=uuid.UUID(int=place),
            number=number,
            digest="",
            published_at=datetime(2026, 3, 1, 20, place % 60, tzinfo=UTC),
            resource_code=f"{one.classification}/{place:05}",
            agency_name="数据局",
            agency_path="339900",
            definition=one,
        )
        for place, one in enumerate(definitions, 1)
    ]


def of_testville() -> CatalogueInfo:
    """Return what a page of Testville would say of its catalogue."""
    spec, agencies = city(), directory.agencies()
    assert spec is not None
    providers = {
        one.code: Provider(name=one.name, name_en=one.name_en, uscc=one.uscc, phone=one.phone, region=one.region)
        for one in agencies
    }
    return CatalogueInfo(
        url="https://testville.example/data/",
        dataset_url="https://testville.example/data/{code}/",
        check_url="https://testville.example/api/v1/datasets/{code}/check",
        title=spec.title,
        title_en=spec.title_en,
        description=spec.subtitle,
        publisher=providers[spec.region],
        region=spec.region,
        regions=directory.region_names({one.region for one in agencies} | {spec.region}),
        agencies=providers,
        classes=catalog.code_table("data_classes"),
        classes_en=catalog.code_table("data_classes", english=True),
    )


# pyshacl looks each statement of a shape up in a list, at every value again; a dictionary's keys compare a hash.
one_shape.CONSTRAINT_PARAMS = (CONSTRAINT_PARAMETERS_MAP.keys(), CONSTRAINT_PARAMETERS_MAP)


@cache
def shapes(name: str) -> Graph:
    made = Graph("SimpleMemory")  # without a context to each triple, which nobody asks for
    made += Graph().parse(SHAPES / name)
    return made


def faults(data: Graph, *names: str) -> list[tuple[str, str]]:
    """Return node and path of everything that is against the shapes, whatever its severity."""
    found = []
    for name in names or ("dcat-ap-SHACL.jsonld", "own.ttl"):
        _conforms, report, _text = pyshacl.validate(data, shacl_graph=shapes(name), inplace=True)
        for result in report.subjects(RDF.type, SH.ValidationResult):
            path = report.value(result, SH.resultPath)
            found.append((str(report.value(result, SH.focusNode)), str(path) if isinstance(path, URIRef) else ""))
    return found


@pytest.fixture
def graph() -> Graph:
    return exports.graph(published(VACCINATIONS, CLINICS), catalogue=INFO)


def at(code: str, name: str = "dataset") -> URIRef:
    return URIRef(f"https://city.example/data/{code}/#{name}")


def own(name: str) -> URIRef:
    return URIRef(f"https://city.example/data/#{name}")


# Validity.


def test_testvilles_catalogue_fulfils_dcat_ap(testville):
    views = list(queries.every(SYSTEM))
    made = exports.graph(views, catalogue=of_testville())
    assert len(set(made.subjects(RDF.type, DCAT.Dataset))) == len(views) >= 4
    assert faults(made) == []
    for written, form in ((exports.turtle(made), "turtle"), (exports.json_ld(made), "json-ld")):
        assert isomorphic(made, Graph().parse(data=written, format=form)), form


def served() -> Graph:
    """Fetch the catalogue in both forms: they say the same, and fulfil the standard."""
    made = [
        Graph().parse(data=Client().get(f"/data/catalogue.{kind}").content, format=form)
        for kind, form in (("ttl", "turtle"), ("jsonld", "json-ld"))
    ]
    # Turtle writes the number 0 as 0.0: the same, but not letter for letter.
    assert len(made[0]) == len(made[1])
    one, other = ({(a, b) for a, b in each.subject_predicates() if isinstance(a, URIRef)} for each in made)
    assert one == other
    assert faults(made[0]) == []
    return made[0]


def ways(made: Graph) -> dict[URIRef, set[Any]]:
    """Return the ways to each dataset."""
    return {one: set(made.objects(one, DCAT.distribution)) for one in made.subjects(RDF.type, DCAT.Dataset)}


def test_what_is_served_fulfils_dcat_ap(testville):
    made = served()
    views = {one.definition.code: one.definition for one in queries.every(Actor(kind=ActorKind.ANONYMOUS))}
    assert len(ways(made)) == len(views)
    asked = [one for one in views.values() if SharingMethod.CHECK in one.methods]
    services = set(made.subjects(RDF.type, DCAT.DataService))
    assert len(services) == len(asked) > 0
    assert {str(one) for one in made.objects(None, DCAT.endpointURL)} == {f"{url_settings.BASE_URL}/api/v1/checks"}
    described = {str(one) for one in made.objects(None, DCAT.endpointDescription)}
    assert described == {f"{url_settings.BASE_URL}/api/v1/openapi.json"}
    (root,) = made.subjects(RDF.type, DCAT.Catalog)
    assert {one.language for one in made.objects(root, DCTERMS.description)} == {"zh", "en"}
    assert made.value(root, DCTERMS.license)
    assert any(str(one).startswith(f"{EU}data-theme/") for one in made.objects(None, DCAT.theme))


@pytest.mark.slow
def test_what_is_served_of_wenzhous_datasets_fulfils_dcat_ap(testville, monkeypatch):
    pack = Pack(PACKS / "wenzhou")
    views = published(*pack.rows("datasets/*.yaml", DatasetDefinition))
    tables = yaml.safe_load((PACKS / "wenzhou" / "tables.yaml").read_text())

    def table(name: str, *, english: bool = False) -> dict[str, str]:
        label = "label_en" if english else "label"
        return {str(row["code"]): str(row[label]) for row in tables[name] if row.get(label)}

    monkeypatch.setattr(portal.queries, "every", lambda by: views)
    monkeypatch.setattr(portal.catalog, "code_table", table)
    made = served()
    found = ways(made)
    assert len(found) == len(views) > 100
    kept = {view.definition.code for view in views if view.definition.sharing is SharingType.NONE}
    for view in views:
        if view.definition.code not in kept and view.definition.methods:
            assert found[URIRef(f"{url_settings.BASE_URL}/data/{view.definition.code}/#dataset")], view.definition.code
    classes = {view.definition.classification for view in views}
    assert set(table("dcat_themes")) <= {code[:size] for code in classes for size in (1, 3, 6)}
    assert set(table("dcat_themes").values()) <= set(DATA_THEMES)


def some(kind: type) -> list[tuple[Any, ...]]:
    return [chosen for size in range(len(kind) + 1) for chosen in itertools.combinations(kind, size)]


@pytest.mark.slow
def test_every_combination_of_choices_fulfils_dcat_ap():
    """Every combination of those that decide about the ways to a dataset, with all pairs of the others among them.

    Each dataset has one column, all kinds among them: how many there are decides nothing.
    """
    chance = random.Random(92)
    rest: tuple[type, ...] = (UpdateCycle, Network, Processing, BaseStore)
    chosen = [
        (*main, *(chance.choice(list(kind)) for kind in rest))
        for main in [*itertools.product(SharingType, Openness, some(SharingMethod))] * 2
    ]
    sides = [list(SharingType), list(Openness), some(SharingMethod), *map(list, rest)]
    for (first, some_of), (second, others) in itertools.combinations(enumerate(sides), 2):
        seen = {(one[first], one[second]) for one in chosen}
        assert seen == set(itertools.product(some_of, others)), "choose another seed"
    names = ("sharing", "openness", "methods", "cycle", "network", "processing", "base_store")
    columns = itertools.cycle(
        DatasetItem(name=kind.value, label=kind.value, kind=kind, options=("甲",)) for kind in sorted(COLUMN_KINDS)
    )
    definitions = [
        replace(
            VACCINATIONS, code=f"d{place}", items=(column,), key=(), related=(), **dict(zip(names, one, strict=True))
        )
        for place, (column, one) in enumerate(zip(columns, chosen, strict=False))
    ]
    views = published(*definitions)
    for bare in (INFO, replace(INFO, check_url="", licence="", agencies={}, classes={}, themes={}, regions={})):
        made = exports.graph(views, catalogue=bare)
        assert len(set(made.subjects(RDF.type, DCAT.Dataset))) == len(views) == 144
        assert faults(made) == []


def test_a_catalogue_without_datasets_is_one_too():
    made = exports.graph([], catalogue=INFO)
    assert faults(made) == []
    assert (own("catalog"), RDF.type, DCAT.Catalog) in made


def mandatory() -> list[tuple[URIRef, URIRef]]:
    """Return class and term of everything that the standard's shapes demand at least once."""
    of = shapes("dcat-ap-SHACL.jsonld")
    return sorted(
        (kind, path)
        for shape, kind in of.subject_objects(SH.targetClass)
        for rule in of.objects(shape, SH.property)
        if of.value(rule, SH.minCount) is not None
        for path in of.objects(rule, SH.path)
    )


HERE = [
    (kind, term)
    for kind, term in mandatory()
    if kind
    in {DCAT.Catalog, DCAT.Dataset, DCAT.Distribution, DCAT.DataService, FOAF.Agent, SKOS.Concept, SKOS.ConceptScheme}
    or kind == URIRef(f"{ADMS}Identifier")
]


@pytest.mark.parametrize(("kind", "term"), HERE, ids=lambda one: re.split("[#/]", one)[-1])
def test_what_the_standard_demands_cannot_be_left_out(graph, kind, term):
    node = sorted(graph.subjects(RDF.type, kind))[0]
    assert graph.value(node, term) is not None
    graph.remove((node, term, None))
    assert (str(node), str(term)) in faults(graph, "dcat-ap-SHACL.jsonld")


def test_the_standards_shapes_were_read_as_what_they_are():
    of = shapes("dcat-ap-SHACL.jsonld")
    assert len(set(of.subjects(SH.targetClass))) == 42
    assert len(set(of.objects(None, SH.property))) == 300
    assert {(kind.fragment, re.split("[#/]", term)[-1]) for kind, term in HERE if kind.startswith(str(DCAT))} == {
        ("Catalog", "description"),
        ("Catalog", "publisher"),
        ("Catalog", "title"),
        ("DataService", "endpointURL"),
        ("DataService", "title"),
        ("Dataset", "description"),
        ("Dataset", "title"),
        ("Distribution", "accessURL"),
    }, "the mandatory properties of DCAT-AP 3.0.0"


TYPED = [
    (at("vaccinations"), DCTERMS.publisher, FOAF.Agent),
    (at("vaccinations"), DCTERMS.accessRights, DCTERMS.RightsStatement),
    (at("vaccinations"), DCTERMS.accrualPeriodicity, DCTERMS.Frequency),
    (at("vaccinations"), DCTERMS.temporal, DCTERMS.PeriodOfTime),
    (at("vaccinations"), DCTERMS.spatial, DCTERMS.Location),
    (at("vaccinations"), DCTERMS.conformsTo, DCTERMS.Standard),
    (at("vaccinations"), DCTERMS.provenance, DCTERMS.ProvenanceStatement),
    (at("vaccinations"), DCAT.distribution, DCAT.Distribution),
    (at("vaccinations", "check"), DCAT.accessService, DCAT.DataService),
    (at("vaccinations", "check"), DCAT.mediaType, DCTERMS.MediaType),
    (at("vaccinations", "check"), DCTERMS["format"], DCTERMS.MediaTypeOrExtent),
    (at("clinics", "file"), DCTERMS.license, DCTERMS.LicenseDocument),
    (own("catalog"), DCAT.themeTaxonomy, SKOS.ConceptScheme),
    (own("catalog"), DCTERMS.language, DCTERMS.LinguisticSystem),
]


@pytest.mark.parametrize(("node", "term", "kind"), TYPED, ids=lambda one: re.split("[#/]", one)[-1])
def test_what_is_named_must_say_what_it_is(graph, node, term, kind):
    graph.remove((graph.value(node, term), RDF.type, kind))
    assert (str(node), str(term)) in faults(graph, "dcat-ap-SHACL.jsonld")


WRONG = [
    (at("vaccinations"), DCTERMS.modified, Literal("gestern")),
    (at("vaccinations"), DCTERMS.accrualPeriodicity, URIRef(f"{EU}frequency/OTHER")),
    (at("vaccinations"), DCTERMS.accessRights, URIRef(f"{EU}access-right/CONFIDENTIAL")),
    (at("vaccinations"), DCTERMS.title, Literal("Impfungen", lang="de")),
    (at("vaccinations"), DCTERMS.identifier, Literal("202001/00009")),
    (at("vaccinations", "period"), DCAT.endDate, Literal(date(1999, 1, 1))),
    (at("vaccinations", "columns"), CSVW.column, RDF.nil),
    (at("vaccinations", "column-dose"), CSVW.required, Literal("yes")),
    (own("agency-339900-data"), DCTERMS.identifier, Literal("12345")),
]


@pytest.mark.parametrize(("node", "term", "value"), WRONG, ids=lambda one: re.split("[#/]", one)[-1])
def test_our_own_shapes_find_what_the_standards_do_not(graph, node, term, value):
    graph.add((node, term, value))
    assert str(node) in {found for found, _path in faults(graph, "own.ttl")}


@pytest.mark.slow
def test_our_own_shapes_are_shapes(graph):
    assert pyshacl.validate(graph, shacl_graph=Graph().parse(SHAPES / "own.ttl"), meta_shacl=True)[0]


# What is said.


def test_a_dataset_says_what_it_is(graph):
    node = at("vaccinations")
    said = {term: set(graph.objects(node, term)) for term in set(graph.predicates(node))}
    assert said[DCTERMS.title] == {Literal("疫苗接种", lang="zh"), Literal("Vaccinations", lang="en")}
    assert said[DCTERMS.identifier] == {Literal("202001/00001")}
    assert said[URIRef(f"{DCAT}version")] == {Literal("1")}
    assert said[DCTERMS.issued] == said[DCTERMS.modified] == {Literal(datetime(2026, 3, 1, 20, 1, tzinfo=UTC))}
    assert said[DCTERMS.accrualPeriodicity] == {URIRef(f"{EU}frequency/UPDATE_CONT")}
    assert said[DCTERMS.accessRights] == {URIRef(f"{EU}access-right/NON_PUBLIC")}
    assert said[DCAT.keyword] == {Literal("健康", lang="zh"), Literal("=疫苗", lang="zh")}
    assert said[DCTERMS.spatial] == {own("region-339900")}
    assert said[DCTERMS.relation] == {at("clinics")}, "what is not in the catalogue is not named"
    period = graph.value(node, DCTERMS.temporal)
    assert graph.value(period, DCAT.startDate) == Literal(date(2020, 1, 1))
    rights = graph.value(node, DCTERMS.rights)
    assert set(graph.objects(rights, RDFS.label)) == {
        Literal(
            "共享类型：有条件共享。共享条件：办理入学时核查。共享依据：疫苗管理法（主席令第三十号）第四十七条：登记。开放属性：不开放。",
            lang="zh",
        ),
        Literal("Shared on conditions; Not open", lang="en"),
    }
    later = exports.graph(published(VACCINATIONS, number=2), catalogue=INFO)
    assert later.value(node, DCTERMS.issued) is None, "when it was first issued is not known any more"


def test_themes_are_the_eus_where_they_fit_and_always_the_citys_own(graph):
    node = at("vaccinations")
    assert set(graph.objects(node, DCAT.theme)) == {
        URIRef(f"{EU}data-theme/HEAL"),
        URIRef(f"{EU}data-theme/SOCI"),
        own("class-202001"),
        own("domain-12"),
    }
    assert list(graph.objects(own("class-202001"), SKOS.broader)) == [own("class-202")]
    assert list(graph.objects(own("class-202"), SKOS.broader)) == [own("class-2")]
    assert set(graph.objects(own("class-202001"), SKOS.prefLabel)) == {
        Literal("疫苗接种", lang="zh"),
        Literal("Vaccinations", lang="en"),
    }
    plain_one = replace(VACCINATIONS, base_store=BaseStore.NONE, classification="3", domain="")
    made = exports.graph(published(plain_one), catalogue=INFO)
    assert set(made.objects(node, DCAT.theme)) == {own("class-3")}
    assert list(made.subjects(SKOS.inScheme, URIRef(f"{EU}data-theme"))) == []


def test_an_agency_has_its_credit_code_its_kind_and_a_telephone(graph):
    agent = graph.value(at("vaccinations"), DCTERMS.publisher)
    assert graph.value(agent, DCTERMS.identifier) == Literal(BUREAU.uscc)
    assert graph.value(agent, DCTERMS.type) == URIRef("http://purl.org/adms/publishertype/LocalAuthority")
    number = graph.value(agent, URIRef(f"{ADMS}identifier"))
    assert graph.value(number, SKOS.notation) == Literal(BUREAU.uscc)
    contact = graph.value(at("vaccinations"), DCAT.contactPoint)
    assert graph.value(contact, URIRef("http://www.w3.org/2006/vcard/ns#hasTelephone")) == URIRef("tel:+8699900000001")
    water = exports.graph(published(replace(VACCINATIONS, agency="339900-water")), catalogue=INFO)
    agent = water.value(at("vaccinations"), DCTERMS.publisher)
    assert water.value(agent, DCTERMS.type) == URIRef("http://purl.org/adms/publishertype/Company")
    unknown = exports.graph(published(replace(VACCINATIONS, agency="elsewhere")), catalogue=INFO)
    agent = unknown.value(at("vaccinations"), DCTERMS.publisher)
    assert unknown.value(agent, FOAF.name) == Literal("数据局", lang="zh")
    assert unknown.value(agent, DCTERMS.type) is None


@pytest.mark.parametrize(
    ("number", "address"),
    [
        ("0577-12345678", "tel:+8657712345678"),
        ("（0577）1234 5678", "tel:+8657712345678"),
        ("13800000000", "tel:+8613800000000"),
        ("12345", "tel:12345;phone-context=+86"),
        ("+86 577 12345678", "tel:+8657712345678"),
        ("", ""),
        ("见官网", ""),
        ("1234567/8", ""),
        ("１２３４５", ""),
    ],
)
def test_a_telephone_number_as_an_address(number, address):
    assert telephone(number) == address


def test_the_ways_to_a_dataset(graph):
    assert set(graph.objects(at("vaccinations"), DCAT.distribution)) == {
        at("vaccinations", "check"),
        at("vaccinations", "file"),
    }
    service, url = at("vaccinations", "service"), URIRef("https://city.example/api/v1/datasets/vaccinations/check")
    assert graph.value(service, DCAT.endpointURL) == graph.value(at("vaccinations", "check"), DCAT.accessURL) == url
    assert graph.value(service, DCTERMS.accessRights) == URIRef(f"{EU}access-right/RESTRICTED")
    assert graph.value(at("vaccinations", "file"), DCTERMS["format"]) == URIRef(f"{EU}file-type/XLSX")
    assert graph.value(at("vaccinations", "file"), DCTERMS.license) is None
    assert graph.value(at("clinics", "file"), DCTERMS.license) == URIRef(INFO.licence), "what is open has terms"


@pytest.mark.parametrize(
    ("sharing", "openness", "check_url", "ways"),
    [
        (SharingType.NONE, Openness.CLOSED, INFO.check_url, set()),
        (SharingType.NONE, Openness.OPEN, INFO.check_url, {"file"}),
        (SharingType.UNCONDITIONAL, Openness.CLOSED, "", {"file"}),
        (SharingType.UNCONDITIONAL, Openness.CLOSED, INFO.check_url, {"file", "check"}),
    ],
)
def test_nothing_is_offered_that_nobody_may_have(sharing, openness, check_url, ways):
    views = published(replace(VACCINATIONS, sharing=sharing, openness=openness))
    made = exports.graph(views, catalogue=replace(INFO, check_url=check_url))
    assert {str(one).rpartition("#")[2] for one in made.objects(at("vaccinations"), DCAT.distribution)} == ways
    assert bool(set(made.subjects(RDF.type, DCAT.DataService))) == ("check" in ways)


def test_the_columns_are_a_schema_of_csv_on_the_web(graph):
    schema = graph.value(at("vaccinations"), DCTERMS.conformsTo)
    columns = list(Collection(graph, graph.value(schema, CSVW.column)))
    assert [str(graph.value(one, CSVW.name)) for one in columns] == ["vaccine", "dose", "batch", "at"]
    assert list(graph.objects(schema, CSVW.primaryKey)) == [Literal("dose")]
    vaccine, dose, batch, at_ = columns
    assert graph.value(vaccine, DCTERMS.description) == Literal("取值：甲、乙。", lang="zh")
    assert graph.value(vaccine, CSVW.datatype) == XSD.string
    narrowed = graph.value(dose, CSVW.datatype)
    assert graph.value(narrowed, CSVW.base) == XSD.integer
    assert graph.value(narrowed, CSVW.minInclusive) == Literal(1)
    assert graph.value(dose, CSVW.required) == Literal(True)
    narrowed = graph.value(batch, CSVW.datatype)
    assert (graph.value(narrowed, CSVW["format"]), graph.value(narrowed, CSVW.maxLength)) == (
        Literal("[A-Z0-9]+"),
        Literal(20),
    )
    assert graph.value(batch, CSVW.propertyUrl) == Literal(own("element-batch"), datatype=CSVW.uriTemplate)
    assert graph.value(batch, DCTERMS.description) == Literal("该数据元的权威来源（一数一源）。", lang="zh")
    assert graph.value(at_, CSVW.datatype) == XSD.date


# How it is written.


def test_the_same_catalogue_gives_the_same_bytes(graph):
    with translation.override("en"):
        again = exports.graph(reversed(published(VACCINATIONS, CLINICS)), catalogue=INFO)
    triples = list(again)
    random.Random(1).shuffle(triples)
    shuffled = Graph(bind_namespaces="none")
    for prefix, namespace in again.namespaces():
        shuffled.bind(prefix, namespace)
    for triple in triples:
        shuffled.add(triple)
    for write in (exports.turtle, exports.json_ld):
        assert write(graph) == write(again) == write(shuffled)


def test_json_ld_is_plain_json_to_read(graph):
    document = json.loads(exports.json_ld(graph))
    first, *others = document["@graph"]
    assert document["@context"]["@version"] == 1.1
    assert first["@type"] == "dcat:Catalog"
    assert first["title"] == {"zh": "政务数据目录", "en": "Catalogue of government data"}
    assert first["dataset"] == [str(at("clinics")), str(at("vaccinations"))]
    by_name = {one["@id"]: one for one in others}
    dataset = by_name[str(at("vaccinations"))]
    assert dataset["identifier"] == "202001/00001"
    assert dataset["keyword"] == {"zh": ["=疫苗", "健康"]}
    assert dataset["accrualPeriodicity"] == f"{EU}frequency/UPDATE_CONT"
    assert dataset["modified"] == "2026-03-01T20:01:00+00:00"
    assert by_name[str(at("vaccinations", "columns"))]["column"] == [
        str(at("vaccinations", f"column-{name}")) for name in ("vaccine", "dose", "batch", "at")
    ]
    assert not [name for one in others for name in one if name.startswith(("http", "_:"))], "a term has no short name"


SIGNS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0") | st.sampled_from("=+-@\t\r\n\"'\\，；{}<>#"),
    max_size=8,
)
CODES = st.from_regex("[a-z][a-z0-9_]{1,12}", fullmatch=True)
ITEMS = st.builds(
    DatasetItem,
    name=CODES,
    label=SIGNS,
    label_en=SIGNS,
    kind=st.sampled_from(sorted(COLUMN_KINDS)),
    element=st.just("") | SIGNS,
    authoritative=st.booleans(),
    required=st.booleans(),
    max_length=st.integers(0, 99),
    options=st.lists(SIGNS, max_size=2).map(tuple),
    pattern=SIGNS,
    unit=SIGNS,
    sensitive=st.booleans(),
)
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
DEFINITIONS = st.builds(
    DatasetDefinition,
    code=CODES,
    name=SIGNS,
    name_en=SIGNS,
    summary=SIGNS,
    summary_en=SIGNS,
    agency=st.sampled_from(["339900-data", "339900-water"]) | SIGNS,
    subject=st.sampled_from(PartyKind),
    key=st.lists(CODES, max_size=2).map(tuple),
    items=st.lists(ITEMS, max_size=3, unique_by=lambda one: one.name).map(tuple),
    classification=st.sampled_from(["202001", "3"]) | SIGNS.filter(bool),
    domain=SIGNS,
    tags=st.lists(SIGNS, max_size=2).map(tuple),
    base_store=st.sampled_from(BaseStore),
    format=SIGNS,
    processing=st.sampled_from(Processing),
    level=st.integers(0, 5),
    region=st.sampled_from(["", "339901"]) | SIGNS,
    guiding=SIGNS,
    covers_from=st.none() | DAYS.filter(lambda day: day.year < 2000),
    covers_to=st.none() | DAYS.filter(lambda day: day.year >= 2000),
    related=st.lists(CODES, max_size=2).map(tuple),
    sharing=st.sampled_from(SharingType),
    condition=SIGNS,
    methods=st.sampled_from(some(SharingMethod)),
    basis=st.lists(st.builds(Basis, SIGNS, SIGNS, SIGNS, SIGNS), max_size=2).map(tuple),
    network=st.sampled_from(Network),
    openness=st.sampled_from(Openness),
    open_condition=SIGNS,
    cycle=st.sampled_from(UpdateCycle),
    proof=st.booleans(),
    service_items=st.lists(SIGNS, max_size=2).map(tuple),
    no_items_reason=SIGNS,
)
CATALOGUES = st.lists(DEFINITIONS, max_size=3, unique_by=lambda one: one.code).map(lambda them: published(*them))


@pytest.mark.slow
@settings(max_examples=20, deadline=None, phases=[Phase.generate])
@given(CATALOGUES)
def test_whatever_is_described_can_be_written_and_read_back(views):
    made = exports.graph(views, catalogue=INFO)
    assert faults(made) == []
    assert isomorphic(made, Graph().parse(data=exports.turtle(made), format="turtle"))
    assert isomorphic(made, Graph().parse(data=exports.json_ld(made), format="json-ld"))


def test_datasets_may_be_related():
    made = exports.graph(published(VACCINATIONS, replace(CLINICS, related=(VACCINATIONS.code,))), catalogue=INFO)
    assert (at(CLINICS.code), DCTERMS.relation, at(VACCINATIONS.code)) in made
    assert faults(made) == []


# The table.


def table(lines: Iterable[str]) -> list[dict[str, str]]:
    text = "".join(lines)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_the_table_has_the_fields_of_the_guide():
    row, _other = table(exports.csv_lines(published(VACCINATIONS, CLINICS), catalogue=INFO))
    assert row == {
        "信息资源分类": "202001",
        "信息资源名称": "疫苗接种",
        "信息资源代码": "202001/00001",
        "信息资源提供方": "数据局",
        "信息资源提供方代码": "1133990000DEM100XJ",
        "信息资源摘要": "居民疫苗接种情况。",
        "信息资源格式": "XLSX",
        "信息项": "疫苗（vaccine，C）；剂次（dose，I）；批号（batch，C20）；接种日期（at，D）",
        "共享类型": "有条件共享",
        "共享条件": "办理入学时核查",
        "共享方式": "核验接口；文件",
        "共享依据": "疫苗管理法（主席令第三十号）第四十七条：登记",
        "开放属性": "不开放",
        "开放条件": "",
        "更新周期": "实时",
        "发布日期": "2026-03-02",
        "关联资源代码": "202001/00002；gone",
        "所属领域": "12",
        "数据层级": "市",
        "数据起始日期": "2020-01-01",
        "数据截止日期": "2026-01-01",
        "共享通道": "政务外网",
        "行政区划代码": "",
        "中央业务指导部门代码": "",
        "加工程度": "原始数据",
        "所属基础库": "人口库",
        "标签": "健康；=疫苗",
        "可代替证明": "否",
        "关联事项": "",
        "不关联事项的原因": "'-",
    }


def test_testvilles_table_is_read_back_whatever_language_is_spoken(testville):
    views = list(queries.every(SYSTEM))
    with translation.override("en"):
        lines = list(exports.csv_lines(views))
    rows = table(lines)
    assert len(lines) == len(rows) + 1 == len(views) + 1
    assert tuple(rows[0]) == HEADS
    for row, view in zip(rows, views, strict=True):
        one = view.definition
        assert row["信息资源代码"] == view.resource_code
        assert row["信息资源提供方代码"] == one.agency, "without a catalogue the directory's code"
        assert row["共享类型"] == str(CHOICES[SharingType][one.sharing])
        assert re.findall(r"（([a-z_0-9]+)，[CNYDLMGI]\d*）", row["信息项"]) == [item.name for item in one.items]


@pytest.mark.slow
@settings(max_examples=30, deadline=None, phases=[Phase.generate])
@given(CATALOGUES)
def test_no_cell_of_the_table_is_a_formula_and_none_is_lost(views):
    rows = table(exports.csv_lines(views))
    assert len(rows) == len(views)
    for row, view in zip(rows, views, strict=True):
        assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert plain(row["信息资源名称"]) == view.definition.name
        assert plain(row["信息资源摘要"]) == view.definition.summary
        assert plain(row["共享条件"]) == view.definition.condition
        assert plain(row["标签"]) == "；".join(view.definition.tags)


def test_nobody_pays_for_rdf_before_it_is_asked_for():
    told = "import sys, yiwang.platform.sharing.exports; sys.exit('rdflib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False, timeout=60).returncode == 0
