"""The products and services of invoice lines as QuickBooks items (R-51, R-53 in their simple form)."""

from typing import Final

from mapping.difference import Fields
from mapping.names import required_name
from schemas.fields import Fact, Name, ShortText

NON_STOCK: Final = "NonInventory"
ITEM_NAME: Final = 100  # characters, by Intuit's reference of Item


class Item(Fact):
    """Content of an item record: the first spelling that an invoice's line gave it."""

    name: Name
    account_code: ShortText | None = None


def item_fields(*, name: str, income_account: str | None) -> Fields:
    """A Non-stock item of that name, selling to `income_account`. Without an account: the fields of an update.

    An item that exists is never pointed at another account, so the account is written at creation only.

    Raises:
        Unmappable: a name that QuickBooks does not take.
    """
    named = {"Name": required_name(field="lines.name", value=name, longest=ITEM_NAME)}
    if income_account is None:
        return named
    return {**named, "Type": NON_STOCK, "IncomeAccountRef": {"value": income_account}}
