"""What bills and their payments post. Each is a pure look at the document; all are balanced by construction."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import exchange, links, purchase_lines, purchase_tax, roles
from infra.sandbox.quickbooks.entities.ledger import gathered
from infra.sandbox.quickbooks.store import Posting, Postings, Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc


def billed(realm: Realm, doc: Doc) -> Postings:
    """A bill: expenses, stock and reclaimable tax have grown, and the vendor is owed its total.

    What rounding each line at a rate leaves over goes to the first.
    """
    worth = _in_home(doc, doc["TotalAmt"])
    debits = [(account, _in_home(doc, amount)) for account, amount in purchase_lines.spent(realm, doc["Line"])]
    tax = purchase_tax.total(doc)
    if tax:
        debits.append((roles.account(realm, roles.SALES_TAX), _in_home(doc, tax)))
    rest = worth - sum((amount for _, amount in debits), NOTHING)
    debits[0] = (debits[0][0], debits[0][1] + rest)
    party = ("Vendor", doc["VendorRef"]["value"])
    return (Posting(doc["APAccountRef"]["value"], -worth, party, doc["TotalAmt"]), *gathered(debits))


def settled(realm: Realm, doc: Doc) -> Postings:
    """A bill's payment: money leaves the bank or is owed to the card, and the vendor is owed that much less.

    Bills are settled at the rates they were written at; what the money is worth more or less is lost or gained.
    """
    amount = _in_home(doc, doc["TotalAmt"])
    off = amount if doc.get("ExchangeRate") in (None, 1) else _taken_off(realm, doc)
    entries = [(paid_from(doc), -amount)]
    if amount != off:
        entries.append((roles.account(realm, roles.EXCHANGE), amount - off))
    owed = Posting(doc["_payable"], off, ("Vendor", doc["VendorRef"]["value"]), -doc["TotalAmt"])
    return (owed, *gathered(entries))


def paid_from(doc: Doc) -> str:
    """Id of the account that a bill's payment is made from."""
    if doc["PayType"] == "Check":
        return str(doc["CheckPayment"]["BankAccountRef"]["value"])
    return str(doc["CreditCardPayment"]["CCAccountRef"]["value"])


def _taken_off(realm: Realm, doc: Doc) -> Decimal:
    """What the payment takes off what vendors are owed, in the company's currency."""
    parts = links.applied(doc)
    home = _in_home(doc, Decimal(doc["TotalAmt"]) - sum(parts.values(), NOTHING))
    for (entity, record_id), part in parts.items():
        home += _in_home(realm.records[entity][record_id].doc, part)
    return home


def _in_home(doc: Doc, amount: Decimal) -> Decimal:
    return exchange.in_home(doc.get("ExchangeRate"), amount)
