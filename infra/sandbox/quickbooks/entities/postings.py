"""What sales forms and payments post. Each is a pure look at the document; all are balanced by construction."""

from collections.abc import Iterator
from decimal import Decimal

from infra.sandbox.quickbooks.entities import roles
from infra.sandbox.quickbooks.entities.ledger import gathered
from infra.sandbox.quickbooks.entities.sales_lines import DISCOUNT_LINE, ITEM_LINE
from infra.sandbox.quickbooks.store import Posting, Postings, Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc, money


def in_home(doc: Doc, amount: Decimal) -> Decimal:
    """An amount of the document in the company's own currency."""
    rate = doc.get("ExchangeRate")
    return amount if rate is None else money(amount * Decimal(rate))


def invoiced(realm: Realm, doc: Doc) -> Postings:
    """An invoice: the customer owes its total, income accounts have earned it."""
    earned = gathered((*_earned(realm, doc), *_cost(realm, doc)))
    debit = -sum((one.amount for one in earned), NOTHING)
    party = ("Customer", doc["CustomerRef"]["value"])
    return (Posting(roles.account(realm, roles.RECEIVABLE), debit, party, doc["TotalAmt"]), *earned)


def received(realm: Realm, doc: Doc) -> Postings:
    """A payment: money in the deposit account, and the customer owes that much less."""
    amount, party = in_home(doc, doc["TotalAmt"]), ("Customer", doc["CustomerRef"]["value"])
    owed = Posting(roles.account(realm, roles.RECEIVABLE), -amount, party, -doc["TotalAmt"])
    return (*gathered([(doc["DepositToAccountRef"]["value"], amount)]), owed)


def _earned(realm: Realm, doc: Doc) -> Iterator[tuple[str, Decimal]]:
    """Credits by account: items, discounts against them, tax."""
    for line in doc["Line"]:
        amount = in_home(doc, line.get("Amount", NOTHING))
        if line["DetailType"] == ITEM_LINE:
            item = realm.records["Item"][line[ITEM_LINE]["ItemRef"]["value"]].doc
            yield item["IncomeAccountRef"]["value"], -amount
        elif line["DetailType"] == DISCOUNT_LINE:
            yield line[DISCOUNT_LINE]["DiscountAccountRef"]["value"], amount
        elif line["DetailType"] == "DescriptionOnly" and amount:
            yield roles.account(realm, "ServiceFeeIncome"), -amount
    tax = doc.get("TxnTaxDetail", {}).get("TotalTax", NOTHING)
    if tax:
        yield roles.account(realm, roles.SALES_TAX), -in_home(doc, tax)


def _cost(realm: Realm, doc: Doc) -> Iterator[tuple[str, Decimal]]:
    """An inventory item that is sold moves its cost from stock to cost of goods."""
    for line in doc["Line"]:
        detail = line.get(ITEM_LINE, {})
        item = realm.records["Item"][detail["ItemRef"]["value"]].doc if detail else {}
        if item.get("Type") == "Inventory":
            cost = money(Decimal(item.get("PurchaseCost", 0)) * Decimal(detail.get("Qty", 0)))
            yield item["ExpenseAccountRef"]["value"], cost
            yield item["AssetAccountRef"]["value"], -cost
