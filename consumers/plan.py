"""Record -> operation. Pure: what QuickBooks must be told so that it shows what Klipboard wants, or why not now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from consumers.operations import Create, Fields, Nothing, Operation, Refuse, Update, Wait
from consumers.records import Desired, Link, RealmId, Record
from mapping import bodies, difference, identity, invoices, lookups
from mapping.clients import customer_fields, location_fields
from mapping.items import item_fields
from mapping.names import Unmappable
from mapping.suppliers import vendor_fields
from schemas.clients import Client, ClientLocation
from schemas.invoices import Invoice, InvoiceLine, InvoiceStatus
from schemas.kinds import Kind, KlipboardId, Presence, TenantId
from schemas.suppliers import Supplier

__all__ = ["Create", "Fields", "Nothing", "Operation", "Refuse", "Surroundings", "Update", "Wait", "needs", "plan"]

TYPES: Final[Mapping[Kind, str]] = {
    Kind.CLIENT: "Customer",
    Kind.CLIENT_LOCATION: "Customer",
    Kind.SUPPLIER: "Vendor",
    Kind.ITEM: "Item",
    Kind.INVOICE: "Invoice",
}
WORDS: Final[Mapping[Kind, str]] = {
    Kind.CLIENT: "client",
    Kind.CLIENT_LOCATION: "location",
    Kind.SUPPLIER: "supplier",
    Kind.ITEM: "item",
    Kind.INVOICE: "invoice",
    Kind.PURCHASE_ORDER: "purchase order",
}


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a plan may look at besides the record."""

    realm: RealmId
    tenant: TenantId
    income_account: str | None
    currency: str
    links: Mapping[tuple[Kind, KlipboardId], Link]
    """Of those records that `needs` named, the ones that live in this realm."""
    paid_in_quickbooks: bool | None = None
    """Whether payments or credits settle the invoice there; None: not known, or there is no invoice yet."""


class _Waiting(Exception):  # noqa: N818 - it ends a plan, it is no error
    """The plan is to wait."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait.cause)
        self.wait = wait


def plan(*, record: Record, around: Surroundings) -> Operation:
    """What to do about a record now. Never raises for what Klipboard or QuickBooks hold: it waits or refuses."""
    blocked = _blocked(record=record, around=around)
    if blocked is not None:
        return blocked
    try:
        wanted = _wanted(record=record, around=around)
    except _Waiting as waiting:
        return waiting.wait
    except Unmappable as problem:
        return Refuse(cause=problem.cause, next_step=problem.next_step)
    except ValidationError as problem:
        return _unreadable(record=record, problem=problem)
    note = _paid_note(desired=record.desired, around=around)
    if record.link is None:
        return _create(record=record, wanted=wanted, note=note)
    return _change(record=record, link=record.link, wanted=wanted, note=note)
