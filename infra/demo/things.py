"""Clients, locations and suppliers of an invented company, and what happens to them during the day."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from infra.demo import catalogue
from infra.demo.catalogue import Company

DAY: Final = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
Content = dict[str, Any]

_OPENING: Final = timedelta(hours=13)  # 08:00 in New York, when the first office opens
_EDITED: Final = 0.35  # part of the clients and locations that somebody edits


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event before it is written: what happened to which thing, and when."""

    tenant: str
    at: datetime
    type: str
    subject: str
    version: int
    data: Content
    steady: bool = False
    """Arrives in time and in its order: something else that day relies on it."""


@dataclass(slots=True, kw_only=True)
class Thing:
    """A thing's life so far; each further event gets the next version."""

    company: Company
    subject: str
    changes: list[Change] = field(default_factory=list)

    def tell(self, type_: str, *, at: datetime, data: Content, steady: bool = False) -> None:
        """One more event."""
        version = len(self.changes) + 1
        if self.company.versions == "microseconds":
            version = int(at.timestamp() * 1_000_000)
        change = Change(
            tenant=self.company.tenant,
            at=at,
            type=type_,
            subject=self.subject,
            version=version,
            data=data,
            steady=steady,
        )
        self.changes.append(change)

    def hold(self) -> None:
        """All of its events so far arrive in time and in order."""
        self.changes = [replace(change, steady=True) for change in self.changes]


@dataclass(slots=True, kw_only=True)
class Office:
    """One company's clerks at work: the dice, the names given so far, and who is served where."""

    company: Company
    dice: Random
    names: set[str] = field(default_factory=set)
    sites: dict[str, list[str]] = field(default_factory=dict)
    """Client id -> ids of its locations."""

    def moment(self, *, earliest: timedelta, latest: timedelta) -> datetime:
        """Some moment of the day, within a burst of work rather than between two."""
        start = self.dice.uniform(earliest.total_seconds(), latest.total_seconds())
        burst = start - start % 1500  # clerks sit down every 25 minutes
        seconds = burst + self.dice.expovariate(1 / 200)
        return DAY + _OPENING + timedelta(milliseconds=round(seconds * 1000))

    def fresh(self, make: Callable[[], str]) -> str:
        """A name that nothing in the company has or had, compared without case."""
        while (name := make()).casefold() in self.names:
            pass
        self.names.add(name.casefold())
        return name


def clients(office: Office) -> list[Thing]:
    """The company's clients, made in the morning; some are renamed or edited later."""
    made = []
    for number in range(1, office.company.clients + 1):
        thing = Thing(company=office.company, subject=f"client/c{number:03d}")
        office.sites[f"c{number:03d}"] = []
        content = _client(office)
        at = office.moment(earliest=timedelta(0), latest=timedelta(hours=1))
        thing.tell("ClientCreated", at=at, data=content)
        if office.dice.random() < _EDITED:
            _edit(office, thing, "ClientEdited", content, (_renamed_client, _other_mail, _without_phone, _noted))
        made.append(thing)
    return made


def locations(office: Office) -> list[Thing]:
    """The clients' sites; every client has at least one where there are enough."""
    ids = list(office.sites)
    made = []
    for number in range(1, office.company.locations + 1):
        client = ids[number - 1] if number <= len(ids) else office.dice.choice(ids)
        thing = Thing(company=office.company, subject=f"client_location/l{number:03d}")
        office.sites[client].append(f"l{number:03d}")
        content = _location(office, client)
        at = office.moment(earliest=timedelta(minutes=10), latest=timedelta(hours=2))
        thing.tell("ClientLocationCreated", at=at, data=content)
        if office.dice.random() < _EDITED:
            _edit(
                office, thing, "ClientLocationEdited", content, (_renamed_site, _other_contact, _without_phone, _noted)
            )
        made.append(thing)
    return made


def suppliers(office: Office, names: list[str]) -> list[Thing]:
    """The company's suppliers."""
    made = []
    for number, name in enumerate(names, start=1):
        office.names.add(name.casefold())
        thing = Thing(company=office.company, subject=f"supplier/s{number:03d}")
        content = _supplier(office, name)
        at = office.moment(earliest=timedelta(0), latest=timedelta(hours=3))
        thing.tell("SupplierCreated", at=at, data=content)
        if office.dice.random() < _EDITED:
            _edit(office, thing, "SupplierEdited", content, (_other_mail, _without_phone))
        made.append(thing)
    return made


def _edit(
    office: Office,
    thing: Thing,
    type_: str,
    content: Content,
    ways: tuple[Callable[[Office, Content], Content], ...],
) -> None:
    """One to three edits, a few minutes or hours apart."""
    at = thing.changes[-1].at
    for _ in range(office.dice.choice((1, 1, 2, 3))):
        content = {**content, **office.dice.choice(ways)(office, content)}
        at += timedelta(seconds=round(office.dice.expovariate(1 / 2400), 3) + 5)
        thing.tell(type_, at=at, data=content)


def _renamed_client(office: Office, _: Content) -> Content:
    return {"name": office.fresh(lambda: _client_name(office))}


def _renamed_site(office: Office, content: Content) -> Content:
    street = content["address"]["line1"]
    return {"name": office.fresh(lambda: f"{office.dice.choice(catalogue.SITES)}, {street}")}


def _other_mail(office: Office, _: Content) -> Content:
    return {"email": f"accounts{office.dice.randrange(10, 99)}@example.com"}


def _other_contact(office: Office, _: Content) -> Content:
    return {"contact_name": " ".join(_person(office))}


def _without_phone(_: Office, __: Content) -> Content:
    return {"phone": None}


def _noted(office: Office, _: Content) -> Content:
    return {"notes": office.dice.choice(catalogue.NOTES)}


def _client(office: Office) -> Content:
    given, family = _person(office)
    private = office.dice.random() < 0.25  # noqa: PLR2004 - a quarter are people, not companies
    name = office.fresh(lambda: " ".join(_person(office)) if private else _client_name(office))
    content: Content = {
        "name": name,
        "company_name": None if private else name.split(",")[0],
        "given_name": given,
        "family_name": family,
        "email": f"{given.lower()}.{family.lower()}@example.com".encode("ascii", "ignore").decode(),
        "phone": _phone(office),
        "mobile": office.dice.choice((None, _phone(office))),
        "billing_address": _address(office),
        "notes": office.dice.choice((None, None, office.dice.choice(catalogue.NOTES))),
    }
    return content


def _location(office: Office, client: str) -> Content:
    address = _address(office)
    name = office.fresh(lambda: f"{office.dice.choice(catalogue.SITES)}, {address['line1']}")
    return {
        "client_id": client,
        "name": name,
        "contact_name": office.dice.choice((None, " ".join(_person(office)))),
        "email": None,
        "phone": _phone(office),
        "address": address,
        "notes": None,
    }


def _supplier(office: Office, name: str) -> Content:
    return {
        "name": name,
        "company_name": name,
        "email": f"orders{office.dice.randrange(10, 99)}@example.com",
        "phone": _phone(office),
        "address": _address(office),
        "account_number": f"{office.company.prefix.strip('-/')}-{office.dice.randrange(1000, 9999)}",
        "notes": None,
    }


def _client_name(office: Office) -> str:
    return f"{office.dice.choice(catalogue.CLIENT_WORDS)} {office.dice.choice(catalogue.CLIENT_ENDINGS)}"


def _person(office: Office) -> tuple[str, str]:
    return office.dice.choice(catalogue.GIVEN_NAMES), office.dice.choice(catalogue.FAMILY_NAMES)


def _phone(office: Office) -> str:
    return f"({office.dice.randrange(201, 989)}) 555-01{office.dice.randrange(0, 99):02d}"


def _address(office: Office) -> Content:
    city, region, postal_code = office.dice.choice(catalogue.CITIES)
    line1 = f"{office.dice.randrange(1, 999)} {office.dice.choice(catalogue.STREETS)}"
    second = office.dice.choice((None, None, f"Suite {office.dice.randrange(100, 400)}"))
    address = {"line1": line1, "line2": second, "city": city, "region": region, "postal_code": postal_code}
    return {**address, "country": "USA"}
