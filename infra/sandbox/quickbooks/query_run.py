"""Running a query over a company's records: by index where there is one, in the recorded order."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.entities.registry import BY_LOWER_NAME, NOT_MODELLED
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Parts
from infra.sandbox.quickbooks.kinds import Code, Day, Flag, Money, Number, Ref, Text, Whole
from infra.sandbox.quickbooks.query_parser import Condition, Query
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import Doc, Raw, write_json

Test = Callable[[Record], bool]

_META = {"metadata.createtime": "CreateTime", "metadata.lastupdatedtime": "LastUpdatedTime"}
_COMPARE: dict[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0,
    "<": lambda sign: sign < 0,
    ">": lambda sign: sign > 0,
    "<=": lambda sign: sign <= 0,
    ">=": lambda sign: sign >= 0,
}


def run(realm: Realm, query: Query) -> Doc:
    """The value of `QueryResponse`. Raises Refusal (4001 for unknown entities and properties)."""
    entity = _entity(query.entity)
    _check_columns(entity, query)
    wanted = _wanted(entity, query)
    found = [record for record in _candidates(realm, entity, query) if wanted(record)]
    if query.counts:
        return {"totalCount": len(found)}
    _sort(realm, entity, query, found)
    page = found[query.start - 1 : query.start - 1 + query.rows]
    if not page:
        return {}
    rows = [_row(realm, entity, query, record) for record in page]
    return {entity.name: rows, "startPosition": query.start, "maxResults": len(rows)}


def _entity(name: str) -> Entity:
    entity = BY_LOWER_NAME.get(name.lower())
    if entity is None:
        raise not_modelled(f"query of {name}") if name.lower() in NOT_MODELLED else refusal("query_entity", entity=name)
    return entity


def _check_columns(entity: Entity, query: Query) -> None:
    for name in query.columns:
        if name.split(".")[0].lower() not in entity.shelf.table.by_lower_name:
            raise refusal("query_property", name=name, entity=entity.name)


def _row(realm: Realm, entity: Entity, query: Query, record: Record) -> Raw:
    if not query.columns:
        return realm.written(record)
    chosen = {name.split(".")[0].lower() for name in query.columns}
    shown = realm.shown(record)
    return Raw(
        write_json({name: _thinned(entity, name, value) for name, value in shown.items() if name.lower() in chosen})
    )


def _thinned(entity: Entity, name: str, value: object) -> object:
    """A column list shows references without names and arrays empty."""
    kind = entity.shelf.table.by_name[name].kind
    if isinstance(kind, Parts):
        return []
    return {"value": value["value"]} if isinstance(kind, Ref) and isinstance(value, dict) else value


# Which records


def _candidates(realm: Realm, entity: Entity, query: Query) -> Iterable[Record]:
    """As few records as an index can tell; the conditions are tested on each all the same."""
    records = realm.records[entity.name]
    for condition in query.conditions:
        if condition.operator in ("=", "in"):
            ids = _ids_by_value(realm, entity, condition)
            if ids is not None:
                return [records[one] for one in dict.fromkeys(ids) if one in records]
        if condition.property.lower() == "metadata.lastupdatedtime" and condition.operator in (">", ">="):
            moment = _moment(condition.property, condition.values[0])
            return [records[one] for one in realm.logs[entity.name].since(moment)]
    return records.values()


def _ids_by_value(realm: Realm, entity: Entity, condition: Condition) -> list[str] | None:
    if condition.property.lower() == "id":
        return list(condition.values)
    known = entity.shelf.table.by_lower_name.get(condition.property.lower())
    if known is None or known.name not in entity.shelf.indexed:
        return None
    return [one for value in condition.values for one in realm.found_by(entity.name, known.name, value) or ()]


def _wanted(entity: Entity, query: Query) -> Test:
    tests = [_test(entity, condition) for condition in query.conditions]
    asked = any(condition.property.lower() == "active" for condition in query.conditions)
    if "Active" in entity.shelf.table.by_name and not asked:
        tests.append(lambda record: record.doc.get("Active") is not False)
    return lambda record: all(test(record) for test in tests)


def _test(entity: Entity, condition: Condition) -> Test:
    name = condition.property
    if name.lower() in _META:
        return _time_test(name, condition)
    known = entity.shelf.table.by_lower_name.get(name.lower())
    if known is None:
        raise refusal("query_property", name=name, entity=entity.name)
    if not known.query:
        raise refusal("query_not_queryable", name=known.name)
    if known.name == "Id":
        return _id_test(condition)
    return _value_test(known, condition)


def _id_test(condition: Condition) -> Test:
    if condition.operator not in ("=", "in"):
        raise refusal("query_operator", operator=condition.operator, name="Id")
    return lambda record: record.id in condition.values


def _time_test(name: str, condition: Condition) -> Test:
    if condition.operator in ("in", "like"):
        raise refusal("query_operator", operator=condition.operator, name=name)
    moment, compare = _moment(name, condition.values[0]), _COMPARE[condition.operator]
    created = _META[name.lower()] == "CreateTime"
    return lambda record: compare(_sign(record.created if created else record.updated, moment))


def _value_test(known: Field, condition: Condition) -> Test:
    wanted = [_comparable(known, value) for value in condition.values]
    if condition.operator == "in":
        return lambda record: _kept(known, record) in wanted
    if condition.operator == "like":
        pattern = _pattern(condition.values[0])
        return lambda record: pattern.fullmatch(str(record.doc.get(known.name) or "")) is not None
    compare = _COMPARE[condition.operator]
    return lambda record: _holds(compare, _kept(known, record), wanted[0])


def _holds(compare: Callable[[int], bool], kept: object, wanted: object) -> bool:
    """A value that is not there only equals the empty one."""
    if kept is None:
        return wanted == "" and compare(0)
    return compare(_sign(kept, wanted))


def _sign(left: object, right: object) -> int:
    return 0 if left == right else (-1 if left < right else 1)  # type: ignore[operator]  # both of one kind


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("%")), re.IGNORECASE | re.DOTALL)


def _comparable(known: Field, text: str) -> object:
    """A literal as a value of the property's kind."""
    kind = known.kind
    try:
        if isinstance(kind, (Money, Number, Whole)):
            return Decimal(text)
        if isinstance(kind, Day):
            return datetime.fromisoformat(text[:10]).date().isoformat()
    except (InvalidOperation, ValueError) as error:
        raise refusal("query_value", value=text, name=known.name) from error
    if isinstance(kind, Flag):
        return text.lower() == "true"
    return text.strip().casefold()


def _kept(known: Field, record: Record) -> object:
    value = record.doc.get(known.name)
    if isinstance(known.kind, (Ref, Code)) and isinstance(value, dict):
        return value["value"]
    if isinstance(known.kind, (Money, Number, Whole)) and value is not None:
        return Decimal(value)
    if isinstance(known.kind, Text) or isinstance(value, str):
        return None if value is None else str(value).strip().casefold()
    return value


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise refusal("query_value", value=text, name=name) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# In which order


def _sort(realm: Realm, entity: Entity, query: Query, found: list[Record]) -> None:
    """By the wanted properties, else as recorded: lists by name in byte order, transactions newest change first."""
    for name, descending in reversed(query.order or (entity.order,)):
        found.sort(key=_sort_key(realm, entity, name), reverse=descending)


def _sort_key(realm: Realm, entity: Entity, name: str) -> Callable[[Record], tuple[bool, object]]:
    if name.lower() in _META:
        created = _META[name.lower()] == "CreateTime"
        return lambda record: (True, record.created if created else record.updated)
    known = entity.shelf.table.by_lower_name.get(name.lower())
    if known is None:
        raise refusal("query_property", name=name, entity=entity.name)
    if known.name == "Id":
        return lambda record: (True, int(record.id))
    if isinstance(known.kind, Ref):
        return _by_shown_name(realm, known.name, known.kind.entity)
    return lambda record: (record.doc.get(known.name) is not None, record.doc.get(known.name) or "")


def _by_shown_name(realm: Realm, name: str, target: str) -> Callable[[Record], tuple[bool, object]]:
    def key(record: Record) -> tuple[bool, object]:
        value = record.doc.get(name)
        return (value is not None, realm.name_of(target, value["value"]) or "" if value else "")

    return key
