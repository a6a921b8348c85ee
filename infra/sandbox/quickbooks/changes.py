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


def changes(realm: Realm, *, entities: str, since: str) -> Doc:
    """The value of `CDCResponse[0]`. Raises Refusal for a moment too long ago, or an entity that is not modelled."""
    moment = _moment(realm, since)
    blocks: list[Doc] = []
    left = MOST_OBJECTS
    for name in entities.split(","):
        rows = _rows(realm, _entity(name.strip()), moment, most=left)
        left -= len(rows)
        blocks.append(_block(_entity(name.strip()).name, rows))
    return {"QueryResponse": blocks}


def _moment(realm: Realm, since: str) -> datetime:
    try:
        moment = datetime.fromisoformat(since)
    except ValueError as error:
        raise refusal("query_value", value=since, name="changedSince") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment < realm.clock.now() - REACH:
        raise refusal("changes_too_old", date=since)
    return moment


def _entity(name: str) -> Entity:
    entity = BY_LOWER_NAME.get(name.lower())
    if entity is None:
        raise not_modelled(f"cdc of {name}") if name.lower() in NOT_MODELLED else refusal("query_entity", entity=name)
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
