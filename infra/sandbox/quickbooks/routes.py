"""Which operation a request is. What QuickBooks does not have is refused, and what the sandbox has not, otherwise."""

from collections.abc import Callable

from infra.sandbox.quickbooks.batch_items import read_items
from infra.sandbox.quickbooks.calls import Action, Request
from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.entities.registry import BY_LOWER_NAME, NOT_MODELLED
from infra.sandbox.quickbooks.faults import Refusal, not_modelled, refusal
from infra.sandbox.quickbooks.wire import Doc, read_json

# A body whose type says nothing is taken for what belongs there.
UNTYPED = frozenset({"", "text/plain", "application/octet-stream"})
JSON_TYPES = UNTYPED | {"application/json"}
QUERY_TYPES = UNTYPED | {"application/text"}
XML_TYPES = frozenset({"application/xml", "text/xml"})
# operation=update&include=void; others by operation=void
VOIDED_BY_INCLUDE = frozenset({"Payment", "BillPayment", "SalesReceipt"})
ONE_OBJECT = frozenset({"Preferences", "CompanyInfo"})  # read without an id too
SENT_BY, PRINTED_AS = "send", "pdf"


def read_action(request: Request) -> Action:
    """What the request asks for. Raises Refusal."""
    special = _SPECIAL.get(request.first)
    if special is not None and request.tail.count("/") == 0:
        return special(request)
    entity = BY_LOWER_NAME.get(request.first)
    if entity is None:
        raise not_modelled(request.tail) if request.first in NOT_MODELLED else _unknown(request)
    return _entity_action(request, entity)


def _entity_action(request: Request, entity: Entity) -> Action:
    parts = request.tail.split("/")
    match request.method, len(parts):
        case "POST", 1:
            return _write_action(request, entity)
        case "GET", 2:
            return Action("read", entity, parts[1])
        case "GET", 1 if entity.name in ONE_OBJECT:
            return Action("read", entity, "1")
        case "POST", 3 if parts[2] == SENT_BY:
            return Action("send", entity, parts[1], parameters={"sendTo": request.query.get("sendTo", "")})
        case "GET", 3 if parts[2] == PRINTED_AS:
            raise not_modelled(f"{entity.name}/{PRINTED_AS}")
    raise _unknown(request)


def _query_action(request: Request) -> Action:
    if request.method == "GET":
        return Action("query", text=request.query.get("query", ""))
    if request.method != "POST":
        raise _unknown(request)
    _check_type(request, QUERY_TYPES)
    return Action("query", text=request.body.decode(errors="replace"))


def _feed_action(request: Request) -> Action:
    if request.method != "GET":
        raise _unknown(request)
    return Action("cdc", parameters=request.query)


def _batch_action(request: Request) -> Action:
    if request.method != "POST":
        raise _unknown(request)
    _check_type(request, JSON_TYPES)
    return Action("batch", items=read_items(_object(request.body)))


_SPECIAL: dict[str, Callable[[Request], Action]] = {
    "query": _query_action,
    "cdc": _feed_action,
    "batch": _batch_action,
}


def _write_action(request: Request, entity: Entity) -> Action:
    _check_type(request, JSON_TYPES)
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
    if wanted == "update" and object_id is None:
        raise refusal("missing", name="Id")
    return Action("create" if object_id is None else "update", entity, object_id, body)


def _check_way_to_void(entity: Entity, wanted: str, include: str) -> None:
    by_include = (wanted, include) == ("update", "void")
    if entity.name in VOIDED_BY_INCLUDE and not by_include:
        raise refusal("unsupported_operation", operation="void")
    if entity.name not in VOIDED_BY_INCLUDE and wanted != "void":
        raise not_modelled(f"include=void of {entity.name}")


def _check_type(request: Request, allowed: frozenset[str]) -> None:
    if request.content_type in XML_TYPES:
        raise not_modelled("XML (send JSON, as Content-Type application/json)")
    if request.content_type not in allowed:
        raise refusal("content_type", value=request.content_type)


def _object(body: bytes) -> Doc:
    try:
        found = read_json(body)
    except (ValueError, RecursionError) as error:
        raise refusal("unreadable", reason=f"Unexpected content: {error}") from error
    if not isinstance(found, dict):
        raise refusal("unreadable", reason="Can not deserialize instance of an object")
    return found


def _unknown(request: Request) -> Refusal:
    return refusal("unknown_path", path=request.path, url=request.url)
