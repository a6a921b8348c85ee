"""The items of a batch: what each asks for. An item that asks for what there is not carries its own fault."""

from collections import Counter

from infra.sandbox.quickbooks.calls import Action, Item
from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.entities.registry import ENTITIES, NOT_MODELLED
from infra.sandbox.quickbooks.faults import Refusal, not_modelled, refusal
from infra.sandbox.quickbooks.wire import Doc

ITEM_NAMES = frozenset({"bId", "operation", "optionsData"})  # all but what the item is about
OPERATIONS = frozenset({"create", "update", "delete"})
OTHER_QUERIES = frozenset({"CDCQuery", "ReportQuery"})


def read_items(body: Doc) -> tuple[Item, ...]:
    """The items of `{"BatchItemRequest": [...]}`. Raises Refusal for the whole: empty, or without clear bIds."""
    for name in body:
        if name != "BatchItemRequest":
            raise refusal("unknown_property", name=name, java_class="IntuitBatchRequest", known="")
    sent = body.get("BatchItemRequest")
    if not sent:
        raise refusal("batch_empty")
    if not isinstance(sent, list) or not all(isinstance(one, dict) for one in sent):
        raise refusal("unreadable", reason="Can not deserialize instance of java.util.List of BatchItemRequest")
    _check_bids(sent)
    return tuple(Item(str(one["bId"]), _action(one), one) for one in sent)


def _check_bids(sent: list[Doc]) -> None:
    """Without its own bId, an item's answer could not be told from another's."""
    if any(one.get("bId") in (None, "") for one in sent):
        raise refusal("missing", name="bId")
    (bid, times), *_ = Counter(str(one["bId"]) for one in sent).most_common(1)
    if times > 1:
        raise refusal("conflict", reason=f"bId {bid} stands on {times} items")


def _action(sent: Doc) -> Action | Refusal:
    about = [name for name in sent if name not in ITEM_NAMES]
    try:
        if len(about) > 1:
            raise refusal("conflict", reason=f"one batch item holds {', '.join(about)}")
        if not about:
            raise refusal("missing", name="IntuitObject")
        return _about(sent, about[0])
    except Refusal as refused:
        return refused


def _about(sent: Doc, name: str) -> Action:
    if name == "Query":
        return Action("query", text=str(sent[name]))
    entity = ENTITIES.get(name)
    if entity is None:
        if name in OTHER_QUERIES or name.lower() in NOT_MODELLED:
            raise not_modelled(f"{name} in a batch")
        raise refusal("unknown_property", name=name, java_class="BatchItemRequest", known="")
    if not isinstance(sent[name], dict):
        raise refusal("unreadable", reason=f"Can not deserialize instance of com.intuit.schema.finance.v3.{name}")
    return _write(sent, entity, sent[name])


def _write(sent: Doc, entity: Entity, body: Doc) -> Action:
    operation, options = str(sent.get("operation") or ""), sent.get("optionsData")
    if not operation:
        raise refusal("missing", name="operation")
    if operation not in OPERATIONS:
        raise refusal("unsupported_operation", operation=operation)
    if options not in (None, "") and (operation, options) != ("update", "void"):
        raise not_modelled(f"{operation} with optionsData {options}")
    object_id = str(body["Id"]) if body.get("Id") not in (None, "") else None
    if operation != "create" and object_id is None:
        raise refusal("missing", name="Id")
    return Action("void" if options == "void" else operation, entity, object_id, body)
