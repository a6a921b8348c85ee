"""Tax on what is bought: none in the US; elsewhere it is reckoned as on what is sold, at the codes' other rates."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import vat
from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.faults import Refusal, not_modelled
from infra.sandbox.quickbooks.wire import NOTHING, Doc

HOME = "US"


def taxed(draft: Draft, doc: Doc) -> Doc:
    """The form with its tax; its lines are whole already. Raises Refusal."""
    if draft.realm.country == HOME:
        return _untaxed(doc)
    if found := vat.line_faults(draft.realm, doc):
        raise Refusal(tuple(found))
    return vat.taxed(draft, doc, side="Purchase")


def total(doc: Doc) -> Decimal:
    """The tax of a form."""
    return Decimal(doc.get("TxnTaxDetail", {}).get("TotalTax", NOTHING))


def _untaxed(doc: Doc) -> Doc:
    """What a US company does not know on purchases is ignored where it says nothing, and refused where it does."""
    if doc.get("GlobalTaxCalculation") == vat.INCLUSIVE or total(doc):
        raise not_modelled("tax on purchases in the US")
    kept = {name: value for name, value in doc.items() if name not in ("GlobalTaxCalculation", "TxnTaxDetail")}
    return {**kept, "Line": [vat.without_gross(line) for line in doc["Line"]]}
