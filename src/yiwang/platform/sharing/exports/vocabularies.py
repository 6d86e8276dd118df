"""What is taken from lists that others keep, and which of our choices means which of theirs.

DCAT-AP 3.0 (section 10, controlled vocabularies) has these values taken from the authority tables of the Publications
Office of the European Union and from ADMS. Nothing is mapped that means something else there.
"""

from __future__ import annotations

from yiwang.kernel.fields import FieldKind
from yiwang.platform.sharing.types import BaseStore, Openness, UpdateCycle

AUTHORITY = "http://publications.europa.eu/resource/authority/"
TABLES = {
    "access-right": "Access right",
    "data-theme": "Data theme",
    "frequency": "Frequency",
    "language": "Language",
}
"""Title of an authority table."""
ACCESS_RIGHTS = {
    Openness.OPEN: ("PUBLIC", "public"),
    Openness.CONDITIONAL: ("RESTRICTED", "restricted"),
    Openness.CLOSED: ("NON_PUBLIC", "non-public"),
}
"""The table means access by the public: what agencies may have of each other makes no dataset less non-public."""
FREQUENCIES = {
    UpdateCycle.REALTIME: ("UPDATE_CONT", "continuously updated"),
    UpdateCycle.DAILY: ("DAILY", "daily"),
    UpdateCycle.WEEKLY: ("WEEKLY", "weekly"),
    UpdateCycle.MONTHLY: ("MONTHLY", "monthly"),
    UpdateCycle.QUARTERLY: ("QUARTERLY", "quarterly"),
    UpdateCycle.YEARLY: ("ANNUAL", "annual"),
}
CHINESE, ENGLISH = ("ZHO", "Chinese"), ("ENG", "English")
DATA_THEMES = {
    "AGRI": "Agriculture, fisheries, forestry and food",
    "ECON": "Economy and finance",
    "EDUC": "Education, culture and sport",
    "ENER": "Energy",
    "ENVI": "Environment",
    "GOVE": "Government and public sector",
    "HEAL": "Health",
    "INTR": "International issues",
    "JUST": "Justice, legal system and public safety",
    "REGI": "Regions and cities",
    "SOCI": "Population and society",
    "TECH": "Science and technology",
    "TRAN": "Transport",
}
STORE_THEMES = {
    BaseStore.POPULATION: "SOCI",
    BaseStore.LEGAL_PERSONS: "ECON",
    BaseStore.SPACE: "REGI",
    BaseStore.CREDIT: "ECON",
    BaseStore.LICENCES: "GOVE",
}
"""The theme of a base store is evident. What the city's own classes mean only the city knows: ``CatalogueInfo.themes``."""
FILE_TYPES = frozenset((
    "CSV", "DBF", "DOC", "DOCX", "GEOJSON", "GIF", "GML", "HTML", "JPEG", "JSON", "MDB", "ODS", "PDF", "PNG", "PPTX",
    "SHP", "TIFF", "TXT", "XLS", "XLSX", "XML", "ZIP",
))  # fmt: skip
"""Formats that the table of file types has by the same name; others (a database) go by our own words."""
PUBLISHER_TYPES = "http://purl.org/adms/publishertype/"
PUBLISHER_TYPE = {
    "1": ("LocalAuthority", "Local Authority"),
    "5": ("NonProfitOrganisation", "Non-Profit Organisation"),
    "9": ("Company", "Company"),
}
"""By the first sign of a credit code, which says who registered the organisation (GB 32100-2015)."""
XSD_NAMES = {
    FieldKind.INTEGER: "integer",
    FieldKind.DECIMAL: "decimal",
    FieldKind.MONEY: "decimal",
    FieldKind.DATE: "date",
    FieldKind.BOOLEAN: "boolean",
}
"""Datatype (XML Schema) of a column; whatever is not here is a string."""
LETTERS = {
    FieldKind.LONG_TEXT: "M",
    FieldKind.INTEGER: "I",
    FieldKind.DECIMAL: "N",
    FieldKind.MONEY: "Y",
    FieldKind.DATE: "D",
    FieldKind.BOOLEAN: "L",
    FieldKind.FILE: "G",
    FieldKind.TABLE: "G",
}
"""数据类型 of a column in the letters of the catalogue guide (2017); whatever is not here is text, C."""
LEVELS = {1: "国家", 2: "省", 3: "市", 4: "县"}
"""数据层级 of the national catalogue."""
