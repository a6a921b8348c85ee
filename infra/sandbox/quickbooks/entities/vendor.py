"""Vendor: a name with a balance; it shares its namespace with customers."""

from infra.sandbox.quickbooks.entities import names, parts
from infra.sandbox.quickbooks.entities.entity import Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.fields import Field, Part, Table
from infra.sandbox.quickbooks.kinds import Currency, Flag, Money
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.wire import NOTHING, Doc

MASKED = "XXXXXX"  # stands before the last four characters of a tax identifier

TABLE = Table(
    "Vendor",
    (
        Field("BillAddr", Part(parts.ADDRESS)),
        text("TaxIdentifier", 20),
        made("Balance", Money(), query=True, default=NOTHING),
        text("AcctNum", 100),
        Field("Vendor1099", Flag(), query=True, default=False),
        Field("CurrencyRef", Currency()),
        *HEAD,
        text("Title", 16, query=True),
        text("GivenName", 100, query=True),
        text("MiddleName", 100, query=True),
        text("FamilyName", 100, query=True),
        text("Suffix", 16, query=True),
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
            *(
                "TermRef",
                "APAccountRef",
                "OtherContactInfo",
                "GSTIN",
                "GSTRegistrationType",
                "T4AEligible",
                "T5018Eligible",
            ),
            *("HasTPAR", "TaxReportingBasis", "BusinessNumber", "VendorPaymentBankDetail", "CostRate", "BillRate"),
            *("OtherAddr", "ContactName", "AltContactName", "Notes", "ShipAddr", "AttachableRef", "TDSEnabled"),
            *("OpenBalanceDate", "UserId", "Organization", "IntuitId", "CustomField", "source", "Source"),
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
    held = doc.get("_held_name")
    names.check_unique(draft, "Vendor", doc["DisplayName"], *((held,) if held else ()))
    return doc


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
