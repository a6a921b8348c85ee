"""Sales tax in the US: lines say TAX or NON, the form says which code; or QuickBooks finds the code by itself."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import preferences, tax_lines
from infra.sandbox.quickbooks.entities.bundle_lines import flat
from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.entities.sales_lines import ITEM_LINE
from infra.sandbox.quickbooks.faults import FaultError, fault_error
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc

TAXED, UNTAXED = "TAX", "NON"


def line_faults(lines: list[Doc]) -> list[FaultError]:
    """6100 for each line with another code than these two."""
    codes = [line.get(ITEM_LINE, {}).get("TaxCodeRef", {}).get("value", UNTAXED) for line in flat(lines)]
    return [fault_error("line_tax_code", value=code) for code in codes if code not in (TAXED, UNTAXED)]


def taxed(draft: Draft, doc: Doc) -> Doc:
    """The form with its tax. A tax that was sent stands, unless the company's tax is automated."""
    sent = tax_lines.sent(draft)
    if sent is None and tax_lines.unchanged(draft, doc):
        return doc
    realm, net = draft.realm, _net(draft.realm, doc)
    if preferences.flag(realm, "TaxPrefs", "PartnerTaxEnabled"):
        return {**doc, "TxnTaxDetail": _automated(realm, doc, net)}
    code = (sent or draft.before.get("TxnTaxDetail") or {}).get("TxnTaxCodeRef") or _usual(realm, doc, net)
    lines = tax_lines.tax_lines(realm, {code["value"]: net}) if code else []
    detail = tax_lines.detail(lines, code=code, wanted=(sent or {}).get("TotalTax"))
    return {**doc, "TxnTaxDetail": detail}


def company_code(realm: Realm) -> Doc | None:
    """The code that new customers are taxed with: the company's own, or its first."""
    found = preferences.setting(realm, "TaxPrefs", "TaxGroupCodeRef")
    if isinstance(found, dict) and realm.find("TaxCode", str(found["value"])):
        return {"value": str(found["value"])}
    return next(({"value": one} for one in realm.records["TaxCode"]), None)


def _net(realm: Realm, doc: Doc) -> Decimal:
    discounted = realm.switches.discount_before_tax == "always" or doc["ApplyTaxAfterDiscount"]
    return tax_lines.bases(doc["Line"], discounted=discounted).get(TAXED, NOTHING)


def _usual(realm: Realm, doc: Doc, net: Decimal) -> Doc | None:
    """The customer's own code, if there is anything to tax and the customer is taxed at all."""
    customer = _customer(realm, doc)
    return customer.get("DefaultTaxCodeRef") if net and customer.get("Taxable") else None


def _automated(realm: Realm, doc: Doc, net: Decimal) -> Doc:
    """Computed from where the customer is, whatever was sent; nothing without an address. No code is told."""
    customer = _customer(realm, doc)
    somewhere = any(name in doc for name in ("ShipAddr", "BillAddr"))
    code = customer.get("DefaultTaxCodeRef") or company_code(realm)
    taxable = net and somewhere and code and customer.get("Taxable", True)
    lines = tax_lines.tax_lines(realm, {code["value"]: net}) if code and taxable else []
    return tax_lines.detail(lines, code=None)


def _customer(realm: Realm, doc: Doc) -> Doc:
    reference = doc.get("CustomerRef")
    return {} if reference is None else realm.records["Customer"][reference["value"]].doc
