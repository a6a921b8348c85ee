"""How much tax: what is taxed by which code, and the lines that a form tells it with."""

from collections.abc import Mapping
from decimal import Decimal

from infra.sandbox.quickbooks.entities import tax_code
from infra.sandbox.quickbooks.entities.bundle_lines import flat
from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.entities.sales_lines import DISCOUNT_LINE
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc, money

_WITH_CODE = ("SalesItemLineDetail", "ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail")


def sent(draft: Draft) -> Doc | None:
    """What this request says of tax; None where it says nothing."""
    found = draft.doc.get("TxnTaxDetail")
    return None if found is None or found is draft.before.get("TxnTaxDetail") else dict(found)


def unchanged(draft: Draft, doc: Doc) -> bool:
    """A sparse edit that touches nothing of this leaves a tax as it is, also one that was sent once."""
    names = ("ApplyTaxAfterDiscount", "GlobalTaxCalculation", "CustomerRef")
    same = all(draft.before.get(name) == doc.get(name) for name in names)
    return same and "Line" in draft.before and draft.doc.get("Line") is draft.before["Line"]


def about(line: Doc) -> Doc | None:
    """The detail of a line that may carry a tax code; None for discounts, texts, subtotals and bundles."""
    kind = line.get("DetailType")
    return dict(line.get(kind) or {}) if kind in _WITH_CODE else None


def bases(lines: list[Doc], *, discounted: bool) -> dict[str, Decimal]:
    """Tax code -> the amount it taxes; `discounted`, each carries its share of the form's discount."""
    found: dict[str, Decimal] = {}
    for line in flat(lines):
        code = (about(line) or {}).get("TaxCodeRef")
        if code:
            found[code["value"]] = found.get(code["value"], NOTHING) + line["Amount"]
    discount = sum((line["Amount"] for line in lines if line["DetailType"] == DISCOUNT_LINE), NOTHING)
    if not discounted or not discount:
        return found
    whole = sum((line["Amount"] for line in flat(lines) if about(line) is not None), NOTHING)
    return {code: amount - (money(discount * amount / whole) if whole else NOTHING) for code, amount in found.items()}


def tax_lines(realm: Realm, taxed: Mapping[str, Decimal], *, side: str = "Sales") -> list[Doc]:
    """One line for each rate of these codes, over all that it taxes; `side` Purchase for what is bought."""
    nets: dict[str, Decimal] = {}
    percents: dict[str, Decimal | int] = {}
    for code, net in taxed.items():
        for rate, percent in tax_code.rates(realm, code, side=side):
            nets[rate], percents[rate] = nets.get(rate, NOTHING) + net, percent
    return [_line(rate, percents[rate], net) for rate, net in nets.items() if net]


def _line(rate: str, percent: Decimal | int, net: Decimal) -> Doc:
    detail = {"TaxRateRef": {"value": rate}, "PercentBased": True, "TaxPercent": percent, "NetAmountTaxable": net}
    return {"Amount": money(net * percent / 100), "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def total(lines: list[Doc]) -> Decimal:
    """What they come to."""
    return sum((line["Amount"] for line in lines), NOTHING)


def overridden(lines: list[Doc], wanted: Decimal) -> list[Doc]:
    """The lines so that they come to `wanted`: each in proportion, the last one takes what is left."""
    computed = total(lines)
    if not lines or not computed or computed == wanted:
        return lines
    shares = [money(line["Amount"] * wanted / computed) for line in lines[:-1]]
    shares.append(wanted - sum(shares, NOTHING))
    return [{**line, "Amount": share} for line, share in zip(lines, shares, strict=True)]


def detail(lines: list[Doc], *, code: Doc | None, wanted: Decimal | None = None) -> Doc:
    """A TxnTaxDetail; `wanted` is a TotalTax that was sent instead of the computed one."""
    shown = lines if wanted is None else overridden(lines, wanted)
    found: Doc = {} if code is None else {"TxnTaxCodeRef": code}
    found["TotalTax"] = total(lines) if wanted is None else wanted
    return {**found, "TaxLine": shown} if shown else found
