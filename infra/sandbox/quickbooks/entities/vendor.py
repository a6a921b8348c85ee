"""Vendor: a name with a balance; it shares its namespace with customers."""

from infra.sandbox.quickbooks.entities import names, parts, purchase_forms
from infra.sandbox.quickbooks.entities.entity import Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD, PERSON, made, text
from infra.sandbox.quickbooks.entities.purchase_parts import Blank
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.fields import Field, Part, Table
from infra.sandbox.quickbooks.kinds import Currency, Flag, Money, Number, Ref
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.wire import NOTHING, Doc

MASKED = "XXXXXX"  # stands before the last four characters of a tax identifier
TRANSACTIONS = ("Bill", "BillPayment", "PurchaseOrder")

TABLE = Table(
    "Vendor",
    (
        text("Notes", 4000),
        Field("BillAddr", Part(parts.ADDRESS)),
        text("TaxIdentifier", 20),
        text("BusinessNumber", 10),
        Field("TermRef", Ref("Term", named=False)),
        made("Balance", Money(), query=True, default=NOTHING),
        Field("BillRate", Number()),
        text("AcctNum", 100),
        Field("Vendor1099", Flag(), query=True, default=False),
        Field("CurrencyRef", Currency()),
        Field("TaxReportingBasis", Blank()),
        Field("APAccountRef", Ref("Account")),
        Field("CostRate", Number()),
        *HEAD,
        *PERSON,
        text("CompanyName", 100, query=True),
        text("DisplayName", 500, query=True),
        text("PrintOnCheckName", 100, query=True),
        Field("Active", Flag(), query=True, default=True),
        Field("PrimaryPhone", Part(parts.PHONE)),
        Field("AlternatePhone", Part(parts.PHONE)),
        Field("Mobile", Part(parts.PHONE)),
        Field("Fax", Part(parts.PHONE)),
        Field("PrimaryEmailAddr", Part(parts.EMAIL)),
        Field("WebAddr", Part(parts.WEB)),
        made("V4IDPseudonym"),
    ),
    unmodelled=frozenset(
        {
            *("OtherContactInfo", "GSTIN", "GSTRegistrationType", "T4AEligible", "T5018Eligible", "HasTPAR"),
            *("VendorPaymentBankDetail", "OtherAddr", "ContactName", "AltContactName", "ShipAddr", "AttachableRef"),
            *("TDSEnabled", "TDSEntityTypeId", "TDSSectionTypeId", "TDSOverrideThreshold", "TaxIdEffectiveDate"),
            *("TaxCountry", "VendorTypeRef", "ParentRef", "PrefillAccountRef", "CreditLimit", "VendorEx"),
            *("IsSubContractor", "SubcontractorType", "CISRate", "AgencyVerificationStatus", "FullyQualifiedName"),
            *("CompanyRegistrationNumber", "DefaultTaxCodeRef", "OpenBalanceDate", "UserId", "Organization"),
            *("IntuitId", "CustomField", "source", "Source"),
        }
    ),
)


def complete(draft: Draft) -> Doc:
    """Names and defaults of a vendor."""
    doc = names.with_addresses(draft, names.named(draft, {**TABLE.defaults, **draft.doc}))
    if not doc["Active"] and draft.before.get("Active", True) and doc["Balance"]:
        raise refusal("has_balance", what="vendor")
    printed = doc.get("PrintOnCheckName") or doc.get("CompanyName") or doc["DisplayName"]
    doc["PrintOnCheckName"] = str(printed).removesuffix(names.SUFFIX)
    if "TaxIdentifier" in doc:
        doc["TaxIdentifier"] = MASKED + str(doc["TaxIdentifier"])[-4:]
    _check_currency(draft, doc)
    if "APAccountRef" in doc:
        purchase_forms.payable(draft.realm, doc)
    doc = {name: value for name, value in doc.items() if name not in ("BillRate", "CostRate") or value}
    names.check_unique(draft, "Vendor", doc)
    return doc


def _check_currency(draft: Draft, doc: Doc) -> None:
    """A vendor's currency is for good once there are transactions in it."""
    if draft.record is None or draft.before["CurrencyRef"] == doc["CurrencyRef"]:
        return
    if any(draft.realm.found_by(entity, "VendorRef", draft.record.id) for entity in TRANSACTIONS):
        raise refusal("business", reason="The currency of a vendor that has transactions cannot be changed.")


VENDOR = Entity(
    Shelf(
        "Vendor",
        TABLE,
        sequence="Names",
        title="DisplayName",
        name="DisplayName",
        namespace="Names",
        indexed=("DisplayName",),
    ),
    complete,
    kept=frozenset({"Active"}),
    order=("DisplayName", False),
)
