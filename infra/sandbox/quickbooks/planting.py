"""Putting a seed's objects into an empty company, by the rules of the API; ids, tokens and times as the seed says."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import NamedTuple

from infra.sandbox.quickbooks import operations
from infra.sandbox.quickbooks.change_log import ChangeLog
from infra.sandbox.quickbooks.entities.entity import Entity, check_references
from infra.sandbox.quickbooks.entities.registry import BY_LOWER_NAME, ENTITIES
from infra.sandbox.quickbooks.faults import Refusal
from infra.sandbox.quickbooks.fields import Part, Parts, Table
from infra.sandbox.quickbooks.kinds import Code, Currency, Kind, Reading, Ref
from infra.sandbox.quickbooks.seed_files import Planned, SeedWrong
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.versions import Versions
from infra.sandbox.quickbooks.wire import Doc

_HEAD = ("Id", "SyncToken", "CreateTime", "LastUpdatedTime")  # what a seed says of an object beside its properties


class _Given(NamedTuple):
    """What a seed says of a record's head; it is set when everything stands, because objects move each other."""

    record: Record
    token: int | None
    created: datetime | None
    updated: datetime | None


def plant(realm: Realm, objects: tuple[Planned, ...]) -> None:
    """All of them, in their order. Raises SeedWrong with the place, and then the company is of no use.

    A company may hold what nobody could add to it today, such as a sub-customer named as another customer is.
    """
    switches, realm.switches = realm.switches, replace(realm.switches, same_child_name="allowed")
    given = [_planted(realm, one) for one in objects]
    realm.switches = switches
    for one in given:
        _set_head(one)
    for entity in realm.records:
        _sort_log(realm, entity)
    realm.versions = Versions()  # what a company begins with was always there, for queries that lag behind too


def _planted(realm: Realm, planned: Planned) -> _Given:
    entity = BY_LOWER_NAME.get(planned.entity.lower())
    if entity is None:
        known = ", ".join(ENTITIES)
        raise SeedWrong(planned.place, f"the sandbox has no entity {planned.entity}. It has {known}.")
    body = {name: value for name, value in planned.body.items() if name not in _HEAD}
    try:
        record = _stored(realm, entity, _referring(realm, entity.shelf.table, body, planned.place), planned)
    except Refusal as refused:
        error = refused.errors[0]
        raise SeedWrong(planned.place, f"QuickBooks would refuse it with {error.code}: {error.detail}") from refused
    token = planned.body.get("SyncToken")
    return _Given(
        record,
        None if token is None else int(token),
        _moment(realm, planned, "CreateTime"),
        _moment(realm, planned, "LastUpdatedTime"),
    )


def _stored(realm: Realm, entity: Entity, body: Doc, planned: Planned) -> Record:
    """As a create over the API, but for the id, and for values that there only the server writes."""
    table, reading = entity.shelf.table, Reading()
    doc = _read(table, body, "", reading)
    check_references(realm, reading, unchanged={})
    record_id = planned.body.get("Id")
    if record_id is not None and not str(record_id).isdecimal():
        raise SeedWrong(planned.place, f"Id: {record_id} is no number")
    if record_id is not None and realm.find(entity.name, str(record_id)):
        raise SeedWrong(planned.place, f"Id: {record_id} is taken by another {entity.name}")
    record = operations.plant(realm, entity, doc, record_id=None if record_id is None else str(record_id))
    # A property that the seed says is nothing is not there, even where a create over the API would have filled it.
    absent = [name for name, value in body.items() if value is None]
    record.doc = {name: value for name, value in record.doc.items() if name not in absent}
    return record


def _read(table: Table, body: Doc, path: str, reading: Reading) -> Doc:
    """The values of a body, those too that over the API only the server writes. Raises Refusal."""
    found: Doc = {}
    for name, value in body.items():
        known, inner = table.by_name.get(name), f"{path}.{name}" if path else name
        if known is None:
            table.read({name: value}, path, reading)  # refuses it as it would over the API
        elif value is not None:
            kept = _value(known.kind, value, inner, reading)
            found |= {} if kept is None else {name: kept}
    return found


def _value(kind: Kind, value: object, path: str, reading: Reading) -> object:
    if isinstance(kind, Part) and isinstance(value, dict):
        return _read(kind.table, value, path, reading)
    if isinstance(kind, Parts) and isinstance(value, list):
        return [_read(kind.table, one, path, reading) if isinstance(one, dict) else one for one in value]
    return kind.read(value, path, reading)


def _set_head(given: _Given) -> None:
    record = given.record
    record.token = record.token if given.token is None else given.token
    record.created = given.created or record.created
    record.updated = given.updated or given.created or record.updated
    record.written = None


def _sort_log(realm: Realm, entity: str) -> None:
    """The change feed tells what the seed holds in the order of its times."""
    log = realm.logs[entity] = ChangeLog()
    for record in sorted(realm.records[entity].values(), key=lambda one: (one.updated, int(one.id))):
        log.note(record_id=record.id, at=record.updated)


def _moment(realm: Realm, planned: Planned, name: str) -> datetime | None:
    """A time without offset is UTC; it is shown in the company's."""
    text = planned.body.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise SeedWrong(planned.place, f"{name}: {text} is no time; write 2026-03-02T09:00:00-08:00") from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return min(found, realm.now()).astimezone(realm.zone).replace(microsecond=0)


# References


def _referring(realm: Realm, table: Table, body: Doc, place: str) -> Doc:
    """The body with references as the API wants them: `CustomerRef: Amy` becomes `CustomerRef: {value: "1"}`."""
    return dict(_referred(realm, table, body, place))


def _referred(realm: Realm, table: Table, body: Doc, place: str) -> Iterator[tuple[str, object]]:
    for name, value in body.items():
        known = table.by_name.get(str(name))
        kind = known.kind if known and value is not None else None
        if isinstance(kind, Part) and isinstance(value, dict):
            yield name, _referring(realm, kind.table, value, place)
        elif isinstance(kind, Parts) and isinstance(value, list):
            inner = kind.table
            yield name, [_referring(realm, inner, one, place) if isinstance(one, dict) else one for one in value]
        elif isinstance(kind, Ref) and not isinstance(value, dict):
            yield name, {"value": _found(realm, kind.entity, str(value), f"{place}, {name}")}
        elif isinstance(kind, Code | Currency) and not isinstance(value, dict):
            yield name, {"value": str(value)}
        else:
            yield name, value


def _found(realm: Realm, entity: str, wanted: str, place: str) -> str:
    """The id of what a seed calls by its id, by the name that references show, or by its own name where it is alone."""
    records = realm.records.get(entity, {})
    if wanted in records:
        return wanted
    names = _names(realm, entity)
    ids = names.get(wanted, [])
    if len(ids) == 1:
        return ids[0]
    if ids:
        raise SeedWrong(place, f"several of {entity} are called {wanted}. Write one of the ids {', '.join(ids)}.")
    close = get_close_matches(wanted, names, n=1)
    meant = f"Did you mean {close[0]}?" if close else "What it refers to must stand above it."
    raise SeedWrong(place, f"there is no {entity} {wanted}. {meant}")


def _names(realm: Realm, entity: str) -> dict[str, list[str]]:
    """Each name, full and own, with the ids of who has it."""
    if entity not in realm.shelves:
        return {}
    shelf, names = realm.shelves[entity], dict[str, list[str]]()
    for record in realm.records[entity].values():
        for name in {record.doc.get(one) for one in (shelf.title, shelf.name) if one}:
            names.setdefault(str(name), []).append(record.id)
    return names
