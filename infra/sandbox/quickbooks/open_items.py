"""What customers owe and vendors are owed: each open document, by age, and all of it beside the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from infra.sandbox.quickbooks.entities import roles
from infra.sandbox.quickbooks.entities.postings import in_home
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the books: whose debts, which account, and which documents are open by which property."""

    party: str
    role: str
    grows: int  # the sign that a debit of the account has here
    open_by: dict[str, tuple[str, int]]  # entity -> property that says what is open, and its sign


RECEIVABLES = _Side(
    "Customer",
    roles.RECEIVABLE,
    1,
    {"Invoice": ("Balance", 1), "CreditMemo": ("Balance", -1), "Payment": ("UnappliedAmt", -1)},
)
PAYABLES = _Side(
    "Vendor", roles.PAYABLE, -1, {"Bill": ("Balance", 1), "VendorCredit": ("Balance", -1), "BillPayment": ("_open", -1)}
)
# Days after the due date, and what documents of that age are called.
AGES = ((0, "current"), (30, "1 to 30"), (60, "31 to 60"), (90, "61 to 90"))
OLDEST = "over 90"


def open_items(realm: Realm, side: _Side) -> Doc:
    """`documents`, their sums by age and in `total` (the company's currency), and what the `ledger` has."""
    documents = sorted(_documents(realm, side), key=lambda one: (one["name"], one["due"], int(one["id"])))
    ages = dict.fromkeys((*(name for _, name in AGES), OLDEST), NOTHING)
    for one in documents:
        ages[_age(one["days_late"])] += one["home_balance"]
    return {
        "documents": documents,
        "ages": ages,
        "total": sum(ages.values(), NOTHING),
        "ledger": side.grows * _ledger(realm, side.role),
    }


def _documents(realm: Realm, side: _Side) -> Iterator[Doc]:
    today = date.fromisoformat(realm.today())
    for entity, (name, sign) in side.open_by.items():
        for record in realm.records.get(entity, {}).values():
            amount = record.doc.get(name) or NOTHING
            if amount:
                yield _document(realm, side, record, sign * amount, today)


def _document(realm: Realm, side: _Side, record: Record, balance: Decimal, today: date) -> Doc:
    doc = record.doc
    party = doc[f"{side.party}Ref"]["value"]
    due = doc.get("DueDate") or doc["TxnDate"]
    return {
        "entity": record.entity,
        "id": record.id,
        "number": doc.get("DocNumber"),
        "party": party,
        "name": realm.name_of(side.party, party) or "",
        "date": doc["TxnDate"],
        "due": due,
        "days_late": max(0, (today - date.fromisoformat(due)).days),
        "currency": doc.get("CurrencyRef", {}).get("value", realm.currency),
        "balance": balance,
        "home_balance": in_home(doc, balance),
    }


def _age(days: int) -> str:
    return next((name for most, name in AGES if days <= most), OLDEST)


def _ledger(realm: Realm, role: str) -> Decimal:
    accounts = realm.found_by("Account", "AccountSubType", role) or ()
    return sum((realm.ledger.get(one, NOTHING) for one in accounts), NOTHING)
