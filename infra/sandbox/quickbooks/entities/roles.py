"""Accounts by their role in the books, found by their sub-type: whatever a company calls them."""

from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.store import Realm

RECEIVABLE = "AccountsReceivable"
PAYABLE = "AccountsPayable"
UNDEPOSITED = "UndepositedFunds"
DISCOUNTS = "DiscountsRefundsGiven"
SALES_TAX = "GlobalTaxPayable"
EXCHANGE = "ExchangeGainOrLoss"

_HOLD_MONEY = ("Bank", "Other Current Asset")  # account types that money can be put into


def account(realm: Realm, role: str) -> str:
    """Id of the company's first account of this sub-type. Raises Refusal (6000) where it has none."""
    for found in realm.found_by("Account", "AccountSubType", role) or ():
        return found
    raise refusal("business", reason=f"The company has no account of type {role}.")


def check_deposit(realm: Realm, account_id: str) -> None:
    """Refuse (6430) to put money where none can be."""
    if realm.records["Account"][account_id].doc["AccountType"] not in _HOLD_MONEY:
        raise refusal("account_type", name="DepositToAccountRef")
