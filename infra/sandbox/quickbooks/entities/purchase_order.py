"""PurchaseOrder: what was asked of a vendor. It posts nothing; a bill that comes of it closes it."""

from infra.sandbox.quickbooks.entities import company_info, names, parts, purchase_forms, vat
from infra.sandbox.quickbooks.entities.entity import ALL_OPERATIONS, Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.entities.purchase_parts import PURCHASE_LINE
from infra.sandbox.quickbooks.faults import fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Part, Parts, Table
from infra.sandbox.quickbooks.kinds import Currency, Day, Elsewhere, Money, Number, Ref, Text
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import Doc

STATES = ("Open", "Closed")
MAIL_STATES = ("NotSet", "NeedToSend", "EmailSent")
SMALL_PLANS = ("QuickBooks Online Simple Start", "QuickBooks Online Essentials")
NUMBERS, FIRST_NUMBER = "PurchaseOrderNumber", 1001  # the orders' own sequence

TABLE = Table(
    "PurchaseOrder",
    (
        Field("ClassRef", Elsewhere()),
        Field("SalesTermRef", Ref("Term", named=False)),
        Field("DueDate", Day(), query=True),
        Field("VendorAddr", Part(parts.ADDRESS)),
        Field("ShipAddr", Part(parts.ADDRESS)),
        Field("POEmail", Part(parts.EMAIL)),
        Field("EmailStatus", Text(choices=MAIL_STATES), default="NotSet"),
        Field("POStatus", Text(choices=STATES), default="Open"),
        *HEAD,
        Field("CustomField", Parts(parts.CUSTOM_FIELD)),
        text("DocNumber", 21, query=True),
        Field("TxnDate", Day(), query=True),
        Field("DepartmentRef", Elsewhere()),
        Field("CurrencyRef", Currency()),
        Field("ExchangeRate", Number()),
        text("PrivateNote", 4000),
        made("LinkedTxn"),
        Field("Line", Parts(PURCHASE_LINE)),
        Field("TxnTaxDetail", Part(parts.TAX_DETAIL)),
        Field("VendorRef", Ref("Vendor")),
        Field("APAccountRef", Ref("Account")),
        made("TotalAmt", Money()),
        text("Memo", 4000),
        Field("GlobalTaxCalculation", Text(choices=vat.WAYS)),
    ),
    unmodelled=purchase_forms.UNMODELLED,
)


def complete(draft: Draft) -> Doc:
    """Lines, total, number, addresses and state of a purchase order."""
    doc = {**TABLE.defaults, **draft.doc}
    if company_info.plan(draft.realm) in SMALL_PLANS:
        raise refusal("permission", what="The company's plan has no purchase orders.")
    mailless = doc["EmailStatus"] == "NeedToSend" and "POEmail" not in doc
    purchase_forms.check(draft, doc, *([fault_error("email_required")] if mailless else []))
    if any(line.get("LinkedTxn") for line in doc["Line"]):
        raise not_modelled("PurchaseOrder.Line.LinkedTxn")
    doc = purchase_forms.with_lines(draft, doc)
    doc = purchase_forms.valued(draft.realm, doc)
    doc["APAccountRef"] = purchase_forms.payable(draft.realm, doc)
    doc["TxnDate"] = doc.get("TxnDate") or draft.realm.today()
    doc = {"LinkedTxn": [], **_addressed(draft, doc)}
    own = _custom_fields(draft.realm, doc.pop("CustomField", []))
    return {**doc, **own, "DocNumber": _numbered(draft.realm, doc.get("DocNumber"))}


def _addressed(draft: Draft, doc: Doc) -> Doc:
    """Addresses that were not given: the vendor's own, and the company's for the goods; with their ids."""
    sent = names.with_addresses(draft, doc, ("VendorAddr", "ShipAddr"))
    if draft.sparse:
        return sent
    vendor = draft.realm.records["Vendor"][doc["VendorRef"]["value"]].doc
    company = draft.realm.find("CompanyInfo", "1")
    found = {"VendorAddr": vendor.get("BillAddr"), "ShipAddr": company and company.doc.get("CompanyAddr")}
    return {**{name: address for name, address in found.items() if address}, **sent}


def _custom_fields(realm: Realm, sent: list[Doc]) -> Doc:
    """The company's own fields on purchase orders, with what was put into them; 3000 for one that it has not."""
    names_by_id = {str(place): name for place, name in enumerate(field_names(realm), start=1)}
    values = {str(one.get("DefinitionId")): one for one in sent}
    for definition in values.keys() - names_by_id.keys():
        raise refusal("custom_field", value=values[definition].get("Name") or definition)
    found = [
        {"DefinitionId": definition, "Name": name, "Type": "StringType", **_value(values.get(definition, {}))}
        for definition, name in names_by_id.items()
    ]
    return {"CustomField": found} if found else {}


def _value(sent: Doc) -> Doc:
    return {"StringValue": sent["StringValue"]} if "StringValue" in sent else {}


def field_names(realm: Realm) -> tuple[str, ...]:
    """Names of the company's own fields on purchase orders, as its preferences tell them."""
    settings = realm.find("Preferences", "1")
    groups = settings.doc["VendorAndPurchasesPrefs"].get("POCustomField", ()) if settings else ()
    told = [one for group in groups for one in group["CustomField"] if one["Type"] == "StringType"]
    return tuple(str(one["StringValue"]) for one in sorted(told, key=lambda one: str(one["Name"])))


def _numbered(realm: Realm, number: str | None) -> str:
    realm.reserve(NUMBERS, FIRST_NUMBER - 1)
    if not number:
        return realm.next_id(NUMBERS)
    if number.isdecimal():
        realm.reserve(NUMBERS, int(number))
    return number


def before_removal(realm: Realm, record: Record) -> None:  # noqa: ARG001 - the shape all entities share
    """An order that a bill came of is unlinked before it is deleted."""
    if record.doc["LinkedTxn"]:
        raise refusal("business", reason="Unlink the bill before you delete this transaction.")


PURCHASE_ORDER = Entity(
    Shelf("PurchaseOrder", TABLE, sequence="Transaction", indexed=("DocNumber", "VendorRef", "TxnDate")),
    complete,
    operations=ALL_OPERATIONS | {"delete"},
    kept=frozenset({"DocNumber", "CustomField", "POStatus"}),
    order=("MetaData.LastUpdatedTime", True),
    told_currency=True,
    before_removal=before_removal,
)
