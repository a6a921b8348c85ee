"""Running a query over a company's records: by index where there is one, in the recorded order."""

from collections.abc import Iterable

from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.entities.registry import BY_LOWER_NAME, NOT_MODELLED
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.fields import Parts
from infra.sandbox.quickbooks.kinds import Day, Ref
from infra.sandbox.quickbooks.query_conditions import Check, check_of, day_of, moment_of
from infra.sandbox.quickbooks.query_orders import all_in_order, order_of, ordered
from infra.sandbox.quickbooks.query_parser import Condition, Query
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import Doc, Raw, write_json

NO_ENTITIES = frozenset(
    {"batch", "reports", "taxservice", "upload", "entitlements"}
)  # paths, not things to select from


def run(realm: Realm, query: Query) -> Doc:
    """The value of `QueryResponse`. Raises Refusal (4001 for unknown entities and properties)."""
    if query.bare is not None and realm.switches.bare_numbers == "refused":
        raise query.bare
    entity = _entity(query.entity)
    _check_columns(entity, query)
    found = _found(realm, entity, query)
    if query.counts:
        return {"totalCount": len(found)}
    page = found[query.start - 1 : query.start - 1 + query.rows]
    if not page:
        return {}
    rows = [_row(realm, entity, query, record) for record in page]
    return {entity.name: rows, "startPosition": query.start, "maxResults": len(rows)}


def _entity(name: str) -> Entity:
    entity, lower = BY_LOWER_NAME.get(name.lower()), name.lower()
    if entity is None:
        known = lower in NOT_MODELLED and lower not in NO_ENTITIES
        raise not_modelled(f"query of {name}") if known else refusal("query_entity", entity=name)
    if "query" not in entity.operations:
        raise not_modelled(f"query of {entity.name}")
    return entity


# Which columns


def _check_columns(entity: Entity, query: Query) -> None:
    table = entity.shelf.table
    unmodelled = {one.lower() for one in table.unmodelled}
    for name in (*query.columns, *query.also):
        head = name.split(".")[0].lower()
        if head not in table.by_lower_name and head not in unmodelled:
            raise refusal("query_property", name=name, entity=entity.name)


def _row(realm: Realm, entity: Entity, query: Query, record: Record) -> Raw:
    if not query.columns:
        return realm.written(record)
    chosen: dict[str, set[str]] = {}
    for name in query.columns:
        head, _, inner = name.lower().partition(".")
        chosen.setdefault(head, set()).add(inner)
    shown = realm.shown(record)
    return Raw(
        write_json(
            {
                name: _thinned(entity, name, value, chosen[name.lower()])
                for name, value in shown.items()
                if name.lower() in chosen
            }
        )
    )


def _thinned(entity: Entity, name: str, value: object, inner: set[str]) -> object:
    """A column list shows references without names, arrays empty, and of the two times the one that was asked for."""
    kind = entity.shelf.table.by_name[name].kind
    if isinstance(kind, Parts):
        return []
    if not isinstance(value, dict):
        return value
    if isinstance(kind, Ref):
        return {"value": value["value"]}
    return value if "" in inner else {one: held for one, held in value.items() if one.lower() in inner}


# Which records


def _found(realm: Realm, entity: Entity, query: Query) -> list[Record]:
    """All that the query asks for, in its order; of which a page is told."""
    order = order_of(entity, query)
    if not query.conditions:
        return all_in_order(realm, entity, order)
    wanted = _wanted(realm, entity, query)
    return ordered(realm, entity, order, [one for one in _candidates(realm, entity, query) if wanted(one)])


def _candidates(realm: Realm, entity: Entity, query: Query) -> Iterable[Record]:
    """As few records as an index can tell; the conditions are tested on each all the same."""
    records = realm.records[entity.name]
    for condition in query.conditions:
        if condition.operator in ("=", "in"):
            ids = _ids_by_value(realm, entity, condition)
            if ids is not None:
                return [records[one] for one in dict.fromkeys(ids) if one in records]
        if condition.property.lower() == "metadata.lastupdatedtime" and condition.operator in (">", ">="):
            moment = moment_of(realm, condition.property, condition.values[0])
            return [records[one] for one in realm.logs[entity.name].since(moment)]
    return records.values()


def _ids_by_value(realm: Realm, entity: Entity, condition: Condition) -> list[str] | None:
    if condition.property.lower() == "id":
        return list(condition.values)
    known = entity.shelf.table.by_lower_name.get(condition.property.lower())
    # An index does not know who has no value.
    if known is None or known.name not in entity.shelf.indexed or not all(one.strip() for one in condition.values):
        return None
    values = [day_of(realm, one) for one in condition.values] if isinstance(known.kind, Day) else condition.values
    return [one for value in values for one in realm.found_by(entity.name, known.name, value) or ()]


def _wanted(realm: Realm, entity: Entity, query: Query) -> Check:
    checks = [check_of(realm, entity, condition) for condition in query.conditions]
    asked = any(condition.property.lower() == "active" for condition in query.conditions)
    if "Active" in entity.shelf.table.by_name and not asked:
        checks.append(lambda record: record.doc.get("Active") is not False)
    return checks[0] if len(checks) == 1 else lambda record: all(check(record) for check in checks)
