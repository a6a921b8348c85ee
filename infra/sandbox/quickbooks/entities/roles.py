"""Accounts by their role in the books, found by their sub-type: whatever a company calls them."""

from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.store import Realm

RECEIVABLE = "AccountsReceivable"
PAYABLE = "AccountsPayable"
UNDEPOSITED = "UndepositedFunds"
DISCOUNTS = "DiscountsRefundsGiven"
SALES_TAX = "GlobalTaxPayable"
OPENING = "OpeningBalanceEquity"


def account(realm: Realm, role: str) -> str:
    """Id of the company's first account of this sub-type. Raises Refusal (6000) where it has none."""
    for found in realm.found_by("Account", "AccountSubType", role) or ():
        return found
    raise refusal("business", reason=f"The company has no account of type {role}.")
