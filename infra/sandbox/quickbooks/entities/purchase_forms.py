"""What purchase orders and bills have in common: their currency, their tax, and who is owed on which account."""

from infra.sandbox.quickbooks.entities import exchange, purchase_lines, purchase_tax, roles
from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.faults import FaultError, Refusal, fault_error, refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc

_WRONG_CURRENCY = "The currency of the transaction is invalid for customer / vendor / account."

UNMODELLED = frozenset(
    {
        *("PayerRef", "RemitToAddr", "ReplyEmail", "BillEmail", "BillEx", "PurchaseOrderEx", "BillPaymentEx"),
        *("TransactionLocationType", "TxnSource", "TxnStatus", "Tag", "TxnApprovalInfo"),
        *("TaxFormType", "TaxFormNum", "RecurDataRef", "IncludeInAnnualTPAR", "AttachableRef", "ProjectRef"),
        *("ReimbursableInfoRef", "InventorySiteRef", "DropShipToEntity", "ShipTo", "TemplateRef", "ManuallyClosed"),
        *("ExpectedDate", "FOB", "ClassRef", "TaxCodeRef", "ShipMethodRef", "PrintStatus", "HomeTotalAmt"),
    }
)


def check(draft: Draft, doc: Doc, *faults: FaultError) -> None:
    """Refuse the form with all that is wrong with it: these faults, what it lacks, and its lines."""
    lacking = [fault_error("missing", name=name) for name in ("VendorRef", "Line") if not doc.get(name)]
    found = (*faults, *lacking, *purchase_lines.faults(draft.realm, doc.get("Line") or []))
    if found:
        raise Refusal(found)


def payable(realm: Realm, doc: Doc, reference: str = "APAccountRef") -> Doc:
    """`{"value": id}` of the account on which the vendor is owed: the one named, or the company's.

    Raises Refusal (6430) where the named one is no account of that kind.
    """
    named = doc.get(reference)
    if named is None:
        return {"value": roles.account(realm, roles.PAYABLE)}
    if realm.records["Account"][named["value"]].doc["AccountSubType"] != roles.PAYABLE:
        raise refusal("account_type", name=reference)
    return dict(named)


def valued(realm: Realm, doc: Doc) -> Doc:
    """The form in its vendor's currency, with rate and home values where the company has several. Raises Refusal."""
    vendor = realm.records["Vendor"][doc["VendorRef"]["value"]].doc
    if doc["CurrencyRef"] != vendor["CurrencyRef"]:
        raise refusal("business", reason=_WRONG_CURRENCY)
    return exchange.valued(realm, doc)


def with_lines(draft: Draft, doc: Doc) -> Doc:
    """The form with its lines, tax and total. A seed's lines keep their ids. Raises Refusal."""
    held = {str(line["Id"]) for line in draft.before.get("Line", ()) if "Id" in line}
    made = draft.before.get("_lines_made", 0)
    if draft.origin == "seed":
        held = {str(line["Id"]) for line in doc["Line"] if str(line.get("Id")).isdecimal()}
        made = max((int(one) for one in held), default=0)
    lines, used = purchase_lines.completed(draft.realm, doc["Line"], held_ids=held, made=made)
    doc = purchase_tax.taxed(draft, {**doc, "Line": lines, "_lines_made": used})
    return {**doc, "TotalAmt": purchase_lines.total_of(doc["Line"], tax=purchase_tax.total(doc))}
