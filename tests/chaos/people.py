"""Who uses the city while its processes are killed: a firm's system at the API, clerks and a citizen at the pages.

They do what real clients do. What was not acknowledged is sent again, the same content under the same key; what was
acknowledged is written into a ledger, and by the ledger the city is judged in the end.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from typing import Any

import httpx
import yaml
from bs4 import BeautifulSoup, Tag
from PIL import Image

from yiwang.config.environment import ROOT
from yiwang.config.typed import sample
from yiwang.kernel.fields import FieldKind, FieldSpec, Option

logging.getLogger("httpx").setLevel(logging.WARNING)
PATIENCE = 120  # seconds after which a client gives up: the city must be back long before


class Refused(AssertionError):
    """The city answered what it should not have."""


@dataclass
class Ledger:
    """What was acknowledged: how often each act on each application, and under which keys."""

    acts: Counter[tuple[str, str]] = field(default_factory=Counter)
    keys: list[tuple[str, str]] = field(default_factory=list)
    sent_again: int = 0
    flying: int = 0
    """Acts that were sent and have no answer yet."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, act: str, application: str, key: str) -> None:
        """Enter one acknowledged act."""
        with self.lock:
            self.acts[act, application] += 1
            self.keys.append((act, key))

    @property
    def count(self) -> int:
        """How many acts were acknowledged so far."""
        return len(self.keys)


class Client:
    """Somebody at the network: sends until there is an answer."""

    def __init__(self, address: str, ledger: Ledger) -> None:
        self.http = httpx.Client(base_url=address, timeout=30)
        self.ledger = ledger

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request until the city answers it; the same bytes each time."""
        until, first = time.monotonic() + PATIENCE, True
        while True:
            if not first and method != "GET":
                with self.ledger.lock:
                    self.ledger.sent_again += 1
            first, pause = False, 0.2
            try:
                answer = self._fly(method, path, **more)
                if answer.status_code == 429:
                    pause = float(answer.headers.get("Retry-After", 1))
                elif answer.status_code < 500:
                    if answer.status_code >= 400:
                        raise Refused(f"{method} {path}: {answer.status_code}\n{_plain(answer)}")
                    return answer
                what = f"{answer.status_code}"
            except httpx.TransportError as error:
                what = repr(error)
            if time.monotonic() > until:
                raise Refused(f"{method} {path}: nothing but {what} for {PATIENCE} s")
            time.sleep(pause)

    def _fly(self, method: str, path: str, **more: Any) -> httpx.Response:
        acts = method != "GET"
        self.ledger.flying += acts
        try:
            return self.http.request(method, path, **more)
        finally:
            self.ledger.flying -= acts


class Firm(Client):
    """A firm's own system, at the API."""

    def __init__(self, address: str, ledger: Ledger, client: str, secret: str) -> None:
        super().__init__(address, ledger)
        answer = self.send("POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=(client, secret))
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def read(self, path: str) -> Any:
        """Read something."""
        return self.send("GET", f"/api/v1{path}").json()

    def act(self, act: str, method: str, path: str, application: str = "", **more: Any) -> Any:
        """Do an act, and enter it when it is acknowledged."""
        key = uuid.uuid4().hex
        answer = self.send(method, f"/api/v1{path}", headers={"Idempotency-Key": key}, **more)
        found = answer.json() if answer.content else {}
        self.ledger.write(act, application or str(found.get("id", "")), key)
        return found

    def apply(self, life_event: str, answers: dict[str, Any]) -> str:
        """Go from the questions to the receipt; returns the application's id."""
        started = self.act(
            "cases.start_draft", "POST", f"/life-events/{life_event}/applications", json={"answers": answers}
        )
        pk, at = str(started["id"]), f"/applications/{started['id']}"
        while asked := [one for one in self.read(f"{at}/resolution")["ask"] if one["required"]]:
            given = {one["name"]: value_for(one, str(answers["place_region"])) for one in asked}
            self.act("cases.save_answers", "PATCH", f"{at}/answers", pk, json={"answers": given})
        for one in self.read(f"{at}/resolution")["materials"]:
            if one["state"] != "ask" or one["optional"]:
                continue
            if one["may_commit"]:
                body = {"material": one["material"], "state": "committed"}
                self.act("cases.set_material", "PUT", f"{at}/materials", pk, json=body)
            else:
                self.attach(pk, one["material"])
        self.act("cases.submit", "POST", f"{at}/submission", pk)
        return pk

    def attach(self, pk: str, material: str) -> None:
        """Upload a picture."""
        self.act(
            "cases.add_file", "POST", f"/applications/{pk}/files", pk,
            data={"material": material}, files={"file": ("a.png", picture(), "image/png")},
        )  # fmt: skip


class Person(Client):
    """Somebody in front of a browser."""

    def __init__(self, address: str, ledger: Ledger, login: str) -> None:
        super().__init__(address, ledger)
        try:
            self._sign_in(login)
        except Refused:  # a try that was cut off may have changed the form's token: open the page anew, as people do
            self._sign_in(login)

    def _sign_in(self, login: str) -> None:
        page = self.page("/sign-in/")
        token = page.find("input", {"name": "csrfmiddlewaretoken"})["value"]
        self.send("POST", "/sign-in/", data={"csrfmiddlewaretoken": token, "method": "demo", "login": login})

    def page(self, path: str) -> BeautifulSoup:
        """Open a page."""
        return BeautifulSoup(self.send("GET", path, follow_redirects=True).text, "html.parser")

    def may(self, path: str) -> BeautifulSoup | None:
        """Open a page, if this person may."""
        try:
            return self.page(path)
        except Refused:
            return None

    def press(self, form: Tag, action: str = "", **typed: Any) -> dict[str, Any]:
        """Send a form with what the page put into it and what was typed; returns what was sent."""
        fields = [one for one in form.find_all("input") if one.get("type") == "hidden" or one.has_attr("checked")]
        data = {one["name"]: one.get("value", "on") for one in fields} | typed
        self.send("POST", action or form["action"], data=data)
        return data

    def act(self, act: str, application: str, form: Tag, action: str = "", suffix: str = "", **typed: Any) -> None:
        """Do an act by its form, and enter it when it is acknowledged."""
        sent = self.press(form, action, **typed)
        self.ledger.write(act, application, sent["key"] + suffix)


class Clerk(Person):
    """A member of staff."""

    def accept(self, pk: str) -> None:
        """Accept all cases of an application in one act."""
        form = self.page(f"/desk/applications/{pk}/").find("form", id="choice")
        boxes = [one["value"] for one in form.find_all("input", {"name": "case"})]
        self.act("cases.accept_all", pk, form, case=boxes)

    def ask_for_correction(self, pk: str, case: str, material: str, message: str) -> str:
        """Ask, once, for one material to be corrected, by its name or code; return its code."""
        page = self.page(f"/desk/cases/{case}/")
        form = page.find("form", action=f"/desk/cases/{case}/acts/request-correction/")
        targets = [one["value"] for one in form.find_all("input", {"name": "target"})]
        labels = [one["value"] for one in form.find_all("input", {"name": "label"})]
        asked = [
            material in (label, code.removeprefix("material:")) for code, label in zip(targets, labels, strict=True)
        ]
        assert any(asked), (material, targets, labels)
        words = [message if one else "" for one in asked]
        self.act(
            "cases.request_correction", pk, form, suffix=":request-correction",
            target=targets, label=labels, message=words,
        )  # fmt: skip
        return str(targets[asked.index(True)]).removeprefix("material:")

    def work(self, pk: str, case: str) -> bool:
        """Do on a case what may be done now; tell whether there was anything."""
        page = self.may(f"/desk/cases/{case}/")
        if page is None:
            return False
        at = f"/desk/cases/{case}/acts"
        for slug, typed in {
            "complete-step-pass": {"opinion": "材料齐全，内容一致。"},
            "decide-grant": {"opinion": "材料齐全，符合法定条件，准予许可。"},
            "check-by-hand": {"check-by-hand-finding": "数据源中断，已电话向来源部门核实，内容一致。"},
        }.items():
            form = page.find("form", action=f"{at}/{slug}/")
            button = page.find("button", formaction=f"{at}/{slug}/")
            if button:
                form = page.find("form", id="opinion-form")
            if form:
                name = slug.removesuffix("-pass").removesuffix("-grant").replace("-", "_")
                self.act(f"cases.{name}", pk, form, f"{at}/{slug}/", f":{slug}", **typed)
                return True
        return self.visit(pk, case) if page.find("a", href=f"/desk/cases/{case}/visit/") else False

    def visit(self, pk: str, case: str) -> bool:
        """Plan the visit, or record it."""
        at = f"/desk/cases/{case}/visit/"
        page = self.page(at)
        planning = page.find("form", action=f"{at}plan/")
        if planning and not planning.find("label", string=re.compile("改约")):
            self.act("cases.plan_visit", pk, planning, day=time.strftime("%Y-%m-%d", time.gmtime(time.time() + 28800)))
            return True
        form = page.find("form", action=at)
        if form is None:
            return False
        first, second, *_ = (one["value"] for one in form.select("datalist option"))
        found = {"officer1": first, "officer2": second, "opinion": "现场与申报一致。", "outcome": "pass"}
        self.act("cases.record_visit", pk, form, **found)
        return True


class Citizen(Person):
    """Somebody who acts for a firm, and says how it was."""

    def act_for(self, name: str) -> None:
        """Choose for whom to act."""
        form = self.page("/standings/").find("form", action="/standings/act/")
        party = next(one for one in form.find_all("input", {"name": "party"}) if name in one.parent.get_text())
        self.press(form, party=party["value"])

    def rate(self, pk: str, case: str) -> bool:
        """Rate one service of a case, if there is one to rate."""
        page = self.may(f"/cases/{case}/rate/?level=very_satisfied")
        form = page.find("form", action=re.compile("level=very_satisfied")) if page else None
        if form is None:
            return False
        self.act("oversight.rate", pk, form)
        return True


class Staff:
    """Everybody in the pack's offices, each with a browser of their own."""

    def __init__(self, pack: str, address: str, ledger: Ledger) -> None:
        self.address, self.ledger = address, ledger
        root = ROOT / "packs" / pack
        offices = {one["code"]: one["name"] for one in yaml.safe_load((root / "agencies.yaml").read_text())}
        self.known: dict[str, list[tuple[str, set[str]]]] = {}
        for one in yaml.safe_load((root / "staff.yaml").read_text()):
            if one.get("sign_in"):
                roles = {role["role"] for role in one["roles"]}
                self.known.setdefault(offices[one["agency"]], []).append((one["sign_in"], roles))
        self.here: dict[str, Clerk] = {}

    def of(self, agency: str, kind: str) -> list[Clerk]:
        """Return an agency's people, those first whose work a step of this kind is."""
        role = {"site_visit": "inspector", "decision": "decider", "issue": "issuer", "deliver": "issuer"}.get(kind)
        known = [one for one in self.known[agency] if one[1] & {"reviewer", "inspector", "decider", "issuer"}]
        return [self.clerk(login) for login, roles in sorted(known, key=lambda one: (role or "reviewer") not in one[1])]

    def clerk(self, login: str) -> Clerk:
        """Return somebody by sign-in."""
        if login not in self.here:
            self.here[login] = Clerk(self.address, self.ledger, login)
        return self.here[login]


def value_for(asked: dict[str, Any], region: str) -> Any:
    """Return something that a field takes; a place is the one that the matter is about."""
    return sample(_spec(asked), region)


def _spec(asked: dict[str, Any]) -> FieldSpec:
    return FieldSpec(
        asked["name"],
        asked["label"],
        FieldKind(asked["kind"]),
        options=tuple(Option(one["value"], one["label"]) for one in asked["options"]),
        min=Decimal(asked["min"]) if asked["min"] else None,
        example=asked["example"],
        columns=tuple(_spec(column) for column in asked["columns"]),
    )


def picture() -> bytes:
    """Return a photograph, no two the same."""
    out = BytesIO()
    shade = tuple(uuid.uuid4().bytes[:3])
    Image.new("RGB", (64, 48), shade).save(out, "PNG")
    return out.getvalue()


def _plain(answer: httpx.Response) -> str:
    if "json" in answer.headers.get("Content-Type", ""):
        return answer.text[:2000]
    page = BeautifulSoup(answer.text, "html.parser")
    return " ".join((page.find("main") or page).get_text(" ", strip=True).split())[:1000]
