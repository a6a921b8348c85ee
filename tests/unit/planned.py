"""Builders of records and surroundings, and one turn of the wheel: plan, write, settle."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from consumers.operations import Create, Nothing, Operation, Update
from consumers.plan import Surroundings, needs, plan
from consumers.records import Desired, Link, Part, RealmId, Record, RecordKey, SyncToken
from mapping.difference import lay_over
from mapping.identity import digest, item_id
from schemas import exact
from schemas.kinds import Kind, KlipboardId, TenantId
from tests.unit.one_object import OneObject

REALM = RealmId("9130")
TENANT = TenantId("t1")
TYPES = {Kind.CLIENT: "Customer", Kind.CLIENT_LOCATION: "Customer", Kind.SUPPLIER: "Vendor", Kind.ITEM: "Item"}


def a_part(value: Any, *, version: int = 1) -> Part:  # noqa: ANN401 - JSON
    return Part(version=version, digest=digest(value), value=value)


def a_record(kind: Kind, content: Mapping[str, Any] | None, *, id: str = "17", **desired: Part | None) -> Record:  # noqa: A002
    parts = {"content": None if content is None else a_part(dict(content)), **desired}
    return Record(key=RecordKey(tenant=TENANT, kind=kind, id=KlipboardId(id)), desired=Desired(**parts), revision=1)


def a_line(id: str = "a", **changes: Any) -> dict[str, Any]:  # noqa: A002, ANN401 - JSON
    return {"id": id, "name": "Boiler service", "quantity": "2", "unit_price": "40.00", **changes}


def an_invoice_content(*lines: dict[str, Any], total: str = "80.00", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "number": "INV-17",
        "client_id": "c1",
        "currency": "USD",
        "created_on": "2026-03-02",
        "issued_on": "2026-03-05",
        "due_on": "2026-04-04",
        "lines": list(lines) or [a_line()],
        "total": total,
        **changes,
    }


def an_invoice(*lines: dict[str, Any], status: str | None = "Sent", paid: int | None = None, **changes: Any) -> Record:  # noqa: ANN401 - JSON
    told = None if status is None else a_part(status)
    echo = None if paid is None else a_part(True, version=paid)
    return a_record(Kind.INVOICE, an_invoice_content(*lines, **changes), status=told, paid=echo)


def around(*things: tuple[Kind, str], **changes: Any) -> Surroundings:  # noqa: ANN401
    found = (
        (Kind.CLIENT, "c1"),
        (Kind.CLIENT, "c2"),
        *((Kind.ITEM, item_id(name)) for name in ("Boiler service", "Radiator", "Valve")),
        *things,
    )
    links = {
        (kind, KlipboardId(id_)): Link(realm=REALM, type=TYPES[kind], id=str(50 + place), token=SyncToken("0"))
        for place, (kind, id_) in enumerate(found)
    }
    usual: dict[str, Any] = {"realm": REALM, "tenant": TENANT, "income_account": "79", "currency": "USD"}
    return Surroundings(**{**usual, "links": links, **changes})


def told(record: Record, content: Mapping[str, Any] | None = None, **desired: Part) -> Record:
    """The record after Klipboard said something newer."""
    parts = {} if content is None else {"content": a_part(dict(content), version=record.desired.newest_version + 1)}
    return replace(record, desired=replace(record.desired, **parts, **desired), revision=record.revision + 1)


def settled(record: Record, operation: Operation, books: OneObject) -> Record:
    """What the record is after its operation was written and settled; stored and read again on the way."""
    if isinstance(operation, Nothing):
        laid = lay_over(type=books.type, sent=record.sent, fields=operation.fields or {}, answered=record.seen or {})
        return replace(record, sent=laid)
    assert isinstance(operation, Create | Update), operation
    answer = books.write(operation.body)
    fields = exact.loads(exact.dumps(operation.fields))
    base = record.sent if isinstance(operation, Update) else {}
    sent = exact.loads(exact.dumps(lay_over(type=books.type, sent=base, fields=fields, answered=answer)))
    return replace(linked(record, answer, books.type), sent=sent)


def linked(record: Record, shown: dict[str, Any], type_: str) -> Record:
    """The record after QuickBooks showed its object."""
    link = Link(realm=REALM, type=type_, id=shown["Id"], token=SyncToken(shown["SyncToken"]))
    return replace(record, link=link, seen=shown)


def an_update(record: Record, surroundings: Surroundings | None = None) -> Update:
    operation = plan(record=record, around=surroundings or around())
    assert isinstance(operation, Update), operation
    return operation


def a_create(record: Record, surroundings: Surroundings | None = None) -> Create:
    operation = plan(record=record, around=surroundings or around())
    assert isinstance(operation, Create), operation
    return operation


def made(record: Record, type_: str, surroundings: Surroundings | None = None) -> tuple[Record, OneObject]:
    """The record once it was created, and the QuickBooks that holds it."""
    books = OneObject(type_)
    assert all(thing in (surroundings or around()).links for thing in needs(record))
    return settled(record, a_create(record, surroundings), books), books
