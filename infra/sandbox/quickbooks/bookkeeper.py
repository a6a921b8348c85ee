"""What a person does in QuickBooks' own pages: by the same rules as the API, without its token check."""

from infra.sandbox.quickbooks import operations
from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.entities.registry import BY_LOWER_NAME, ENTITIES
from infra.sandbox.quickbooks.faults import not_modelled
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc

PAYMENT = ENTITIES["Payment"]


def create(realm: Realm, name: str, fields: Doc) -> Doc:
    """A record born in QuickBooks."""
    return realm.shown(operations.create(realm, _entity(name), fields, bookkeeper=True))


def edit(realm: Realm, name: str, record_id: str, fields: Doc) -> Doc:
    """Some fields of a record change."""
    entity = _entity(name)
    body = {**fields, **_head(realm, entity, record_id), "sparse": True}
    return realm.shown(operations.update(realm, entity, body, bookkeeper=True))


def void(realm: Realm, name: str, record_id: str) -> Doc:
    """A transaction is voided."""
    entity = _entity(name)
    return realm.shown(operations.void(realm, entity, _head(realm, entity, record_id), bookkeeper=True))


def remove(realm: Realm, name: str, record_id: str) -> Doc:
    """A transaction is deleted."""
    entity = _entity(name)
    stub = operations.delete(realm, entity, _head(realm, entity, record_id), bookkeeper=True)
    return {"domain": "QBO", "status": "Deleted", "Id": stub.id}


def record_payment(realm: Realm, body: Doc) -> Doc:
    """Money came in: {"customer", "date"?, "amount", "method"?, "reference"?, "lines": [{"invoice", "amount"}]}."""
    return realm.shown(operations.create(realm, PAYMENT, _payment(realm, body), bookkeeper=True))


def edit_payment(realm: Realm, record_id: str, body: Doc) -> Doc:
    """The payment as it should be now, whole."""
    wanted = {**_payment(realm, body), **_head(realm, PAYMENT, record_id)}
    return realm.shown(operations.update(realm, PAYMENT, wanted, bookkeeper=True))


def _payment(realm: Realm, body: Doc) -> Doc:
    found: Doc = {
        "CustomerRef": {"value": str(body["customer"])},
        "TotalAmt": body["amount"],
        "Line": [_line(line) for line in body.get("lines", ())],
        "TxnDate": body.get("date"),
        "PaymentRefNum": body.get("reference"),
    }
    if body.get("method"):
        found["PaymentMethodRef"] = {"value": _method(realm, str(body["method"]))}
    return found


def _line(line: Doc) -> Doc:
    return {"Amount": line["amount"], "LinkedTxn": [{"TxnId": str(line["invoice"]), "TxnType": "Invoice"}]}


def _method(realm: Realm, name: str) -> str:
    for found in realm.found_by("PaymentMethod", "Name", name) or ():
        return found
    raise ValueError(f"there is no payment method {name}")


def _head(realm: Realm, entity: Entity, record_id: str) -> Doc:
    record = operations.existing(realm, entity, record_id)
    return {"Id": record.id, "SyncToken": str(record.token)}


def _entity(name: str) -> Entity:
    entity = BY_LOWER_NAME.get(name.lower())
    if entity is None:
        raise not_modelled(name)
    return entity
