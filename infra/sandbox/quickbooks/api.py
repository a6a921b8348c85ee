"""A call to `/v3/company/{realm}/...`, once the gateway has let it through: which operation it is, and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.sandbox.quickbooks import operations, query_parser, query_run
from infra.sandbox.quickbooks.answers import Answer, success
from infra.sandbox.quickbooks.changes import changes
from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.entities.registry import BY_LOWER_NAME, NOT_MODELLED
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import Doc, Raw, read_json


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `tail` is what follows the company in the path, without slashes at its ends."""

    method: str
    path: str
    url: str
    tail: str
    query: Mapping[str, str]
    body: bytes

    @property
    def first(self) -> str:
        """The first part of the tail, in lower case: an entity, `query` or `cdc`."""
        return self.tail.split("/")[0].lower()


@dataclass(frozen=True, slots=True)
class Action:
    """What a request asks for, for the journal and for who executes it."""

    operation: str  # create, update, void, delete, read, query, cdc
    entity: Entity | None = None
    object_id: str | None = None
    body: Doc | None = None
    text: str = ""

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.operation in ("create", "update", "void", "delete")


def read_action(request: Request) -> Action:
    """What the request asks for. Raises Refusal for what QuickBooks does not have, and what the sandbox has not."""
    parts = request.tail.split("/")
    if request.first == "query":
        return Action("query", text=_query_text(request))
    if request.first == "cdc" and request.method == "GET":
        return Action("cdc")
    entity = BY_LOWER_NAME.get(request.first)
    if entity is None:
        raise not_modelled(request.first) if request.first in NOT_MODELLED else _unknown(request)
    if request.method == "POST" and len(parts) == 1:
        return _write_action(request, entity)
    if request.method == "GET" and len(parts) == 2:  # noqa: PLR2004 - entity and id
        return Action("read", entity, parts[1])
    if len(parts) > 2:  # noqa: PLR2004 - send, pdf
        raise not_modelled("/".join([entity.name, *parts[2:]]))
    raise _unknown(request)


def execute(realm: Realm, request: Request, action: Action) -> Answer:
    """Act, and say what came of it. Raises Refusal."""
    if action.operation == "query":
        result = query_run.run(realm, query_parser.parse(action.text))
        return success({"QueryResponse": result}, time=realm.answer_time())
    if action.operation == "cdc":
        return _feed(realm, request)
    if action.entity is None:
        raise _unknown(request)
    operations.refuse_unless(action.entity, action.operation)
    if action.operation == "read":
        return _shown(realm, action.entity, _read(realm, action))
    return _written(realm, action.entity, action)


def _written(realm: Realm, entity: Entity, action: Action) -> Answer:
    body = action.body or {}
    if action.operation == "delete":
        stub = operations.delete(realm, entity, body)
        told = {entity.name: {"domain": "QBO", "status": "Deleted", "Id": stub.id}}
        return success(told, time=realm.answer_time(), entity=entity.name, object_id=stub.id)
    act = {"create": operations.create, "update": operations.update, "void": operations.void}[action.operation]
    return _shown(realm, entity, act(realm, entity, body))


def _shown(realm: Realm, entity: Entity, record: Record) -> Answer:
    content: dict[str, Raw] = {entity.name: realm.written(record)}
    return success(
        content,
        time=realm.answer_time(),
        entity=entity.name,
        object_id=record.id,
        sync_token=str(record.token),
    )


def _read(realm: Realm, action: Action) -> Record:
    assert action.entity is not None  # noqa: S101 - for the type checker; execute has looked
    wanted = "1" if action.entity.name == "CompanyInfo" and action.object_id == realm.realm else action.object_id
    return operations.existing(realm, action.entity, wanted)


def _feed(realm: Realm, request: Request) -> Answer:
    for name in ("entities", "changedSince"):
        if not request.query.get(name):
            raise refusal("missing", name=name)
    block = changes(realm, entities=request.query["entities"], since=request.query["changedSince"])
    return success({"CDCResponse": [block]}, time=realm.answer_time())


def _query_text(request: Request) -> str:
    return request.query.get("query", "") if request.method == "GET" else request.body.decode(errors="replace")


def _write_action(request: Request, entity: Entity) -> Action:
    body = _object(request.body)
    wanted, include = request.query.get("operation", ""), request.query.get("include", "")
    object_id = str(body["Id"]) if body.get("Id") not in (None, "") else None
    if wanted == "delete":
        return Action("delete", entity, object_id, body)
    if wanted == "void" or include == "void":
        _check_way_to_void(entity, wanted, include)
        return Action("void", entity, object_id, body)
    if wanted not in ("", "create", "update"):
        raise refusal("unsupported_operation", operation=wanted)
    return Action("create" if object_id is None else "update", entity, object_id, body)


def _check_way_to_void(entity: Entity, wanted: str, include: str) -> None:
    """Invoices are voided by operation=void, payments by operation=update&include=void."""
    if entity.name == "Payment" and (wanted, include) != ("update", "void"):
        raise refusal("unsupported_operation", operation="void")
    if entity.name != "Payment" and wanted != "void":
        raise not_modelled(f"include=void of {entity.name}")


def _object(body: bytes) -> Doc:
    try:
        found = read_json(body)
    except ValueError as error:
        raise refusal("unreadable", reason=f"Unexpected content: {error}") from error
    if not isinstance(found, dict):
        raise refusal("unreadable", reason="Can not deserialize instance of an object")
    return found


def _unknown(request: Request) -> Exception:
    return refusal("unknown_path", path=request.path, url=request.url)
