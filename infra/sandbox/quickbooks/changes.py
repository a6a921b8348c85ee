"""The change feed: what changed since a moment, one block per entity asked for, deleted stubs last."""

from datetime import UTC, datetime, timedelta
from itertools import islice

from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.entities.registry import BY_LOWER_NAME, NOT_MODELLED
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm, Stub
from infra.sandbox.quickbooks.wire import Doc

REACH = timedelta(days=30)  # how far back the feed goes
MOST_OBJECTS = 1000  # in one answer, all entities together; there is no second page
NOT_COVERED = frozenset({"journalcode", "taxagency", "taxcode", "taxrate"})


def changes(realm: Realm, *, entities: str, since: str) -> Doc:
    """The value of `CDCResponse[0]`: a block for each entity, in the order in which they are named.

    Raises Refusal for a moment too long ago (500), a name that is no entity (4001), one that the feed does not cover,
    and one that is not modelled. A name that is given twice is told once.
    """
    moment = _moment(realm, since)
    blocks: list[Doc] = []
    left = MOST_OBJECTS
    for entity in _entities(entities):
        rows = _rows(realm, entity, moment, most=left)
        left -= len(rows)
        blocks.append(_block(entity.name, rows))
    return {"QueryResponse": blocks}


def _moment(realm: Realm, since: str) -> datetime:
    """A time without an offset is the company's own; a date alone is its first moment."""
    try:
        moment = datetime.fromisoformat(since.strip())
    except ValueError as error:
        raise refusal("date_format", value=since, name="changedSince") from error
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=realm.zone)).astimezone(UTC)
    if realm.switches.feed_reach == "30_days" and moment < realm.clock.now() - REACH:
        raise refusal("changes_too_old", date=since)
    return moment


def _entities(names: str) -> list[Entity]:
    wanted = dict.fromkeys(name.strip().lower() for name in names.split(",") if name.strip())
    if not wanted:
        raise refusal("missing", name="entities")
    return [_entity(name) for name in wanted]


def _entity(name: str) -> Entity:
    if name in NOT_COVERED:
        raise refusal("unsupported_operation", operation=f"cdc of {name}")
    entity = BY_LOWER_NAME.get(name)
    if entity is None:
        raise not_modelled(f"cdc of {name}") if name in NOT_MODELLED else refusal("query_entity", entity=name)
    return entity


def _rows(realm: Realm, entity: Entity, moment: datetime, *, most: int) -> list[object]:
    """Living records by their last change, then what was deleted."""
    records, deleted = realm.records[entity.name], realm.deleted[entity.name]
    living: list[object] = [realm.written(records[one]) for one in islice(realm.logs[entity.name].since(moment), most)]
    gone = islice(realm.deletions[entity.name].since(moment), most - len(living))
    return living + [stub_row(deleted[one]) for one in gone]


def stub_row(stub: Stub) -> Doc:
    """A deleted transaction as the feed tells it."""
    meta = {"LastUpdatedTime": stub.deleted.isoformat()}
    return {"domain": "QBO", "status": "Deleted", "Id": stub.id, "MetaData": meta}


def _block(name: str, rows: list[object]) -> Doc:
    """An entity without change is an empty block; one of stubs alone has a total and no start."""
    if not rows:
        return {}
    if all(isinstance(row, dict) for row in rows):
        return {name: rows, "maxResults": len(rows), "totalCount": len(rows)}
    return {name: rows, "startPosition": 1, "maxResults": len(rows)}
