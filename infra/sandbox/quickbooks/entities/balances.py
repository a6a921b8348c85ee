"""Balances that accounts, customers and vendors show: times move with them, sync tokens do not."""

from decimal import Decimal

from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc

_DEBIT_GROWS = {"Asset": 1, "Liability": -1, "Equity": -1}  # income and expense accounts show no balance


def add_to_account(realm: Realm, account_id: str, amount: Decimal) -> None:
    """A posting moved the account; `amount` is a debit when positive."""
    record = realm.records["Account"][account_id]
    sign = _DEBIT_GROWS.get(record.doc["Classification"], 0)
    if sign:
        balance = record.doc["CurrentBalance"] + sign * amount
        realm.touch(record, {**record.doc, "CurrentBalance": balance, "CurrentBalanceWithSubAccounts": balance})


def add_to_party(realm: Realm, entity: str, record_id: str, amount: Decimal) -> None:
    """A transaction moved what a customer owes, or what is owed to a vendor."""
    record = realm.records[entity][record_id]
    doc = {**record.doc, "Balance": record.doc["Balance"] + amount}
    if entity == "Customer":
        doc["BalanceWithJobs"] += amount
    realm.touch(record, doc)
    if entity == "Customer":
        add_to_parents(realm, record.doc.get("ParentRef"), amount)


def add_to_parents(realm: Realm, parent: Doc | None, amount: Decimal) -> None:
    """The customers above carry the balance along."""
    while parent is not None:
        above = realm.records["Customer"][parent["value"]]
        realm.touch(above, {**above.doc, "BalanceWithJobs": above.doc["BalanceWithJobs"] + amount})
        parent = above.doc.get("ParentRef")
