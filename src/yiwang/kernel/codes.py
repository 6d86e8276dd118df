"""The codes of the field: shape, check character, parts. Each is parsed into a frozen value or refused with
a reason.

Sources: citizen id GB 11643-1999; USCC GB 32100-2015; organisation code GB 11714-1997; regions GB/T 2260
and the statistical codes; item codes GB/T 39554.1-2020; licence id GB/T 36904-2018 (ISO 7064). Lengths are
in characters.

Everything typed by people is cleaned first: full-width forms, spaces and hyphens, lower case. All functions
raise ``CodeError`` and nothing else.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from operator import mul

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from yiwang.kernel import clock

Text = str | Promise


class CodeError(ValueError):
    """A code is wrong; ``message`` says what, without repeating the code, which may be a personal number.

    ``code`` is one of ``length``, ``shape``, ``region``, ``date``, ``future``, ``check``.
    """

    def __init__(self, code: str, message: Text) -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


def clean(text: str) -> str:
    """Return what was meant: half-width, upper case, without spaces and hyphens."""
    return re.sub(r"[\s\-‐-―−]", "", unicodedata.normalize("NFKC", text)).upper()


def _length(text: str, wanted: int, name: Text) -> None:
    if len(text) != wanted:
        message = format_lazy(
            _("{name}应为 {wanted} 位，您填写的是 {actual} 位。"), name=name, wanted=wanted, actual=len(text)
        )
        raise CodeError("length", message)


def _check(actual: str, expected: str, name: Text) -> None:
    if actual != expected:
        raise CodeError("check", format_lazy(_("{name}的校验位不对，请核对是否有输错的字符。"), name=name))


# --- Regions ---

_PROVINCES = frozenset(
    f"{area}{number}"
    for area, numbers in {
        "1": "12345",
        "2": "123",
        "3": "1234567",
        "4": "123456",
        "5": "01234",
        "6": "12345",
        "7": "1",
        "8": "123",
    }.items()
    for number in numbers
)


class RegionLevel(IntEnum):
    """How long the code of each level is."""

    PROVINCE = 2
    CITY = 4
    COUNTY = 6
    TOWN = 9
    VILLAGE = 12


@dataclass(frozen=True, slots=True)
class RegionCode:
    """A region by its significant digits: ``3399`` is the city that GB/T 2260 would write as ``339900``."""

    value: str

    @property
    def level(self) -> RegionLevel:
        """The level, from the length."""
        return RegionLevel(len(self.value))

    @property
    def lineage(self) -> tuple[str, ...]:
        """The codes from the province down to this region."""
        return tuple(self.value[:level] for level in RegionLevel if level <= len(self.value))

    def within(self, other: RegionCode) -> bool:
        """Tell whether this region is ``other`` or lies in it."""
        return self.value.startswith(other.value)

    def __str__(self) -> str:
        return self.value


def parse_region(text: str) -> RegionCode:
    """Parse 2, 4, 6, 9 or 12 digits; zeros that only fill up (``339900``, ``339901000000``) are dropped."""
    value = clean(text)
    if not re.fullmatch(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}", value, re.ASCII):
        raise CodeError("shape", _("行政区划代码应为 2、4、6、9 或 12 位数字。"))
    if value[:2] not in _PROVINCES:
        raise CodeError("region", _("行政区划代码的前两位不是省级代码。"))
    for shorter in (9, 6, 4, 2):
        if len(value) > shorter and not value[shorter:].strip("0"):
            value = value[:shorter]
    return RegionCode(value)


def is_province(digits: str) -> bool:
    """Tell whether two digits are the code of a province."""
    return digits in _PROVINCES


# --- Citizen id ---

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ID = _("公民身份号码")


class Sex(StrEnum):
    """Sex as the number tells it."""

    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True, slots=True)
class CitizenId:
    """A valid citizen id. Number and birth date stay out of ``repr``, and so out of logs."""

    value: str = field(repr=False)
    region: str
    born_on: date = field(repr=False)
    sex: Sex

    def __str__(self) -> str:
        return self.value


def citizen_id_check(body: str) -> str:
    """Return the check character for 17 digits (ISO 7064 MOD 11-2)."""
    if len(body) != len(_ID_WEIGHTS):
        raise ValueError("17 digits")
    return _ID_CHECKS[sum(map(mul, map(int, body), _ID_WEIGHTS)) % 11]


def parse_citizen_id(
    text: str, *, today: date | None = None, region_known: Callable[[str], bool] | None = None
) -> CitizenId:
    """Parse 18 characters. ``today`` is the legal date that the birth date may not pass (default: the
    clock's).

    The region needs a province's prefix; ``region_known`` may look further (abolished regions stay valid).
    """
    value = clean(text)
    _length(value, 18, _ID)
    if not re.fullmatch(r"\d{17}[\dX]", value, re.ASCII):
        raise CodeError("shape", _("公民身份号码的前 17 位应为数字，末位应为数字或 X。"))
    region = value[:6]
    if region[:2] not in _PROVINCES or (region_known and not region_known(region)):
        raise CodeError("region", _("公民身份号码的前 6 位不是有效的行政区划代码。"))
    try:
        born_on = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        raise CodeError("date", _("公民身份号码的第 7 至 14 位不是真实的出生日期。")) from None
    if born_on.year < 1850:
        raise CodeError("date", _("公民身份号码的第 7 至 14 位不是真实的出生日期。"))
    if born_on > (today or clock.today()):
        raise CodeError("future", _("公民身份号码中的出生日期晚于今天。"))
    _check(value[17], citizen_id_check(value[:17]), _ID)
    return CitizenId(value, region, born_on, Sex.MALE if int(value[16]) % 2 else Sex.FEMALE)


def upgrade_citizen_id(text: str, *, today: date | None = None) -> CitizenId:
    """Turn a number of 15 digits, as issued before October 1999, into its 18 characters."""
    value = clean(text)
    _length(value, 15, _("旧公民身份号码"))
    if not re.fullmatch(r"\d{15}", value, re.ASCII):
        raise CodeError("shape", _("旧公民身份号码应全部为数字。"))
    body = f"{value[:6]}19{value[6:]}"
    return parse_citizen_id(body + citizen_id_check(body), today=today)


def age_on(born_on: date, day: date) -> int:
    """Return the age in full years on ``day``: reached on the birthday, for 29 February on 1 March."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


# --- Organisations ---

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUES = {char: value for value, char in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_USCC = _("统一社会信用代码")
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORG = _("组织机构代码")


@dataclass(frozen=True, slots=True)
class Uscc:
    """A valid unified social credit code and its parts."""

    value: str

    @property
    def category(self) -> str:
        """Registration authority and category: 11 state organ, 91 company, 92 sole trader …"""
        return self.value[:2]

    @property
    def region(self) -> str:
        """The six digits of the registering region."""
        return self.value[2:8]

    @property
    def organisation_code(self) -> str:
        """The organisation code of nine characters inside."""
        return self.value[8:17]

    def __str__(self) -> str:
        return self.value


def uscc_check(body: str) -> str:
    """Return the check character for the first 17. Raises CodeError for one outside of the alphabet."""
    try:
        total = sum(_USCC_VALUES[char] * weight for char, weight in zip(body, _USCC_WEIGHTS, strict=True))
    except KeyError:
        raise CodeError("shape", _("统一社会信用代码只含数字和大写字母，且不使用 I、O、S、V、Z。")) from None
    return _USCC_ALPHABET[-total % 31]


def parse_uscc(text: str) -> Uscc:
    """Parse 18 characters."""
    value = clean(text)
    _length(value, 18, _USCC)
    expected = uscc_check(value[:17])
    if not re.fullmatch(r"\d{6}", value[2:8], re.ASCII):
        raise CodeError("region", _("统一社会信用代码的第 3 至 8 位应为 6 位行政区划代码。"))
    _check(value[17], expected, _USCC)
    return Uscc(value)


def organisation_code_check(body: str) -> str:
    """Return the check character for eight characters (digits and capital letters)."""
    rest = 11 - sum(int(char, 36) * weight for char, weight in zip(body, _ORG_WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else "0" if rest == 11 else str(rest)


def parse_organisation_code(text: str) -> str:
    """Return the nine characters of an organisation code, the hyphen before the last dropped."""
    value = clean(text)
    _length(value, 9, _ORG)
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", value, re.ASCII):
        raise CodeError("shape", _("组织机构代码应为 8 位数字或大写字母加 1 位校验码。"))
    _check(value[8], organisation_code_check(value[:8]), _ORG)
    return value


# --- Service items ---


class Level(IntEnum):
    """Exercising level (行使层级, GB/T 39046 A.2), the 19th character of a task code."""

    NATIONAL = 1
    PROVINCE = 2
    CITY = 3
    COUNTY = 4
    TOWN = 5
    VILLAGE = 6
    GRADED = 7


@dataclass(frozen=True, slots=True)
class BasicCode:
    """基本编码, 12 characters. ``department`` means something only together with ``province`` (00:
    national).
    """

    province: str
    item_type: str
    department: str
    main: str
    sub: str

    @property
    def is_national(self) -> bool:
        """Whether the item stands in the national catalogue."""
        return self.province == "00"

    @property
    def is_parent(self) -> bool:
        """Whether it only groups sub-items (``00Y``) and so is never carried out itself."""
        return self.sub == "00Y"

    @property
    def parent(self) -> BasicCode | None:
        """The grouping item of a sub-item; None for an item that has none."""
        if self.sub in {"000", "00Y"}:
            return None
        return BasicCode(self.province, self.item_type, self.department, self.main, "00Y")

    def __str__(self) -> str:
        return f"{self.province}{self.item_type}{self.department}{self.main}{self.sub}"


@dataclass(frozen=True, slots=True)
class TaskCode:
    """实施编码, 31 characters: who (USCC), at which level, which item. ``pseudo_body``: the first 18 are no
    USCC.
    """

    body: str
    level: Level
    basic: BasicCode
    pseudo_body: bool = False

    def __str__(self) -> str:
        return f"{self.body}{self.level:d}{self.basic}"


@dataclass(frozen=True, slots=True)
class HandleCode:
    """业务办理项编码, 33 characters: a task code and a serial from ``01``."""

    task: TaskCode
    serial: str

    def __str__(self) -> str:
        return f"{self.task}{self.serial}"


@dataclass(frozen=True, slots=True)
class MaterialCode:
    """材料编码, 34 characters: a task code and a serial from ``001`` (one province's practice)."""

    task: TaskCode
    serial: str

    def __str__(self) -> str:
        return f"{self.task}{self.serial}"


def parse_basic_code(text: str) -> BasicCode:
    """Parse 12 characters. The numbering of types and departments is the province's, so only the shape is
    checked.
    """
    value = clean(text)
    _length(value, 12, _("基本编码"))
    match = re.fullmatch(r"(\d{2})(\d{2})(\d{2})(\d{3})(00Y|\d{3})", value, re.ASCII)
    if not match:
        raise CodeError("shape", _("基本编码应为 12 位数字，只有末三位可以是 00Y。"))
    if match[1] != "00" and match[1] not in _PROVINCES:
        raise CodeError("region", _("基本编码的前两位应为 00 或省级代码。"))
    return BasicCode(*match.groups())


def parse_task_code(text: str, *, allow_pseudo: bool = False) -> TaskCode:
    """Parse 31 characters. ``allow_pseudo`` is for imports: a body without a valid USCC is flagged, not
    refused.
    """
    value = clean(text)
    _length(value, 31, _("实施编码"))
    body, level = value[:18], value[18]
    pseudo = False
    try:
        parse_uscc(body)
    except CodeError:
        if not allow_pseudo or not re.fullmatch(r"[0-9A-Z]{18}", body, re.ASCII):
            raise
        pseudo = True
    if level not in "1234567":
        raise CodeError("shape", _("实施编码的第 19 位（行使层级）应为 1 至 7。"))
    return TaskCode(body, Level(int(level)), parse_basic_code(value[19:]), pseudo)


def parse_handle_code(text: str, *, allow_pseudo: bool = False) -> HandleCode:
    """Parse 33 characters; see ``parse_task_code``."""
    task, serial = _with_serial(text, 33, _("业务办理项编码"), allow_pseudo)
    return HandleCode(task, serial)


def parse_material_code(text: str, *, allow_pseudo: bool = False) -> MaterialCode:
    """Parse 34 characters; see ``parse_task_code``."""
    task, serial = _with_serial(text, 34, _("材料编码"), allow_pseudo)
    return MaterialCode(task, serial)


def _with_serial(text: str, length: int, name: Text, allow_pseudo: bool) -> tuple[TaskCode, str]:
    value = clean(text)
    _length(value, length, name)
    task, serial = parse_task_code(value[:31], allow_pseudo=allow_pseudo), value[31:]
    if not re.fullmatch(r"\d+", serial, re.ASCII) or not int(serial):
        raise CodeError("shape", format_lazy(_("{name}的流水号应为从 1 起的数字。"), name=name))
    return task, serial


# --- Cases ---

_QUERY_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 characters that are not taken for one another when read aloud or by hand: no 0, 1, I, L, O."""
_QUERY_LENGTH = 8


@dataclass(frozen=True, slots=True)
class CaseNumber:
    """办件编号: task or handling code, day of receipt, serial of that day; 45 or 47 characters (GB/T 39046:
    an..50).
    """

    item: TaskCode | HandleCode
    day: date
    serial: int

    def __str__(self) -> str:
        return f"{self.item}{self.day:%Y%m%d}{self.serial:06d}"


def build_case_number(item: TaskCode | HandleCode, day: date, serial: int) -> CaseNumber:
    """Make a case number; ``serial`` is 1 to 999999 for one item and day."""
    if not 0 < serial <= 999_999:
        raise CodeError("shape", _("办件流水号应为 1 至 999999。"))
    return CaseNumber(item, day, serial)


def parse_case_number(text: str) -> CaseNumber:
    """Parse 45 or 47 characters; pseudo-bodies are let through, they are in numbers that exist."""
    value = clean(text)
    if len(value) not in {45, 47}:
        raise CodeError("length", _("办件编号应为 45 位或 47 位。"))
    code, day, serial = value[:-14], value[-14:-6], value[-6:]
    if not re.fullmatch(r"\d{14}", day + serial, re.ASCII):
        raise CodeError("shape", _("办件编号的后 14 位应为日期和流水号。"))
    try:
        on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        raise CodeError("date", _("办件编号中的日期不是真实日期。")) from None
    parse: Callable[..., TaskCode | HandleCode] = parse_task_code if len(code) == 31 else parse_handle_code
    return build_case_number(parse(code, allow_pseudo=True), on, int(serial))


def query_code_check(body: str) -> str:
    """Return the check character for the seven before it: weights 2 to 8 modulo the prime 31."""
    total = sum(_QUERY_ALPHABET.index(char) * weight for weight, char in enumerate(body, start=2))
    return _QUERY_ALPHABET[-total % 31]


def new_query_code() -> str:
    """Make a query code (查询码) from 34 random bits and a check character: ``K7M2P9QX``."""
    body = "".join(secrets.choice(_QUERY_ALPHABET) for _i in range(_QUERY_LENGTH - 1))
    return body + query_code_check(body)


def parse_query_code(text: str) -> str:
    """Return the eight characters. One wrong character or two neighbours swapped are always found."""
    value = clean(text)
    _length(value, _QUERY_LENGTH, _("查询码"))
    if any(char not in _QUERY_ALPHABET for char in value):
        raise CodeError("shape", _("查询码不使用 0、1、I、L、O，请核对。"))
    _check(value[-1], query_code_check(value[:-1]), _("查询码"))
    return value


# --- Electronic licences ---

LICENCE_ROOT = "1.2.156.3005.2"
"""Object identifier under which all electronic licences are numbered."""
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LICENCE = _("电子证照标识")


@dataclass(frozen=True, slots=True)
class LicenceId:
    """电子证照标识: type code (USCC of who defines it + 3 digits), issuer, serial, version and check
    character.
    """

    type_code: str
    issuer: str
    serial: str
    version: int
    check: str

    @property
    def check_ok(self) -> bool:
        """Whether the check character is right; always so unless parsed with ``strict=False``."""
        return self.check == self._expected

    @property
    def _expected(self) -> str:
        return mod_37_36(f"{self.type_code}{self.issuer}{self.serial}{self.version:03d}")

    def next_version(self) -> LicenceId:
        """Return the identifier of the same licence after a change."""
        return build_licence_id(self.type_code, self.issuer, self.serial, self.version + 1)

    def __str__(self) -> str:
        return f"{LICENCE_ROOT}.{self.type_code}.{self.issuer}.{self.serial}.{self.version:03d}.{self.check}"


def mod_37_36(body: str) -> str:
    """Return the ISO 7064 MOD 37,36 check character for digits and capital letters."""
    rest = 36
    for char in body:
        rest = (rest + _ALNUM.index(char)) % 36 or 36
        rest = rest * 2 % 37
    return _ALNUM[(37 - rest) % 36]


def build_licence_id(type_code: str, issuer: str, serial: str, version: int = 1) -> LicenceId:
    """Make an identifier; ``version`` is 1 to 999."""
    if not 0 < version <= 999:
        raise CodeError("shape", _("电子证照标识的版本号应为 001 至 999。"))
    parts = (type_code.upper(), issuer.upper(), serial.upper(), f"{version:03d}")
    return parse_licence_id(".".join((LICENCE_ROOT, *parts, mod_37_36(_alnum("".join(parts))))))


def parse_licence_id(text: str, *, strict: bool = True) -> LicenceId:
    """Parse an identifier with its root.

    ``strict=False`` is for imports: a wrong check shows in ``check_ok`` only, because numbers are in
    circulation that do not follow the rule.
    """
    value = clean(text)
    if not value.startswith(f"{LICENCE_ROOT}."):
        raise CodeError("shape", format_lazy(_("电子证照标识应以 {root} 开头。"), root=LICENCE_ROOT))
    parts = value[len(LICENCE_ROOT) + 1 :].split(".")
    if len(parts) != 5:
        raise CodeError("shape", _("电子证照标识应含类型、颁发机构、流水号、版本、校验位五段。"))
    type_code, issuer, serial, version, check = parts
    _alnum("".join(parts))
    if len(type_code) != 21 or not re.fullmatch(r"\d{3}", type_code[18:], re.ASCII):
        raise CodeError("shape", _("证照类型代码应为 18 位统一社会信用代码加 3 位顺序号。"))
    if not issuer or not serial or len(check) != 1:
        raise CodeError("shape", _("电子证照标识应含类型、颁发机构、流水号、版本、校验位五段。"))
    if not re.fullmatch(r"\d{3}", version, re.ASCII) or version == "000":
        raise CodeError("shape", _("电子证照标识的版本号应为 001 至 999。"))
    licence = LicenceId(type_code, issuer, serial, int(version), check)
    if strict:
        _check(check, licence._expected, _LICENCE)
    return licence


def _alnum(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Z]+", text, re.ASCII):
        raise CodeError("shape", _("电子证照标识只含数字、大写字母和分隔点。"))
    return text


# --- Telephone ---


def parse_mobile(text: str) -> str:
    """Return the eleven digits of a mobile number, without ``+86``."""
    value = re.sub(r"^(\+|00)86", "", clean(text))
    if not re.fullmatch(r"1[3-9]\d{9}", value, re.ASCII):
        raise CodeError("shape", _("手机号码应为 1 开头的 11 位数字。"))
    return value


def parse_phone(text: str) -> str:
    """Return the digits of a mobile, fixed-line (with area code), 400/800 or short service number."""
    value = re.sub(r"^(\+|00)86", "", clean(text))
    value = re.sub(r"[()]", "", value)
    if re.fullmatch(r"1[3-9]\d{9}|0(10|2\d|[3-9]\d{2})[2-8]\d{6,7}|[48]00\d{7}|1\d{4}|9\d{4,5}", value, re.ASCII):
        return value
    raise CodeError("shape", _("电话号码应为 11 位手机号码，或带区号的固定电话号码。"))


# --- Masking (个人信息保护法; STANDARDS 13.2) ---


def mask_name(name: str) -> str:
    """Show the first character of a person's name."""
    return name[:1] + "*" * (len(name) - 1)


def mask_id(value: str, *, strict: bool = False) -> str:
    """Show the first six and last four characters of a personal number, or one and one where ``strict``."""
    head, tail = (1, 1) if strict else (6, 4)
    if len(value) <= head + tail:
        head, tail = min(1, max(len(value) - 1, 0)), 0
    return value[:head] + "*" * (len(value) - head - tail) + (value[-tail:] if tail else "")


def mask_phone(value: str) -> str:
    """Show the first three and last four digits of a telephone number."""
    if len(value) < 8:
        return "*" * len(value)
    return value[:3] + "*" * (len(value) - 7) + value[-4:]


def mask_address(address: str) -> str:
    """Show an address down to its town or street; without one, its first six characters."""
    found = re.search(r"^.*?(街道|镇|乡|大道|路|街|巷)", address)
    shown = found[0] if found else address[:6]
    return shown + "****" if len(shown) < len(address) else address
