"""What may be done to a record: create, update (full or sparse), delete, void, read. Pure of HTTP."""

from infra.sandbox.quickbooks.entities import by_itself, closing, exchange, ledger, preferences
from infra.sandbox.quickbooks.entities.entity import Draft, Entity, Origin, check_references
from infra.sandbox.quickbooks.entities.payment import PAYMENT
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.kinds import Email, Reading
from infra.sandbox.quickbooks.store import Realm, Record, Stub
from infra.sandbox.quickbooks.wire import Doc

SOMEBODY = "API User"  # who the stale object fault says it was


def create(realm: Realm, entity: Entity, body: Doc, *, bookkeeper: bool = False) -> Record:
    """A new record. Raises Refusal."""
    reading = Reading()
    doc = _without_cleared(entity.shelf.table.read(body, "", reading))
    check_references(realm, reading, unchanged={})
    if entity.told_currency and "CurrencyRef" not in doc and not bookkeeper and exchange.several(realm):
        raise refusal("missing", name="CurrencyRef")
    record = plant(realm, entity, doc, origin="person" if bookkeeper else "api")
    by_itself.expect(realm, record)
    return record


def plant(realm: Realm, entity: Entity, doc: Doc, *, record_id: str | None = None, origin: Origin = "seed") -> Record:
    """A new record of checked fields; a seed gives it the id it should have. Raises Refusal."""
    if origin == "api":  # a company may begin with closed books, and its pages open them
        closing.check(realm, entity, {"TxnDate": doc.get("TxnDate", realm.today())})
    whole = entity.complete(Draft(realm, None, _in_currency(realm, entity, {}, doc), origin=origin))
    record = realm.add(entity.name, whole, record_id=record_id)
    _follow(realm, entity, record, {}, whole)
    return record


def catch_up(realm: Realm) -> None:
    """What QuickBooks does by itself a moment after a call: it is done before the next one."""
    for doc in by_itself.credits_to_apply(realm):
        plant(realm, PAYMENT, doc)


def update(realm: Realm, entity: Entity, body: Doc, *, bookkeeper: bool = False) -> Record:
    """Change a record; a sparse update that changes nothing leaves token and time alone. Raises Refusal.

    A bookkeeper in the browser may edit sparsely what the API refuses to, and in closed books, as all of these may.
    """
    sparse = body.get("sparse") in (True, "true")
    reading = Reading()
    changes = entity.shelf.table.read(body, "", reading)
    record = current(realm, entity, body)
    if sparse and not entity.sparse_edits and not bookkeeper:
        raise refusal("missing", name=_first_absent(changes, "CustomerRef", "TotalAmt", "Line"))
    check_references(realm, reading, unchanged=record.doc)
    before = record.doc
    if "Line" in changes:
        before = {name: value for name, value in before.items() if name != "_voided"}
    wanted = _without_cleared({**(before if sparse else _kept(entity, before)), **changes})
    origin: Origin = "person" if bookkeeper else "api"
    draft = Draft(realm, record, _in_currency(realm, entity, before, wanted), sparse=sparse, origin=origin)
    after = entity.complete(draft)
    if sparse and after == before:
        return record
    if not bookkeeper:
        closing.check(realm, entity, before, after)
    realm.change(record, after)
    _follow(realm, entity, record, before, after)
    return record


def delete(realm: Realm, entity: Entity, body: Doc, *, bookkeeper: bool = False) -> Stub:
    """Remove a transaction and undo what hung on it. Raises Refusal."""
    _check_allowed(entity, "delete")
    record = current(realm, entity, body)
    if not bookkeeper:
        closing.check(realm, entity, record.doc)
    if entity.before_removal:
        entity.before_removal(realm, record)
    stub = realm.remove(record)
    _follow(realm, entity, record, record.doc, {})
    return stub


def void(realm: Realm, entity: Entity, body: Doc, *, bookkeeper: bool = False) -> Record:
    """Set a transaction's amounts to zero; it stays. A second void changes nothing. Raises Refusal."""
    _check_allowed(entity, "void")
    record = current(realm, entity, body)
    if record.doc.get("_voided") or entity.voided is None:
        return record
    if not bookkeeper:
        closing.check(realm, entity, record.doc)
    before = record.doc
    after = {**entity.voided(realm, record), "_voided": True}
    realm.change(record, after, operation="Void")
    _follow(realm, entity, record, before, after)
    return record


def send(realm: Realm, entity: Entity, record_id: str, send_to: str | None) -> Record:
    """Mail a form to its address, or to another, which it has from then on. Raises Refusal (6420 without any)."""
    record = existing(realm, entity, record_id)
    table = entity.shelf.table.by_name
    if "EmailStatus" not in table:
        raise not_modelled(f"send of {entity.name}")
    mail = "POEmail" if "POEmail" in table else "BillEmail"
    address = Email().read(send_to, "sendTo", Reading()) if send_to else record.doc.get(mail, {}).get("Address")
    if not address:
        raise refusal("email_required")
    delivery = {"DeliveryType": "Email", "DeliveryTime": realm.now().isoformat()}
    sent = {**record.doc, mail: {"Address": address}, "EmailStatus": "EmailSent", "DeliveryInfo": delivery}
    put = realm.change if realm.switches.send_bumps_token == "yes" else realm.touch
    put(record, sent, operation="Emailed")
    return record


def existing(realm: Realm, entity: Entity, record_id: object) -> Record:
    """The record with this id. Raises Refusal (2030 for what is no number, 610 for what is not there)."""
    text = str(record_id)
    if not text.isdecimal():
        raise refusal("invalid_id", name="Id", value=text, element="Id")
    record = realm.find(entity.name, text)
    if record is None:
        raise refusal("deleted" if text in realm.deleted[entity.name] else "not_found")
    return record


def current(realm: Realm, entity: Entity, body: Doc) -> Record:
    """The record that a change is about, if the sync token sent with it is the current one (else 5010)."""
    record = existing(realm, entity, body.get("Id"))
    if body.get("SyncToken") in (None, ""):
        raise refusal("missing", name="SyncToken")
    if str(body["SyncToken"]) != str(record.token):
        raise refusal("stale", user=SOMEBODY)
    return record


def _follow(realm: Realm, entity: Entity, record: Record, before: Doc, after: Doc) -> None:
    """What hangs on a change, and then the ledger: an object that is gone posts nothing."""
    entity.effects(realm, record, before, after)
    ledger.post(realm, record, entity.postings(realm, after) if after else ())


def _in_currency(realm: Realm, entity: Entity, before: Doc, doc: Doc) -> Doc:
    """Every record is in a currency: as sent, as it was, as its customer or vendor is, or as the company is."""
    if "CurrencyRef" not in entity.shelf.table.by_name:
        return doc
    found = doc.get("CurrencyRef") or before.get("CurrencyRef") or _partys_currency(realm, doc)
    currency = found or {"value": realm.currency}
    if currency["value"] != realm.currency and not preferences.flag(realm, "CurrencyPrefs", "MultiCurrencyEnabled"):
        raise not_modelled(f"CurrencyRef {currency['value']} in a company with one currency")
    return {**doc, "CurrencyRef": currency}


def _partys_currency(realm: Realm, doc: Doc) -> Doc | None:
    for reference in ("CustomerRef", "VendorRef"):
        if reference in doc:
            party = realm.records[reference.removesuffix("Ref")][doc[reference]["value"]]
            return dict(party.doc["CurrencyRef"])
    return None


def _check_allowed(entity: Entity, operation: str) -> None:
    if operation not in entity.operations:
        raise refusal("unsupported_operation", operation=f"{operation} of {entity.name}")


def _kept(entity: Entity, before: Doc) -> Doc:
    """What a full update leaves as it was: what only the server writes, and the few values that stay unless named."""
    kept = entity.kept | entity.shelf.table.read_only
    return {name: value for name, value in before.items() if name in kept}


def _without_cleared(doc: Doc) -> Doc:
    return {name: value for name, value in doc.items() if value is not None}


def _first_absent(doc: Doc, *names: str) -> str:
    return next((name for name in names if name not in doc), names[-1])


_NEVER = {"void": ("Bill", "PurchaseOrder"), "create": ("CompanyInfo", "Preferences")}
_OF_TRANSACTIONS = frozenset({"delete", "void"})  # what is done to no record of a list


def refuse_unless(entity: Entity, operation: str) -> None:
    """Refuse what QuickBooks does not have (500), and what it may do and the sandbox does not (501)."""
    if operation in entity.operations:
        return
    lists = entity.shelf.sequence != closing.TRANSACTIONS
    if (operation in _OF_TRANSACTIONS and lists) or entity.name in _NEVER.get(operation, ()):
        raise refusal("unsupported_operation", operation=f"{operation} of {entity.name}")
    raise not_modelled(f"{operation} of {entity.name}")
