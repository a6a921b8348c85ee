"""Tax outside the US: each line has a tax code, and the form says whether its amounts are before or with tax."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import tax_code, tax_lines
from infra.sandbox.quickbooks.entities.bundle_lines import GROUP_LINE, flat
from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.entities.sales_lines import DISCOUNT_LINE
from infra.sandbox.quickbooks.faults import FaultError, fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import CENT, NOTHING, Doc, money

_, INCLUSIVE, NOT_APPLICABLE = WAYS = ("TaxExcluded", "TaxInclusive", "NotApplicable")
_NO_RATE = "Make sure all your transactions have a VAT rate before you save."


def line_faults(realm: Realm, doc: Doc) -> list[FaultError]:
    """A form says how its tax is reckoned (2020); a taxed one has a code on each line (6000), a real one (6160)."""
    way, found = doc.get("GlobalTaxCalculation"), []
    if way is None:
        return [fault_error("missing", name="GlobalTaxCalculation")]
    for line in flat(doc.get("Line") or []):
        detail = tax_lines.about(line)
        code = (detail or {}).get("TaxCodeRef", {}).get("value")
        if code is not None and realm.find("TaxCode", code) is None:
            found.append(fault_error("tax_code", value=code))
        elif code is None and detail is not None and way != NOT_APPLICABLE:
            found.append(fault_error("business", reason=_NO_RATE))
    return found


def taxed(draft: Draft, doc: Doc, *, side: str = "Sales") -> Doc:
    """The form with its tax, and its lines with what they come to where the amounts include it.

    `side`: which of a code's rates count, Sales or Purchase. Raises Refusal.
    """
    sent = tax_lines.sent(draft)
    if sent is None and tax_lines.unchanged(draft, doc):
        return doc
    untaxed = {name: value for name, value in doc.items() if name != "TxnTaxDetail"}
    way = doc["GlobalTaxCalculation"]
    if way == INCLUSIVE:
        return _inclusive(draft.realm, untaxed, side=side)
    lines = [without_gross(line) for line in doc["Line"]]
    if way == NOT_APPLICABLE:
        if sent:
            raise refusal("tax_detail")
        return {**untaxed, "Line": lines}
    discounted = draft.realm.switches.discount_before_tax == "always" or bool(doc.get("ApplyTaxAfterDiscount"))
    found = tax_lines.tax_lines(draft.realm, tax_lines.bases(lines, discounted=discounted), side=side)
    detail = tax_lines.detail(found, code=None, wanted=(sent or {}).get("TotalTax"))
    return {**untaxed, "Line": lines, "TxnTaxDetail": detail}


def _inclusive(realm: Realm, doc: Doc, *, side: str) -> Doc:
    """A line's Amount is without tax all the same; TaxInclusiveAmt tells it with tax."""
    for line in doc["Line"]:
        if line["DetailType"] in (DISCOUNT_LINE, GROUP_LINE):
            raise not_modelled(f"{line['DetailType']} with GlobalTaxCalculation TaxInclusive")
    lines = [_with_gross(realm, line, side=side) for line in doc["Line"]]
    details = [(tax_lines.about(line), line) for line in lines]
    tax = sum((about["TaxInclusiveAmt"] - line["Amount"] for about, line in details if about is not None), NOTHING)
    found = tax_lines.tax_lines(realm, tax_lines.bases(lines, discounted=False), side=side)
    return {**doc, "Line": lines, "TxnTaxDetail": tax_lines.detail(found, code=None, wanted=tax)}


def _with_gross(realm: Realm, line: Doc, *, side: str) -> Doc:
    detail = tax_lines.about(line)
    if detail is None:
        return line
    rates = tax_code.rates(realm, detail["TaxCodeRef"]["value"], side=side)
    gross = line["Amount"] + money(line["Amount"] * sum((Decimal(one) for _, one in rates), Decimal(0)) / 100)
    told = detail.get("TaxInclusiveAmt") or gross
    if abs(told - gross) > CENT:
        raise not_modelled("TaxInclusiveAmt that is not Amount plus its tax")
    return {**line, line["DetailType"]: {**detail, "TaxInclusiveAmt": told}}


def without_gross(line: Doc) -> Doc:
    """The line, whose amount includes no tax."""
    detail = tax_lines.about(line)
    if detail is None or "TaxInclusiveAmt" not in detail:
        return line
    del detail["TaxInclusiveAmt"]
    return {**line, line["DetailType"]: detail}
