"""The catalogue as DCAT-AP 3.0 (SEMIC; https://semiceu.github.io/DCAT-AP/releases/3.0.0/), which data portals harvest.

Every agency, class, region and authority concept that a dataset names is typed and labelled in the graph itself. Datasets
and what belongs to them stand at their page (``…#dataset``), what they share at the catalogue's (``…#region-CODE``).

What DCAT-AP has no place for, and where it went:

- Sharing between agencies (共享类型, 条件, 依据) is ``dct:rights`` in words. ``dcatap:applicableLegislation`` stays empty: it
  names, by European identifier, the law that has a dataset made or kept; ours is the law that has it shared.
- Columns (信息项) are a ``csvw:Schema`` (W3C, CSV on the Web) to which the dataset conforms. Units, permitted values, the
  one source of a datum and sensitivity have no term there: the description of the column tells them.
- Level, guiding department, proof, retention and service items are not here; the CSV has them, but for retention.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote

from rdflib import Graph, URIRef
from rdflib.namespace import CSVW, DCAT, DCTERMS, FOAF, RDFS, SKOS, XSD

from yiwang.platform.sharing.exports import words
from yiwang.platform.sharing.exports.info import CatalogueInfo, Provider
from yiwang.platform.sharing.exports.statements import ADMS, VCARD, VERSION, Statements
from yiwang.platform.sharing.exports.vocabularies import (
    ACCESS_RIGHTS,
    AUTHORITY,
    CHINESE,
    DATA_THEMES,
    ENGLISH,
    FILE_TYPES,
    FREQUENCIES,
    PUBLISHER_TYPE,
    PUBLISHER_TYPES,
    STORE_THEMES,
    TABLES,
    XSD_NAMES,
)
from yiwang.platform.sharing.exports.words import Words
from yiwang.platform.sharing.types import DatasetItem, DatasetView, Openness, SharingMethod, SharingType

JSON = "https://www.iana.org/assignments/media-types/application/json"


class Shared:
    """What many datasets name: each is described once, and returned to whoever names it."""

    def __init__(self, info: CatalogueInfo, say: Statements) -> None:
        self.info, self.say = info, say

    def _own(self, kind: str, code: str) -> URIRef:
        return URIRef(f"{self.info.url}#{kind}-{quote(code, safe='')}")

    def _concept(self, node: URIRef, scheme: URIRef, label: Words, *kinds: URIRef) -> None:
        self.say.kind(node, SKOS.Concept, *kinds)
        self.say.text(node, SKOS.prefLabel, label)
        self.say.link(node, SKOS.inScheme, scheme)

    def _scheme(self, node: URIRef, title: Words) -> URIRef:
        self.say.text(self.say.kind(node, SKOS.ConceptScheme), DCTERMS.title, title)
        return node

    def _authority(self, table: str, code: str, label: str, *kinds: URIRef) -> URIRef:
        node = URIRef(f"{AUTHORITY}{table}/{code}")
        if self.say.once(node):
            scheme = self._scheme(URIRef(f"{AUTHORITY}{table}"), ("", TABLES[table]))
            self._concept(node, scheme, ("", label), *kinds)
        return node

    def access(self, openness: Openness) -> URIRef:
        """Return who may have something."""
        return self._authority("access-right", *ACCESS_RIGHTS[openness], DCTERMS.RightsStatement)

    def frequency(self, view: DatasetView) -> URIRef:
        """Return how often a dataset is brought up to date."""
        return self._authority("frequency", *FREQUENCIES[view.definition.cycle], DCTERMS.Frequency)

    def language(self, code: str, label: str) -> URIRef:
        """Return a language."""
        return self._authority("language", code, label, DCTERMS.LinguisticSystem)

    def page(self, url: str) -> URIRef:
        """Return a page for people."""
        return self.say.kind(url, FOAF.Document)

    def address(self, url: str) -> URIRef:
        """Return an address of data. RDF takes everything for a resource, but a validator only what says so."""
        return self.say.kind(url, RDFS.Resource)

    def licence(self) -> URIRef | None:
        """Return the terms of what is open."""
        return self.say.kind(self.info.licence, DCTERMS.LicenseDocument) if self.info.licence else None

    def agency(self, code: str) -> URIRef:
        """Return the node of an agency that ``agent`` describes."""
        return self._own("agency", code)

    def agent(self, node: URIRef, one: Provider) -> URIRef:
        """Describe an organisation: names, credit code, what kind it is of."""
        if not self.say.once(node):
            return node
        self.say.kind(node, FOAF.Agent)
        self.say.text(node, FOAF.name, (one.name, one.name_en))
        if one.uscc:
            number = self.say.kind(f"{node}-uscc", ADMS.Identifier)
            self.say.value(number, SKOS.notation, one.uscc)
            label = ("统一社会信用代码", "Unified social credit code (GB 32100-2015)")
            self.say.text(number, RDFS.label, label)
            self.say.link(node, ADMS.identifier, number)
            self.say.value(node, DCTERMS.identifier, one.uscc)
        if one.uscc[:1] in PUBLISHER_TYPE:
            code, name = PUBLISHER_TYPE[one.uscc[:1]]
            kind = URIRef(f"{PUBLISHER_TYPES}{code}")
            self._concept(kind, self._scheme(URIRef(f"{PUBLISHER_TYPES}1.0"), ("", "Publisher type")), ("", name))
            self.say.link(node, DCTERMS.type, kind)
        return node

    def contact(self, agent: URIRef, one: Provider) -> URIRef | None:
        """Return where an organisation answers questions; nothing without a telephone."""
        number = telephone(one.phone)
        if not number:
            return None
        node = URIRef(f"{agent}-contact")
        if self.say.once(node):
            self.say.kind(node, VCARD.Kind, VCARD.Organization)
            self.say.text(node, VCARD.fn, (one.name, one.name_en))
            self.say.link(node, VCARD.hasTelephone, URIRef(number))
        return node

    def region(self, code: str) -> URIRef:
        """Return a region of China."""
        node = self._own("region", code)
        if self.say.once(node):
            self.say.kind(node, DCTERMS.Location)
            self.say.text(node, SKOS.prefLabel, (self.info.regions.get(code) or code, ""))
            self.say.value(node, DCTERMS.identifier, code)
        return node

    def classification(self, code: str) -> URIRef:
        """Return a class of the city's own table, with those above it."""
        node, classes = self._own("class", code), self.info.classes
        if self.say.once(node):
            scheme = self._scheme(self._own("scheme", "classes"), ("政务信息资源分类", "Classes of government data"))
            self._concept(node, scheme, (classes.get(code) or code, self.info.classes_en.get(code, "")))
            self.say.value(node, SKOS.notation, code)
            above = max((one for one in classes if one and one != code and code.startswith(one)), key=len, default="")
            self.say.link(node, SKOS.broader, self.classification(above) if above else None)
        return node

    def domain(self, code: str) -> URIRef:
        """Return a domain of the national catalogue."""
        node = self._own("domain", code)
        if self.say.once(node):
            scheme = self._scheme(self._own("scheme", "domains"), ("所属领域", "Domains"))
            self._concept(node, scheme, (self.info.domains.get(code) or code, ""))
            self.say.value(node, SKOS.notation, code)
        return node

    def themes(self, view: DatasetView) -> list[URIRef]:
        """Return what a dataset is about: the EU's themes as far as they fit, and always the city's own class."""
        one, themes = view.definition, self.info.themes
        nearest = max((code for code in themes if one.classification.startswith(code)), key=len, default="")
        found = [self.classification(one.classification)]
        if one.domain:
            found.append(self.domain(one.domain))
        for code in (themes.get(nearest), STORE_THEMES.get(one.base_store)):
            if code in DATA_THEMES:
                found.append(self._authority("data-theme", code, DATA_THEMES[code]))
        return found

    def format(self, name: str) -> URIRef:
        """Return a format."""
        upper = {"JPG": "JPEG", "TIF": "TIFF"}.get(name.upper(), name.upper())
        known = upper in FILE_TYPES
        node = URIRef(f"{AUTHORITY}file-type/{upper}") if known else self._own("format", name)
        if self.say.once(node):
            self.say.kind(node, DCTERMS.MediaTypeOrExtent)
            self.say.value(node, RDFS.label, upper if known else name)
        return node

    def element(self, code: str) -> str:
        """Return the address that a data element (数据元) goes by."""
        return str(self._own("element", code))


class Export:
    """Writes a catalogue and its datasets into a graph."""

    def __init__(self, info: CatalogueInfo, known: frozenset[str]) -> None:
        self.info, self.known = info, known
        self.say = Statements()
        self.shared = Shared(info, self.say)
        self.root = URIRef(f"{info.url}#catalog")

    @property
    def graph(self) -> Graph:
        """The graph so far."""
        return self.say.graph

    def catalogue(self, changed: datetime | None) -> None:
        """Describe the catalogue; ``changed`` is when its newest edition was published."""
        info, say, shared = self.info, self.say, self.shared
        node = say.kind(self.root, DCAT.Catalog)
        say.text(node, DCTERMS.title, (info.title, info.title_en))
        say.text(node, DCTERMS.description, (info.description, info.description_en))
        say.link(node, DCTERMS.publisher, shared.agent(URIRef(f"{info.url}#publisher"), info.publisher))
        say.link(node, FOAF.homepage, shared.page(info.url))
        say.link(node, DCTERMS.spatial, shared.region(info.region))
        say.link(node, DCTERMS.license, shared.licence())
        say.link(node, DCTERMS.language, shared.language(*CHINESE), shared.language(*ENGLISH))
        if changed is not None:
            say.value(node, DCTERMS.modified, changed)

    def dataset(self, view: DatasetView) -> None:
        """Describe a dataset, its columns, and the ways to it."""
        one, info, say, shared = view.definition, self.info, self.say, self.shared
        page = _at(info.dataset_url, one.code)
        node = say.kind(f"{page}#dataset", DCAT.Dataset)
        provider = info.agencies.get(one.agency) or Provider(name=view.agency_name or one.agency)
        agent = shared.agent(shared.agency(one.agency), provider)
        say.link(self.root, DCAT.dataset, node)
        say.text(node, DCTERMS.title, words.named(view))
        say.text(node, DCTERMS.description, (one.summary or words.named(view)[0], one.summary_en))
        say.value(node, DCTERMS.identifier, view.resource_code)
        say.value(node, VERSION, str(view.number))
        say.value(node, DCTERMS.modified, view.published_at)
        if view.number == 1:  # a later edition does not know when the first was issued
            say.value(node, DCTERMS.issued, view.published_at)
        say.link(node, DCTERMS.publisher, agent)
        say.link(node, DCAT.contactPoint, shared.contact(agent, provider))
        say.link(node, DCAT.landingPage, shared.page(page))
        say.link(node, DCTERMS.language, shared.language(*CHINESE))
        say.link(node, DCTERMS.accessRights, shared.access(one.openness))
        say.link(node, DCTERMS.accrualPeriodicity, shared.frequency(view))
        say.link(node, DCTERMS.spatial, shared.region(one.region or provider.region or info.region))
        self._about(node, page, view)
        for code in one.related:
            if code in self.known:
                other = say.kind(f"{_at(info.dataset_url, code)}#dataset", RDFS.Resource)  # the shapes infer nothing
                say.link(node, DCTERMS.relation, other)
        rights = say.kind(f"{page}#rights", DCTERMS.RightsStatement)
        say.text(rights, RDFS.label, words.rights(view))
        say.link(node, DCTERMS.rights, rights)
        origin = say.kind(f"{page}#provenance", DCTERMS.ProvenanceStatement)
        say.text(origin, RDFS.label, words.provenance(view))
        say.link(node, DCTERMS.provenance, origin)
        say.link(node, DCTERMS.conformsTo, self._columns(page, view))
        for method in SharingMethod:
            if method in one.methods and self._offered(view, method):
                self._distribution(node, page, view, method)

    def _about(self, node: URIRef, page: str, view: DatasetView) -> None:
        one, say = view.definition, self.say
        for theme in self.shared.themes(view):
            say.link(node, DCAT.theme, theme)
            for scheme in self.graph.objects(theme, SKOS.inScheme):
                say.link(self.root, DCAT.themeTaxonomy, URIRef(str(scheme)))
        for tag in one.tags:
            say.text(node, DCAT.keyword, (tag, ""))
        if one.covers_from or one.covers_to:
            period = say.kind(f"{page}#period", DCTERMS.PeriodOfTime)
            say.link(node, DCTERMS.temporal, period)
            for term, day in ((DCAT.startDate, one.covers_from), (DCAT.endDate, one.covers_to)):
                if day:
                    say.value(period, term, day)

    def _offered(self, view: DatasetView, method: SharingMethod) -> bool:
        """Tell whether anybody but its keeper can have a dataset this way: what is not shared may still be open."""
        if method is SharingMethod.CHECK:
            return bool(self.info.check_url) and view.definition.sharing is not SharingType.NONE
        return view.definition.sharing is not SharingType.NONE or view.definition.openness is not Openness.CLOSED

    def _distribution(self, dataset: URIRef, page: str, view: DatasetView, method: SharingMethod) -> None:
        say, shared = self.say, self.shared
        node = say.kind(f"{page}#{method.value}", DCAT.Distribution)
        say.link(dataset, DCAT.distribution, node)
        say.text(node, DCTERMS.title, words.titled(view, method))
        say.text(node, DCTERMS.description, words.channel(view))
        say.link(node, DCTERMS.rights, URIRef(f"{page}#rights"))
        if view.definition.openness is Openness.OPEN:
            say.link(node, DCTERMS.license, shared.licence())
        if method is SharingMethod.CHECK:
            say.link(node, DCTERMS.format, shared.format("json"))
            say.link(node, DCAT.mediaType, say.kind(JSON, DCTERMS.MediaType))
            say.link(node, DCAT.accessService, self._service(dataset, page, view))
            # What only a service gives access to has the service's address (DCAT 3, dcat:accessURL).
            say.link(node, DCAT.accessURL, shared.address(_at(self.info.check_url, view.definition.code)))
        else:
            say.link(node, DCTERMS.format, shared.format(view.definition.format) if view.definition.format else None)
            say.link(node, DCAT.accessURL, shared.address(page))

    def _service(self, dataset: URIRef, page: str, view: DatasetView) -> URIRef:
        info, say, shared, code = self.info, self.say, self.shared, view.definition.code
        node = say.kind(f"{page}#service", DCAT.DataService)
        say.link(self.root, DCAT.service, node)
        say.text(node, DCTERMS.title, words.titled(view, SharingMethod.CHECK))
        say.text(node, DCTERMS.description, words.channel(view))
        say.link(node, DCAT.servesDataset, dataset)
        say.link(node, DCAT.endpointURL, shared.address(_at(info.check_url, code)))
        if info.check_description_url:
            say.link(node, DCAT.endpointDescription, shared.address(_at(info.check_description_url, code)))
        say.link(node, DCTERMS.publisher, shared.agency(view.definition.agency))
        # Agencies ask it, each after its request was granted: access on conditions, however open the data are.
        say.link(node, DCTERMS.accessRights, shared.access(Openness.CONDITIONAL))
        return node

    def _columns(self, page: str, view: DatasetView) -> URIRef:
        say, (name, name_en) = self.say, words.named(view)
        node = say.kind(f"{page}#columns", DCTERMS.Standard, CSVW.Schema)
        say.text(node, DCTERMS.title, (f"{name}：信息项", f"{name_en}: columns" if name_en else ""))
        for key in view.definition.key:
            say.value(node, CSVW.primaryKey, key)
        say.listed(node, CSVW.column, [self._column(page, item) for item in view.definition.items])
        return node

    def _column(self, page: str, item: DatasetItem) -> URIRef:
        say, kind = self.say, XSD[XSD_NAMES.get(item.kind, "string")]
        node = say.kind(f"{page}#column-{quote(item.name, safe='')}", CSVW.Column)
        say.value(node, CSVW.name, item.name)
        say.text(node, CSVW.title, (item.label, item.label_en))
        say.text(node, DCTERMS.description, (words.remarks(item), ""))
        say.value(node, CSVW.required, item.required)
        if item.element:
            say.value(node, CSVW.propertyUrl, self.shared.element(item.element), CSVW.uriTemplate)
        narrowing = [
            (CSVW.maxLength, item.max_length, XSD.integer),
            (CSVW.format, item.pattern, None),
            (CSVW.minInclusive, item.min, kind),
            (CSVW.maxInclusive, item.max, kind),
        ]
        if not any(value for _term, value, _datatype in narrowing):
            say.link(node, CSVW.datatype, kind)
            return node
        narrower = say.kind(f"{node}-datatype", CSVW.Datatype)
        say.link(node, CSVW.datatype, narrower)
        say.link(narrower, CSVW.base, kind)
        for term, value, datatype in narrowing:
            if value:
                say.value(narrower, term, value, datatype)
        return node


def _at(url: str, code: str) -> str:
    return url.replace("{code}", quote(code, safe=""))


def telephone(number: str) -> str:
    """Return a telephone number of China as an address (RFC 3966); nothing where it isn't one."""
    digits = re.sub(r"[\s()（）-]", "", number)
    if not re.fullmatch(r"\+?[0-9]{3,15}", digits, re.ASCII):
        return ""
    if digits.startswith("+"):
        return f"tel:{digits}"
    if digits.startswith("0") or re.fullmatch(r"1[3-9][0-9]{9}", digits):  # with area code, or mobile
        return f"tel:+86{digits.removeprefix('0')}"
    return f"tel:{digits};phone-context=+86"
