"""The invoices of an invented company: made, edited, sent, overdue, and here and there called Paid."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from infra.demo import catalogue
from infra.demo.catalogue import Product
from infra.demo.things import DAY, Content, Office, Thing

_CENT: Final = Decimal("0.01")
_EDITED: Final = 0.42
_SENT: Final = 0.85
_OVERDUE: Final = 0.2
_NO_ECHO_AFTER: Final = 40
"""Paid is told of a few invoices only: every fortieth."""
_MOVED_OR_RENUMBERED: Final = 23
"""Every so many invoices one moves to another client while it is a draft, and another gets another number."""


def invoices(office: Office) -> list[Thing]:
    """The company's invoices of the day, one to eight lines each."""
    return [_invoice(office, number) for number in range(1, office.company.invoices + 1)]


def _invoice(office: Office, number: int) -> Thing:
    thing = Thing(company=office.company, subject=f"invoice/i{number:04d}")
    content = _content(office, number)
    at = office.moment(earliest=timedelta(minutes=30), latest=timedelta(hours=8))
    thing.tell("InvoiceCreated", at=at, data=content)
    if office.dice.random() < _EDITED:
        for _ in range(office.dice.choice((1, 1, 2, 3))):
            content = _edited(office, content)
            thing.tell("InvoiceEdited", at=_later(office, thing, minutes=12), data=content)
    _rare_edits(office, thing, content, number)
    _statuses(office, thing, number)
    return thing


def _content(office: Office, number: int) -> Content:
    client = office.dice.choice(list(office.sites))
    sites = office.sites[client]
    created = DAY.date()
    overdue = office.dice.random() < _OVERDUE  # an old job that is billed, and chased, today
    issued = created - timedelta(days=office.dice.randrange(40, 60)) if overdue else created
    content: Content = {
        "number": f"{office.company.prefix}{1040 + number}",
        "client_id": client,
        "location_id": office.dice.choice([None, *sites]),
        "status": office.dice.choice(("Draft", "Draft", "Draft", "Draft", "Sent")),
        "currency": "USD",
        "created_on": created.isoformat(),
        "issued_on": issued.isoformat(),
        "due_on": (issued + timedelta(days=office.dice.choice((14, 30)))).isoformat(),
        "lines": [_line(office, place) for place in range(1, office.dice.choice((1, 1, 2, 2, 3, 3, 4, 5, 6, 8)) + 1)],
        "message": office.dice.choice((None, office.dice.choice(catalogue.MESSAGES))),
    }
    return _totalled(content)


def _line(office: Office, place: int) -> Content:
    product: Product = office.dice.choice(office.company.products)
    return {
        "id": f"n{place}",
        "name": product.name,
        "description": product.description,
        "quantity": office.dice.choice(product.quantities),
        "unit_price": product.price,
    }


def _totalled(content: Content) -> Content:
    return {**content, "total": format(sum((_amount(line) for line in content["lines"]), Decimal("0.00")), "f")}


def _amount(line: Content) -> Decimal:
    return (Decimal(line["quantity"]) * Decimal(line["unit_price"])).quantize(_CENT, ROUND_HALF_UP)


def _edited(office: Office, content: Content) -> Content:
    """One change, as a clerk corrects an invoice. It may leave things as they were: people press Save."""
    way = office.dice.choice(
        (_other_quantity, _other_quantity, _one_more_line, _one_line_less, _described, _dated, _said)
    )
    return _totalled({**content, **way(office, content)})


def _other_quantity(office: Office, content: Content) -> Content:
    lines = list(content["lines"])
    place = office.dice.randrange(len(lines))
    product = next(one for one in office.company.products if one.name == lines[place]["name"])
    lines[place] = {**lines[place], "quantity": office.dice.choice(product.quantities)}
    return {"lines": lines}


def _one_more_line(office: Office, content: Content) -> Content:
    """At the end or, as often, between two others; its id was never used before."""
    lines = list(content["lines"])
    number = max(int(line["id"][1:]) for line in lines) + office.dice.choice((10, 20))
    lines.insert(office.dice.choice((len(lines), office.dice.randrange(len(lines) + 1))), _line(office, number))
    return {"lines": lines[:8]}


def _one_line_less(office: Office, content: Content) -> Content:
    lines = list(content["lines"])
    if len(lines) > 1:
        lines.pop(office.dice.randrange(len(lines)))
    return {"lines": lines}


def _described(office: Office, content: Content) -> Content:
    lines = list(content["lines"])
    place = office.dice.randrange(len(lines))
    words = office.dice.choice((None, "As agreed by telephone", "Second visit; parts under warranty", "Before 09:00"))
    lines[place] = {**lines[place], "description": words}
    return {"lines": lines}


def _dated(office: Office, content: Content) -> Content:
    due = date.fromisoformat(content["issued_on"]) + timedelta(days=office.dice.choice((7, 21, 45, 60)))
    return {"due_on": due.isoformat()}


def _said(office: Office, _: Content) -> Content:
    return {"message": office.dice.choice((None, *catalogue.MESSAGES))}


def _rare_edits(office: Office, thing: Thing, content: Content, number: int) -> None:
    """A draft moves to another client, or gets another number: nothing is paid on it yet, and nobody else had it."""
    latest = thing.changes[-1].data
    if latest["status"] != "Draft":
        return
    if number % _MOVED_OR_RENUMBERED == 1:
        client = office.dice.choice([one for one in office.sites if one != content["client_id"]])
        moved = {**latest, "client_id": client, "location_id": None}
        thing.tell("InvoiceEdited", at=_later(office, thing, minutes=6), data=moved)
        thing.hold()
    if number % _MOVED_OR_RENUMBERED == 2:  # noqa: PLR2004 - the next one
        thing.tell(
            "InvoiceEdited", at=_later(office, thing, minutes=6), data={**latest, "number": f"{latest['number']}-R"}
        )


def _statuses(office: Office, thing: Thing, number: int) -> None:
    content = thing.changes[-1].data
    steady = any(change.steady for change in thing.changes)
    if content["status"] == "Draft":
        if office.dice.random() >= _SENT:
            return
        _tell_status(office, thing, "Sent", minutes=35, steady=steady)
    if date.fromisoformat(content["due_on"]) < DAY.date():
        _tell_status(office, thing, "Overdue", minutes=25, steady=steady)
    if number % _NO_ECHO_AFTER == 0:
        _tell_status(office, thing, "Paid", minutes=20, steady=steady)


def _tell_status(office: Office, thing: Thing, status: str, *, minutes: int, steady: bool) -> None:
    data = {"status": status}
    thing.tell("StatusChanged", at=_later(office, thing, minutes=minutes), data=data, steady=steady)


def _later(office: Office, thing: Thing, *, minutes: int) -> datetime:
    seconds = office.dice.expovariate(1 / (minutes * 60)) + 2
    return thing.changes[-1].at + timedelta(milliseconds=round(seconds * 1000))
