"""What must hold in a company's books at any moment, computed from its documents and nothing else."""

from collections import defaultdict
from decimal import Decimal

from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc

NOTHING = Decimal(0)
_OWED = (("Invoice", "Balance", 1), ("Payment", "UnappliedAmt", -1), ("CreditMemo", "Balance", -1))  # by customers
_SIGNS = {"Asset": 1, "Liability": -1, "Equity": -1}


def check_books(realm: Realm) -> None:
    """Double entry balances, accounts and parties show what was posted, documents owe what is not settled."""
    _check_ledger(realm)
    _check_documents(realm)
    _check_parties(realm)


def _check_ledger(realm: Realm) -> None:
    posted: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    for records in realm.records.values():
        for record in records.values():
            assert sum((one.amount for one in record.postings), NOTHING) == 0, (record.entity, record.id)
            for one in record.postings:
                posted[one.account] += one.amount
    assert sum(realm.ledger.values(), NOTHING) == 0
    for account, record in realm.records["Account"].items():
        assert realm.ledger.get(account, NOTHING) == posted[account], f"account {account}"
        owed_to_vendors = record.doc["AccountType"] == "Accounts Payable"  # shown below zero
        shown = (1 if owed_to_vendors else _SIGNS.get(record.doc["Classification"], 0)) * posted[account]
        assert record.doc["CurrentBalance"] == shown, f"account {account}"


def _check_documents(realm: Realm) -> None:
    """Balance = total - what payments' lines say; a payment's unapplied rest = its total - its lines."""
    settled = _settled(realm)
    for entity in ("Invoice", "Bill", "CreditMemo"):
        for record in realm.records.get(entity, {}).values():
            doc = record.doc
            assert doc["Balance"] == doc["TotalAmt"] - settled[entity, record.id], f"{entity} {record.id}"
            assert doc["Balance"] >= 0, f"{entity} {record.id}"
            assert doc.get("RemainingCredit", doc["Balance"]) == doc["Balance"]
    for record in realm.records["Payment"].values():
        assert record.doc["UnappliedAmt"] == record.doc["TotalAmt"] - _covered(record.doc), f"Payment {record.id}"
        assert record.doc["UnappliedAmt"] >= 0, f"Payment {record.id}"


def _settled(realm: Realm) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(lambda: NOTHING)
    for entity in ("Payment", "BillPayment"):
        for record in realm.records.get(entity, {}).values():
            for line in record.doc.get("Line") or ():
                link = line["LinkedTxn"][0]
                found[link["TxnType"], link["TxnId"]] += line["Amount"]
    return found


def _covered(payment: Doc) -> Decimal:
    """Money that its lines use: credit memos add to it."""
    signs = {"CreditMemo": -1}
    return sum(
        (signs.get(line["LinkedTxn"][0]["TxnType"], 1) * line["Amount"] for line in payment.get("Line") or ()), NOTHING
    )


def _check_parties(realm: Realm) -> None:
    """A customer owes invoices less unapplied payments and credits; a vendor is owed its open bills less those."""
    owed: dict[tuple[str, str], Decimal] = defaultdict(lambda: NOTHING)
    for entity, field, sign in (
        ("Invoice", "Balance", 1),
        ("Payment", "UnappliedAmt", -1),
        ("CreditMemo", "Balance", -1),
    ):
        for record in realm.records.get(entity, {}).values():
            owed["Customer", record.doc["CustomerRef"]["value"]] += sign * record.doc[field]
    for record in realm.records.get("Bill", {}).values():
        owed["Vendor", record.doc["VendorRef"]["value"]] += record.doc["Balance"]
    for record in realm.records.get("BillPayment", {}).values():  # what it pays beyond its bills is a credit
        owed["Vendor", record.doc["VendorRef"]["value"]] -= record.doc["TotalAmt"] - _covered(record.doc)
    for entity in ("Customer", "Vendor"):
        for record in realm.records[entity].values():
            assert record.doc["Balance"] == owed[entity, record.id], f"{entity} {record.id}"
    for record in realm.records["Customer"].values():
        below = [one.doc for one in realm.records["Customer"].values() if _parent(one.doc) == record.id]
        whole = record.doc["Balance"] + sum((one["BalanceWithJobs"] for one in below), NOTHING)
        assert record.doc["BalanceWithJobs"] == whole, f"Customer {record.id}"


def _parent(doc: Doc) -> str | None:
    return doc["ParentRef"]["value"] if "ParentRef" in doc else None
