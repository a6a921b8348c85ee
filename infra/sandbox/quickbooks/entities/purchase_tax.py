"""Tax on what is bought: none in the US; elsewhere each line has a code, and the form says how it is reckoned."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import tax_code, tax_lines
from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.entities.purchase_lines import detail_of, with_detail
from infra.sandbox.quickbooks.faults import Refusal, fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import CENT, NOTHING, Doc, money

HOME = "US"
EXCLUDED, INCLUSIVE, NOT_APPLICABLE = WAYS = ("TaxExcluded", "TaxInclusive", "NotApplicable")
_NO_RATE = "Make sure all your transactions have a VAT rate before you save."


def taxed(draft: Draft, doc: Doc) -> Doc:
    """The form with its tax; its lines are whole already. Raises Refusal."""
    if draft.realm.country == HOME:
        return _untaxed(doc)
    _check(draft.realm, doc)
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
    found = tax_lines.tax_lines(draft.realm, _bases(doc["Line"]), side="Purchase")
    detail = tax_lines.detail(found, code=None, wanted=(sent or {}).get("TotalTax"))
    return {**untaxed, "Line": [_without_gross(line) for line in doc["Line"]], "TxnTaxDetail": detail}


def total(doc: Doc) -> Decimal:
    """The tax of a form."""
    return Decimal(doc.get("TxnTaxDetail", {}).get("TotalTax", NOTHING))


def _untaxed(doc: Doc) -> Doc:
    """What a US company does not know on purchases is ignored where it says nothing, and refused where it does."""
    if doc.get("GlobalTaxCalculation") == INCLUSIVE or total(doc):
        raise not_modelled("tax on purchases in the US")
    kept = {name: value for name, value in doc.items() if name not in ("GlobalTaxCalculation", "TxnTaxDetail")}
    return {**kept, "Line": [_without_gross(line) for line in doc["Line"]]}


def _check(realm: Realm, doc: Doc) -> None:
    """2020 without a way; on a taxed form 6000 for each line without a code; 6160 for each code that there is not."""
    way, found = doc.get("GlobalTaxCalculation"), []
    if way is None:
        raise refusal("missing", name="GlobalTaxCalculation")
    for line in doc["Line"]:
        code = detail_of(line).get("TaxCodeRef", {}).get("value")
        if code is not None and realm.find("TaxCode", code) is None:
            found.append(fault_error("tax_code", value=code))
        elif code is None and way != NOT_APPLICABLE:
            found.append(fault_error("business", reason=_NO_RATE))
    if found:
        raise Refusal(tuple(found))


def _bases(lines: list[Doc]) -> dict[str, Decimal]:
    """Tax code -> the amount it taxes."""
    found: dict[str, Decimal] = {}
    for line in lines:
        code = detail_of(line)["TaxCodeRef"]["value"]
        found[code] = found.get(code, NOTHING) + line["Amount"]
    return found


def _inclusive(realm: Realm, doc: Doc) -> Doc:
    """A line's Amount is without tax all the same; TaxInclusiveAmt tells it with tax."""
    lines = [_with_gross(realm, line) for line in doc["Line"]]
    tax = sum((detail_of(line)["TaxInclusiveAmt"] - line["Amount"] for line in lines), NOTHING)
    found = tax_lines.tax_lines(realm, _bases(lines), side="Purchase")
    return {**doc, "Line": lines, "TxnTaxDetail": tax_lines.detail(found, code=None, wanted=tax)}


def _with_gross(realm: Realm, line: Doc) -> Doc:
    detail = detail_of(line)
    rates = tax_code.rates(realm, detail["TaxCodeRef"]["value"], side="Purchase")
    gross = line["Amount"] + money(line["Amount"] * sum((Decimal(one) for _, one in rates), Decimal(0)) / 100)
    told = detail.get("TaxInclusiveAmt") or gross
    if abs(told - gross) > CENT:
        raise not_modelled("TaxInclusiveAmt that is not Amount plus its tax")
    return with_detail(line, {**detail, "TaxInclusiveAmt": told})


def _without_gross(line: Doc) -> Doc:
    detail = detail_of(line)
    if "TaxInclusiveAmt" not in detail:
        return line
    return with_detail(line, {name: value for name, value in detail.items() if name != "TaxInclusiveAmt"})
