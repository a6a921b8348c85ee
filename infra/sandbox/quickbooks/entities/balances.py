"""Balances that accounts, customers and vendors show: times move with them, sync tokens do not."""

from decimal import Decimal

from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc

# What a debit does to the balance an account shows; income and expense accounts show none.
_DEBIT_ADDS = {"Asset": 1, "Liability": -1, "Equity": -1}
PAYABLE = "Accounts Payable"  # QuickBooks' own sample shows what is owed to vendors below zero


def shown(account: Doc, debit: Decimal) -> Decimal:
    """How an amount in the ledger, debits positive, looks in the balance that the account shows."""
    sign = 1 if account["AccountType"] == PAYABLE else _DEBIT_ADDS.get(account["Classification"], 0)
    return sign * debit if sign else NOTHING


def add_to_account(realm: Realm, account_id: str, amount: Decimal) -> None:
    """A posting moved the account; `amount` is a debit when positive."""
    record = realm.records["Account"][account_id]
    more = shown(record.doc, amount)
    if more:
        realm.touch(record, {**_with_more(record.doc, more), "CurrentBalance": record.doc["CurrentBalance"] + more})
        add_to_accounts_above(realm, record.doc.get("ParentRef"), more)


def add_to_accounts_above(realm: Realm, parent: Doc | None, more: Decimal) -> None:
    """The accounts above show their sub-accounts' balances along with their own."""
    while parent is not None:
        above = realm.records["Account"][parent["value"]]
        realm.touch(above, _with_more(above.doc, more))
        parent = above.doc.get("ParentRef")


def _with_more(account: Doc, more: Decimal) -> Doc:
    return {**account, "CurrentBalanceWithSubAccounts": account["CurrentBalanceWithSubAccounts"] + more}


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
