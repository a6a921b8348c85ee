"""What sales forms and payments post. Each is a pure look at the document; all are balanced by construction."""

from collections.abc import Iterator
from decimal import Decimal

from infra.sandbox.quickbooks.entities import exchange, links, roles
from infra.sandbox.quickbooks.entities.bundle_lines import flat
from infra.sandbox.quickbooks.entities.ledger import gathered
from infra.sandbox.quickbooks.entities.sales_lines import DISCOUNT_LINE, ITEM_LINE, TEXT_LINE
from infra.sandbox.quickbooks.store import Posting, Postings, Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc, money

TEXT_INCOME = "ServiceFeeIncome"  # where a line that only has a text and an amount posts to


def in_home(doc: Doc, amount: Decimal) -> Decimal:
    """An amount of the document in the company's own currency."""
    return exchange.in_home(doc.get("ExchangeRate"), amount)


def invoiced(realm: Realm, doc: Doc) -> Postings:
    """An invoice: the customer owes its total, income accounts have earned it."""
    return _sold(realm, doc, roles.account(realm, roles.RECEIVABLE), owed=doc["TotalAmt"], sign=1)


def credited(realm: Realm, doc: Doc) -> Postings:
    """A credit memo: an invoice the other way round."""
    return _sold(realm, doc, roles.account(realm, roles.RECEIVABLE), owed=-doc["TotalAmt"], sign=-1)


def receipted(realm: Realm, doc: Doc) -> Postings:
    """A sales receipt: the money is there, nobody owes anything."""
    return _sold(realm, doc, doc["DepositToAccountRef"]["value"], owed=NOTHING, sign=1)


def received(realm: Realm, doc: Doc) -> Postings:
    """A payment: money in the deposit account, and that much less is owed by who owed it.

    Invoices are settled at the rates they were written at; what the money is worth more or less is gained or lost.
    """
    amount, receivable = in_home(doc, doc["TotalAmt"]), roles.account(realm, roles.RECEIVABLE)
    settled = _settled(realm, doc)
    entries = [(doc["DepositToAccountRef"]["value"], amount)]
    gained = sum((home for home, _ in settled.values()), NOTHING) - amount
    if gained:
        entries.append((roles.account(realm, roles.EXCHANGE), gained))
    owed = (Posting(receivable, -home, ("Customer", one), -own) for one, (home, own) in settled.items())
    return (*gathered(entries), *owed)


def _settled(realm: Realm, doc: Doc) -> dict[str, tuple[Decimal, Decimal]]:
    """Customer id -> what is settled of their documents, at home and in their currency; the rest is the payer's."""
    left = links.unapplied(doc)
    found = {doc["CustomerRef"]["value"]: (in_home(doc, left), left)}
    for (entity, record_id), part in links.applied(doc).items():
        target, own = realm.records[entity][record_id].doc, -part if entity in links.CREDITS else part
        owner = target["CustomerRef"]["value"]
        home, before = found.get(owner, (NOTHING, NOTHING))
        found[owner] = (home + in_home(target, own), before + own)
    return found


def _sold(realm: Realm, doc: Doc, account: str, *, owed: Decimal, sign: int) -> Postings:
    """Debit the account with what the form is worth, credit who earned it; a rounded rate's rest goes to the first."""
    worth = in_home(doc, doc["TotalAmt"])
    earned = [(one, sign * amount) for one, amount in _earned(realm, doc)]
    rest = sign * worth + sum((amount for _, amount in earned), NOTHING)
    if rest:
        earned[0] = (earned[0][0], earned[0][1] - rest)
    party = ("Customer", doc["CustomerRef"]["value"]) if "CustomerRef" in doc else None
    cost = [(one, sign * amount) for one, amount in _cost(realm, doc)]
    return (Posting(account, sign * worth, party, owed), *gathered((*earned, *cost)))


def _earned(realm: Realm, doc: Doc) -> Iterator[tuple[str, Decimal]]:
    """Credits by account: items, discounts against them, tax."""
    for line in flat(doc["Line"]):
        amount = in_home(doc, line.get("Amount", NOTHING))
        if line["DetailType"] == ITEM_LINE:
            item = realm.records["Item"][line[ITEM_LINE]["ItemRef"]["value"]].doc
            yield item["IncomeAccountRef"]["value"], -amount
        elif line["DetailType"] == DISCOUNT_LINE:
            yield line[DISCOUNT_LINE]["DiscountAccountRef"]["value"], amount
        elif line["DetailType"] == TEXT_LINE and amount:
            yield roles.account(realm, TEXT_INCOME), -amount
    tax = doc.get("TxnTaxDetail", {}).get("TotalTax", NOTHING)
    if tax:
        yield roles.account(realm, roles.SALES_TAX), -in_home(doc, tax)


def check_accounts(realm: Realm, doc: Doc) -> None:
    """Raises Refusal where the company has not the accounts that the form would post to: postings never refuse."""
    roles.account(realm, roles.RECEIVABLE)
    for _ in _earned(realm, doc):
        continue


def _cost(realm: Realm, doc: Doc) -> Iterator[tuple[str, Decimal]]:
    """An inventory item that is sold moves its cost from stock to cost of goods."""
    for line in flat(doc["Line"]):
        detail = line.get(ITEM_LINE, {})
        item = realm.records["Item"][detail["ItemRef"]["value"]].doc if detail else {}
        if item.get("Type") == "Inventory":
            cost = money(Decimal(item.get("PurchaseCost", 0)) * Decimal(detail.get("Qty", 0)))
            yield item["ExpenseAccountRef"]["value"], cost
            yield item["AssetAccountRef"]["value"], -cost
