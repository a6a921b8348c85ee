"""What a call does to a company's books, and what is told of it. Which call it is was read before."""

from infra.sandbox.quickbooks import operations, query_parser, query_run
from infra.sandbox.quickbooks.answers import Outcome
from infra.sandbox.quickbooks.calls import Action
from infra.sandbox.quickbooks.changes import changes
from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.past import as_seen
from infra.sandbox.quickbooks.store import Realm, Record


def execute(realm: Realm, action: Action) -> Outcome:
    """Act, and say what came of it. Raises Refusal."""
    if action.writes and realm.switches.subscription == "ended":
        raise refusal("company_status")
    operations.catch_up(realm)
    if action.operation == "query":
        return _queried(realm, action)
    if action.operation == "cdc":
        return _feed(realm, action)
    entity = action.entity
    if entity is None:
        raise not_modelled(action.operation)
    if action.operation == "send":
        send_to = action.parameters.get("sendTo") or None
        return _shown(realm, entity, operations.send(realm, entity, action.object_id or "", send_to))
    operations.refuse_unless(entity, action.operation)
    if action.operation == "read":
        return _shown(realm, entity, _read(realm, entity, action))
    return _written(realm, entity, action)


def _queried(realm: Realm, action: Action) -> Outcome:
    seen = as_seen(realm, realm.switches.query_lag_seconds)
    found = query_run.run(seen, query_parser.parse(action.text))
    return Outcome({"QueryResponse": found}, objects=int(found.get("maxResults", 0)))


def _feed(realm: Realm, action: Action) -> Outcome:
    for name in ("entities", "changedSince"):
        if not action.parameters.get(name):
            raise refusal("missing", name=name)
    seen = as_seen(realm, realm.switches.feed_lag_seconds)
    block = changes(seen, entities=action.parameters["entities"], since=action.parameters["changedSince"])
    return Outcome({"CDCResponse": [block]})


def _written(realm: Realm, entity: Entity, action: Action) -> Outcome:
    body = action.body or {}
    if action.operation == "delete":
        stub = operations.delete(realm, entity, body)
        told = {entity.name: {"domain": "QBO", "status": "Deleted", "Id": stub.id}}
        return Outcome(told, entity=entity.name, object_id=stub.id, objects=1)
    act = {"create": operations.create, "update": operations.update, "void": operations.void}[action.operation]
    return _shown(realm, entity, act(realm, entity, body))


def _shown(realm: Realm, entity: Entity, record: Record) -> Outcome:
    content = {entity.name: realm.written(record)}
    return Outcome(content, entity=entity.name, object_id=record.id, sync_token=str(record.token), objects=1)


def _read(realm: Realm, entity: Entity, action: Action) -> Record:
    wanted = "1" if entity.name == "CompanyInfo" and action.object_id == realm.realm else action.object_id
    return operations.existing(realm, entity, wanted)
