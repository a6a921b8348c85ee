"""In which order a query's rows come; the whole of an entity in an order is kept from one page to the next."""

from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

from infra.sandbox.quickbooks.change_log import ChangeLog
from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.kinds import Ref
from infra.sandbox.quickbooks.query_conditions import TIMES, queryable
from infra.sandbox.quickbooks.query_parser import Query
from infra.sandbox.quickbooks.store import Realm, Record

Order = tuple[tuple[str, bool], ...]  # (property, descending)
Key = Callable[[Record], tuple[bool, object]]
Whole = tuple[int, Order, list[Record]]  # of which version of the entity's changes, in which order

_kept: "WeakKeyDictionary[ChangeLog, Whole]" = WeakKeyDictionary()


def order_of(entity: Entity, query: Query) -> Order:
    """As wanted, else as recorded: lists by name, transactions newest change first. Raises Refusal (4001)."""
    for name, _ in query.order:
        if name.lower() not in TIMES:
            queryable(entity, name)
    return query.order or (entity.order,)


def ordered(realm: Realm, entity: Entity, order: Order, records: Iterable[Record]) -> list[Record]:
    """These records in that order."""
    found = list(records)
    for name, descending in reversed(order):
        found.sort(key=_key(realm, entity, name), reverse=descending)
    return found


def all_in_order(realm: Realm, entity: Entity, order: Order) -> list[Record]:
    """Every active record. Who pages through a long list has it sorted once, and not for each page."""
    log = realm.logs[entity.name]
    if type(log) is not ChangeLog or _follows_others(entity, order):
        return ordered(realm, entity, order, active(realm, entity))
    kept = _kept.get(log)
    if kept is None or kept[:2] != (log.version, order):
        kept = _kept[log] = (log.version, order, ordered(realm, entity, order, active(realm, entity)))
    return kept[2]


def active(realm: Realm, entity: Entity) -> Iterable[Record]:
    """What a query shows where inactive ones were not asked for."""
    records = realm.records[entity.name].values()
    if "Active" not in entity.shelf.table.by_name:
        return records
    return [record for record in records if record.doc.get("Active") is not False]


def _follows_others(entity: Entity, order: Order) -> bool:
    """By the names of other records, which change without a change of these."""
    table = entity.shelf.table.by_lower_name
    return any(name.lower() in table and isinstance(table[name.lower()].kind, Ref) for name, _ in order)


def _key(realm: Realm, entity: Entity, name: str) -> Key:
    """By what is kept; who has no value comes first. Texts in byte order, as the recorded lists stand."""
    if name.lower() in TIMES:
        return _by_time(created=TIMES[name.lower()] == "CreateTime")
    known = entity.shelf.table.by_lower_name[name.lower()]
    if known.name == "Id":
        # A tax code's id may be a word; those stand before the numbers.
        return lambda record: (record.id.isdecimal(), int(record.id) if record.id.isdecimal() else record.id)
    if isinstance(known.kind, Ref):
        return _by_shown_name(realm, known.name, known.kind.entity)

    def key(record: Record) -> tuple[bool, object]:
        value = record.doc.get(known.name)
        value = next(iter(value.values()), None) if isinstance(value, dict) else value
        return (value is not None, "" if value is None else value)

    return key


def _by_time(*, created: bool) -> Key:
    """By the moment: when clocks are set back, two times of a zone compare as their hands stand."""
    return lambda record: (True, (record.created if created else record.updated).timestamp())


def _by_shown_name(realm: Realm, name: str, target: str) -> Key:
    def key(record: Record) -> tuple[bool, object]:
        value = record.doc.get(name)
        return (value is not None, realm.name_of(target, value["value"]) or "" if value else "")

    return key
