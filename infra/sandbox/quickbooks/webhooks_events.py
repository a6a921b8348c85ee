"""What of all that changes in a company's records is told to a subscriber, and as which operation."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

CREATE, UPDATE, DELETE, MERGE, VOID, EMAILED = "Create", "Update", "Delete", "Merge", "Void", "Emailed"
TOUCH = "Touch"  # from the store: content or time without a new sync token

# Lists; the rest of what is told are transactions. Deleting and merging them is not modelled, so it never happens.
LISTS = frozenset(
    {
        *("Account", "Budget", "Class", "CompanyCurrency", "Customer", "Department", "Employee", "Item"),
        *("JournalCode", "PaymentMethod", "TaxAgency", "Term", "Vendor"),
    }
)
_SALES = frozenset({"Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt"})
VOIDABLE = _SALES | {"Payment", "BillPayment", "Purchase", "Transfer"}
MAILABLE = _SALES | {"Estimate", "PurchaseOrder"}
TRANSACTIONS = VOIDABLE | MAILABLE | {"Bill", "Deposit", "JournalEntry", "TimeActivity", "VendorCredit"}


def operations_of(entity: str) -> frozenset[str]:
    """What is told of an entity; nothing of those that QuickBooks sends no webhooks for, such as CompanyInfo."""
    if entity == "Preferences":
        return frozenset({UPDATE})
    if entity not in LISTS | TRANSACTIONS:
        return frozenset()
    voided = {VOID} if entity in VOIDABLE else set()
    emailed = {EMAILED} if entity in MAILABLE else set()
    return frozenset({CREATE, UPDATE, DELETE, MERGE, *voided, *emailed})


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `changed` is the record's LastUpdatedTime, `noticed` the moment itself with its fraction."""

    realm: str
    entity: str
    id: str
    operation: str
    changed: datetime
    noticed: datetime

    @property
    def record(self) -> tuple[str, str, str]:
        """What it is about."""
        return self.realm, self.entity, self.id


def told(burst: Iterable[Event], *, touched_lists: bool) -> list[Event]:
    """The events that one moment's changes become, in order; the same is not said twice.

    A touch adds nothing to what else is told of the record. A touched list object (a customer's or an account's
    balance moved) is silent unless asked for; a touched transaction is an Update.
    """
    heard = [event for event in burst if operations_of(event.entity)]
    changed = {event.record for event in heard if event.operation != TOUCH}
    found: dict[tuple[object, ...], Event] = {}
    for event in heard:
        silent = event.record in changed or (event.entity in LISTS and not touched_lists)
        operation = _told_as(event)
        if operation and not (event.operation == TOUCH and silent):
            found.setdefault((event.record, operation, event.changed), replace(event, operation=operation))
    return list(found.values())


def _told_as(event: Event) -> str | None:
    """An operation that is not told of this entity is an Update, but for making and deleting."""
    known = operations_of(event.entity)
    if event.operation in known:
        return event.operation
    return None if event.operation in (CREATE, DELETE) else UPDATE
