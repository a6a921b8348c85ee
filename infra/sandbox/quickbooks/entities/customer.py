"""Customer: a tree of names with balances."""

from infra.sandbox.quickbooks.entities import balances, names, parts, purchase_lines, sales_tax, tree
from infra.sandbox.quickbooks.entities.entity import Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD, PERSON, made, text
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.fields import Field, Part, Table
from infra.sandbox.quickbooks.kinds import Currency, Flag, Money, Ref, Text, Whole
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc

DEEPEST = 4  # levels below the top
TRANSACTIONS = ("Estimate", "Invoice", "SalesReceipt", "CreditMemo", "Payment")
DELIVERY = ("Print", "Email", "None")

TABLE = Table(
    "Customer",
    (
        Field("Taxable", Flag(), query=True, default=True),
        Field("BillAddr", Part(parts.ADDRESS)),
        Field("ShipAddr", Part(parts.ADDRESS)),
        text("Notes", 2000),
        Field("Job", Flag(), query=True, default=False),
        Field("BillWithParent", Flag(), query=True, default=False),
        Field("ParentRef", Ref("Customer", named=False), query=True),
        made("Level", Whole(), query=True),
        Field("SalesTermRef", Ref("Term")),
        made("Balance", Money(), query=True, default=NOTHING),
        made("BalanceWithJobs", Money(), query=True, default=NOTHING),
        Field("CurrencyRef", Currency()),
        Field("PreferredDeliveryMethod", Text(choices=DELIVERY), default="Print"),
        text("ResaleNum", 16),
        Field("PaymentMethodRef", Ref("PaymentMethod")),
        made("IsProject"),
        *HEAD,
        *PERSON,
        made("FullyQualifiedName", query=True),
        text("CompanyName", 100, query=True),
        text("DisplayName", 500, query=True),
        text("PrintOnCheckName", 100, query=True),
        Field("Active", Flag(), query=True, default=True),
        Field("PrimaryPhone", Part(parts.PHONE), query=True),
        Field("AlternatePhone", Part(parts.PHONE)),
        Field("Mobile", Part(parts.PHONE)),
        Field("Fax", Part(parts.PHONE)),
        Field("PrimaryEmailAddr", Part(parts.EMAIL), query=True),
        Field("WebAddr", Part(parts.WEB)),
        Field("DefaultTaxCodeRef", Ref("TaxCode", named=False)),
        made("V4IDPseudonym"),
    ),
    unmodelled=frozenset(
        {
            *("CustomerTypeRef", "OpenBalanceDate", "TaxExemptionReasonId", "ARAccountRef", "CustomField"),
            *("ContactName", "AltContactName", "OtherAddr", "OtherContactInfo", "UserId"),
            *("PrimaryTaxIdentifier", "SecondaryTaxIdentifier", "GSTIN", "GSTRegistrationType", "BusinessNumber"),
            *("CreditLimit", "AcctNum", "AttachableRef", "Organization", "RootCustomerRef", "SalesRepRef"),
            "PriceLevelRef",
            *("TotalRevenue", "TotalExpense", "ClientEntityId", "TaxRegime", "IntuitId", "CCDetail", "JobInfo"),
            *("ClientCompanyId", "Source", "source", "ExternalId"),
        }
    ),
)


def complete(draft: Draft) -> Doc:
    """Names, place in the tree and defaults of a customer."""
    doc = {**TABLE.defaults, **draft.doc}
    if bool(doc["Job"]) != ("ParentRef" in doc):
        raise refusal("parent_and_job")
    _check_use(draft, doc)
    doc = {**_taxed(draft), **doc}
    doc = names.with_addresses(draft, names.named(draft, doc))
    _check_balance(draft, doc)
    doc = {**doc, **_place(draft, doc)}
    doc["PrintOnCheckName"] = doc.get("PrintOnCheckName") or _printed_name(doc)
    if draft.realm.switches.same_child_name == "refused" or "ParentRef" not in doc:
        names.check_unique(draft, "Customer", doc)
    else:
        _check_siblings(draft, doc)
    return doc


def _taxed(draft: Draft) -> Doc:
    """Customers that are made by the API are taxed as the company usually is, others as nobody said."""
    code = sales_tax.company_code(draft.realm) if draft.record is None and draft.origin == "api" else None
    return {} if code is None or draft.realm.country != "US" else {"DefaultTaxCodeRef": code}


def _check_use(draft: Draft, doc: Doc) -> None:
    """What cannot change once there are transactions: the currency, and who is billed (6130)."""
    before = draft.before
    currency = before.get("CurrencyRef", doc["CurrencyRef"]) != doc["CurrencyRef"]
    billing = before.get("BillWithParent", doc["BillWithParent"]) != doc["BillWithParent"]
    if draft.record is None or not (currency or billing) or not _is_used(draft.realm, draft.record):
        return
    if currency:
        raise refusal("business", reason="The currency of a customer that has transactions cannot be changed.")
    raise refusal("billed_with_parent", name=before["DisplayName"])


def _is_used(realm: Realm, record: Record) -> bool:
    return any(realm.found_by(entity, "CustomerRef", record.id) for entity in TRANSACTIONS)


def _printed_name(doc: Doc) -> str:
    return str(doc.get("CompanyName") or doc["DisplayName"]).removesuffix(names.SUFFIX)


def _check_balance(draft: Draft, doc: Doc) -> None:
    if doc["Active"] or draft.record is None or not draft.before.get("Active", True):
        return
    if doc["Balance"] or doc["BalanceWithJobs"]:
        raise refusal("has_balance", what="customer")
    if purchase_lines.unbilled(draft.realm, draft.record.id):
        raise refusal("unbilled_expenses")


def _check_siblings(draft: Draft, doc: Doc) -> None:
    for record_id in draft.realm.found_by("Customer", "FullyQualifiedName", doc["FullyQualifiedName"]) or ():
        if draft.record is None or record_id != draft.record.id:
            raise refusal("name_taken")


def _place(draft: Draft, doc: Doc) -> Doc:
    """FullyQualifiedName and Level, from the parent chain (6180 when too deep)."""
    if "ParentRef" not in doc:
        return {"FullyQualifiedName": doc["DisplayName"], "Level": None}
    parent = draft.realm.records["Customer"][doc["ParentRef"]["value"]]
    tree.refuse_loop(draft, parent)
    level = (parent.doc.get("Level") or 0) + 1
    if level + tree.height(draft.realm, draft.record) > DEEPEST:
        raise refusal("too_deep")
    return {"FullyQualifiedName": f"{parent.doc['FullyQualifiedName']}:{doc['DisplayName']}", "Level": level}


def effects(realm: Realm, record: Record, before: Doc, after: Doc) -> None:
    """A sub-customer touches its parents and carries its balance along; a rename goes down the tree."""
    old, new = before.get("ParentRef"), after.get("ParentRef")
    amount = after["BalanceWithJobs"]
    if old != new:
        balances.add_to_parents(realm, old, -amount)
        balances.add_to_parents(realm, new, amount)
    if before and before["FullyQualifiedName"] != after["FullyQualifiedName"]:
        _rename_children(realm, record)


def _rename_children(realm: Realm, record: Record) -> None:
    for child in tree.children(realm, record):
        full = f"{record.doc['FullyQualifiedName']}:{child.doc['DisplayName']}"
        realm.touch(child, {**child.doc, "FullyQualifiedName": full, "Level": (record.doc.get("Level") or 0) + 1})
        _rename_children(realm, child)


CUSTOMER = Entity(
    Shelf(
        "Customer",
        TABLE,
        sequence="Names",
        title="FullyQualifiedName",
        name="DisplayName",
        namespace="Names",
        indexed=("DisplayName", "FullyQualifiedName", "ParentRef"),
    ),
    complete,
    effects,
    kept=frozenset({"Active", "DefaultTaxCodeRef"}),
    order=("FullyQualifiedName", False),
)
