"""The conditions of a query as checks of records: literals read as values of the property's kind, then compared."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.faults import Refusal, not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Parts
from infra.sandbox.quickbooks.kinds import Day, Flag, Money, Number, Text, Whole
from infra.sandbox.quickbooks.query_parser import Condition
from infra.sandbox.quickbooks.store import Realm, Record

Check = Callable[[Record], bool]

TIMES = {"metadata.createtime": "CreateTime", "metadata.lastupdatedtime": "LastUpdatedTime"}
# Known to QuickBooks, and seen to be refused in a WHERE whatever the entity.
NEVER_QUERYABLE = {"departmentref": "DepartmentRef"}
# The same for one entity only.
NOT_QUERYABLE = {("Bill", "customerref"): "CustomerRef", ("PurchaseOrder", "customerref"): "CustomerRef"}
_COMPARE: dict[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0,
    "<": lambda sign: sign < 0,
    ">": lambda sign: sign > 0,
    "<=": lambda sign: sign <= 0,
    ">=": lambda sign: sign >= 0,
}


def check_of(realm: Realm, entity: Entity, condition: Condition) -> Check:
    """The condition as a check of one record. Raises Refusal (4001)."""
    if condition.property.lower() in TIMES:
        return _time_check(realm, condition)
    known = queryable(entity, condition.property)
    if known.name == "Id":
        return _id_check(condition)
    return _value_check(realm, known, condition)


def queryable(entity: Entity, name: str) -> Field:
    """The property that may stand in a WHERE or an ORDERBY. Raises Refusal: unknown, or not queryable."""
    table, lower = entity.shelf.table, name.lower()
    known = table.by_lower_name.get(lower)
    if known is not None and known.query and known.name != "MetaData":
        return known
    raise _not_queryable(entity, name)


def _not_queryable(entity: Entity, name: str) -> Refusal:
    table, lower = entity.shelf.table, name.lower()
    head = lower.partition(".")[0]
    never = NEVER_QUERYABLE.get(lower) or NOT_QUERYABLE.get((entity.name, lower))
    if never:
        return refusal("query_not_queryable", name=never)
    if lower in table.by_lower_name:
        return refusal("query_not_queryable", name=table.by_lower_name[lower].name)
    if lower in {one.lower() for one in table.unmodelled}:
        return not_modelled(f"query by {entity.name}.{name}")
    if head in table.by_lower_name and head not in ("metadata", lower):
        return refusal("query_not_queryable", name=name)
    return refusal("query_property", name=name, entity=entity.name)


# Checks


def _id_check(condition: Condition) -> Check:
    if condition.operator not in ("=", "in"):
        raise refusal("query_operator", operator=condition.operator, name="Id")
    wanted = set(condition.values)
    return lambda record: record.id in wanted


def _time_check(realm: Realm, condition: Condition) -> Check:
    if condition.operator in ("in", "like"):
        raise refusal("query_operator", operator=condition.operator, name=condition.property)
    moment = moment_of(realm, condition.property, condition.values[0]).timestamp()
    compare = _COMPARE[condition.operator]
    created = TIMES[condition.property.lower()] == "CreateTime"
    return lambda record: compare(_sign((record.created if created else record.updated).timestamp(), moment))


def _value_check(realm: Realm, known: Field, condition: Condition) -> Check:
    if condition.operator == "like":
        return _pattern_check(known, condition)
    wanted = [literal(realm, known, value) for value in condition.values]
    if condition.operator == "in":
        return lambda record: kept(known, record) in wanted
    compare, one = _COMPARE[condition.operator], wanted[0]
    if one is None:
        # Only "is there none" can be asked of null.
        return lambda record: kept(known, record) is None and compare(0)
    return lambda record: (value := kept(known, record)) is not None and compare(_sign(value, one))


def _pattern_check(known: Field, condition: Condition) -> Check:
    if isinstance(known.kind, (Flag, Money, Number, Whole, Day)):
        raise refusal("query_operator", operator="LIKE", name=known.name)
    parts = condition.values[0].casefold().split("%")
    pattern = re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL)
    return lambda record: pattern.fullmatch(str(kept(known, record) or "")) is not None


def _sign(left: object, right: object) -> int:
    return 0 if left == right else (-1 if left < right else 1)  # type: ignore[operator]  # both of one kind


# Values


def literal(realm: Realm, known: Field, text: str) -> object:
    """A literal as a value of the property's kind; None for null, which is written as a blank."""
    if not text.strip():
        return None
    kind = known.kind
    try:
        if isinstance(kind, (Money, Number, Whole)):
            return Decimal(text)
        if isinstance(kind, Day):
            return day_of(realm, text)
    except (InvalidOperation, ValueError) as error:
        raise refusal("query_value", value=text, name=known.name) from error
    if isinstance(kind, Flag):
        return _flag(known, text)
    return text.strip().casefold()


def _flag(known: Field, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise refusal("query_value", value=text, name=known.name)
    return text.lower() == "true"


def day_of(realm: Realm, text: str) -> str:
    """A date, or the date of a time, as it is kept. Raises ValueError."""
    return realm.today() if is_today(text) else datetime.fromisoformat(text.strip()[:10]).date().isoformat()


def is_today(text: str) -> bool:
    """Whether the literal is the word CURRENT_DATE."""
    return text.strip().upper() == "CURRENT_DATE"


def kept(known: Field, record: Record) -> object:
    """What the record holds, comparable with literals: references by their id, small objects by their only text."""
    value = record.doc.get(known.name)
    if isinstance(value, dict):
        value = value["value"] if "value" in value else next(iter(value.values()), None)
    if value is None or isinstance(value, bool) or isinstance(known.kind, Parts):
        return value
    if isinstance(known.kind, (Money, Number, Whole)):
        return Decimal(value)
    return value if isinstance(known.kind, Day) else _folded(known, value)


def _folded(known: Field, value: object) -> object:
    return str(value).strip().casefold() if isinstance(known.kind, Text) or isinstance(value, str) else value


def moment_of(realm: Realm, name: str, text: str) -> datetime:
    """A time with its offset; without one it is the company's own time, and a date alone its first moment."""
    try:
        moment = datetime.fromisoformat(realm.today() if is_today(text) else text.strip())
    except ValueError as error:
        raise refusal("query_value", value=text, name=name) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=realm.zone)).astimezone(UTC)
