"""Tax outside the US: each line has a tax code, and the form says whether its amounts are before or with tax."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import tax_code, tax_lines
from infra.sandbox.quickbooks.entities.bundle_lines import GROUP_LINE, flat
from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.entities.sales_lines import DISCOUNT_LINE, ITEM_LINE
from infra.sandbox.quickbooks.faults import FaultError, fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import CENT, NOTHING, Doc, money

EXCLUDED, INCLUSIVE, NOT_APPLICABLE = "TaxExcluded", "TaxInclusive", "NotApplicable"
_NO_RATE = "Make sure all your transactions have a VAT rate before you save."


def line_faults(realm: Realm, doc: Doc) -> list[FaultError]:
    """A form says how its tax is reckoned (2020); a taxed one has a code on each line (6000), a real one (6160)."""
    way, found = doc.get("GlobalTaxCalculation"), []
    if way is None:
        return [fault_error("missing", name="GlobalTaxCalculation")]
    for line in flat(doc.get("Line") or []):
        code = line.get(ITEM_LINE, {}).get("TaxCodeRef", {}).get("value")
        if code is not None and realm.find("TaxCode", code) is None:
            found.append(fault_error("tax_code", value=code))
        elif code is None and line.get("DetailType") == ITEM_LINE and way != NOT_APPLICABLE:
            found.append(fault_error("business", reason=_NO_RATE))
    return found


def taxed(draft: Draft, doc: Doc) -> Doc:
    """The form with its tax, and its lines with what they come to where the amounts include it."""
    sent = tax_lines.sent(draft)
    if sent is None and tax_lines.unchanged(draft, doc):
        return doc
    untaxed = {name: value for name, value in doc.items() if name != "TxnTaxDetail"}
    way = doc["GlobalTaxCalculation"]
    if way == NOT_APPLICABLE:
        if sent:
            raise refusal("tax_detail")
        return {**untaxed, "Line": [_without_gross(line) for line in doc["Line"]]}
    if way == INCLUSIVE:
        return _inclusive(draft.realm, untaxed)
    lines = [_without_gross(line) for line in doc["Line"]]
    discounted = draft.realm.switches.discount_before_tax == "always" or doc["ApplyTaxAfterDiscount"]
    found = tax_lines.tax_lines(draft.realm, tax_lines.bases(lines, discounted=discounted))
    return {
        **untaxed,
        "Line": lines,
        "TxnTaxDetail": tax_lines.detail(found, code=None, wanted=(sent or {}).get("TotalTax")),
    }


def _inclusive(realm: Realm, doc: Doc) -> Doc:
    """A line's Amount is without tax all the same; TaxInclusiveAmt tells it with tax."""
    for line in doc["Line"]:
        if line["DetailType"] in (DISCOUNT_LINE, GROUP_LINE):
            raise not_modelled(f"{line['DetailType']} with GlobalTaxCalculation TaxInclusive")
    lines = [_with_gross(realm, line) for line in doc["Line"]]
    taxes = [line[ITEM_LINE]["TaxInclusiveAmt"] - line["Amount"] for line in lines if ITEM_LINE in line]
    found = tax_lines.tax_lines(realm, tax_lines.bases(lines, discounted=False))
    return {**doc, "Line": lines, "TxnTaxDetail": tax_lines.detail(found, code=None, wanted=sum(taxes, NOTHING))}


def _with_gross(realm: Realm, line: Doc) -> Doc:
    detail = line.get(ITEM_LINE)
    if detail is None:
        return line
    percent = sum((Decimal(one) for _, one in tax_code.rates(realm, detail["TaxCodeRef"]["value"])), Decimal(0))
    gross = line["Amount"] + money(line["Amount"] * percent / 100)
    told = detail.get("TaxInclusiveAmt") or gross
    if abs(told - gross) > CENT:
        raise not_modelled("TaxInclusiveAmt that is not Amount plus its tax")
    return {**line, ITEM_LINE: {**detail, "TaxInclusiveAmt": told}}


def _without_gross(line: Doc) -> Doc:
    detail = line.get(ITEM_LINE, {})
    if "TaxInclusiveAmt" not in detail:
        return line
    return {**line, ITEM_LINE: {name: value for name, value in detail.items() if name != "TaxInclusiveAmt"}}
