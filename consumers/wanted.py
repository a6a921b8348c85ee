"""What Klipboard wants of one record: its stored content, read again, as QuickBooks' fields."""

from collections.abc import Mapping
from typing import Any, Final

from consumers.operations import Fields
from consumers.records import Desired, Link, Record
from mapping.clients import customer_fields, location_fields
from mapping.identity import item_id
from mapping.invoices import invoice_fields
from mapping.items import Item, item_fields
from mapping.suppliers import vendor_fields
from schemas.clients import Client, ClientLocation
from schemas.invoices import Invoice, InvoiceLine, InvoiceStatus
from schemas.kinds import Kind, KlipboardId
from schemas.suppliers import Supplier

Content = Client | ClientLocation | Supplier | Item | Invoice
Thing = tuple[Kind, KlipboardId]

MODELS: Final[Mapping[Kind, type[Content]]] = {
    Kind.CLIENT: Client,
    Kind.CLIENT_LOCATION: ClientLocation,
    Kind.SUPPLIER: Supplier,
    Kind.ITEM: Item,
    Kind.INVOICE: Invoice,
}


def content_of(*, record: Record) -> Content | None:
    """The record's content as a model, None where none came yet or its kind has no place in QuickBooks yet.

    Raises:
        pydantic.ValidationError: it was stored by a version of us that took more.
    """
    model = MODELS.get(record.key.kind)
    if model is None or record.desired.content is None:
        return None
    value: dict[str, Any] = dict(record.desired.content.value)
    if model is Invoice:
        value["status"] = _status(desired=record.desired, told=value.get("status"))
    return model.model_validate(value)


def _status(*, desired: Desired, told: Any) -> str:  # noqa: ANN401 - as stored
    """The newest status that is not Paid; Sent where there was none, because only QuickBooks makes it Paid (R-44)."""
    status = desired.status.value if desired.status is not None else told
    return InvoiceStatus.SENT.value if status in {None, InvoiceStatus.PAID.value} else str(status)


def things_needed(*, content: Content) -> tuple[Thing, ...]:
    """The records that must be in QuickBooks first, in the order in which they are asked for."""
    if isinstance(content, ClientLocation):
        return (_client(content.client_id),)
    if isinstance(content, Invoice):
        items = (_item(line) for line in content.lines)
        return tuple(dict.fromkeys((_customer(content), *items)))
    return ()


def fields_wanted(*, content: Content, links: Mapping[Thing, Link], income_account: str | None) -> Fields:
    """Everything QuickBooks should show of it. All that an invoice needs must be linked; a location's client may lack.

    Raises:
        Unmappable: QuickBooks cannot take a value.
    """
    match content:
        case Client():
            return customer_fields(client=content)
        case ClientLocation():
            parent = links.get(_client(content.client_id))
            return location_fields(location=content, parent_id=None if parent is None else parent.id)
        case Supplier():
            return vendor_fields(supplier=content)
        case Item():
            return item_fields(name=content.name, income_account=income_account)
        case Invoice():
            items = {line.id: links[_item(line)].id for line in content.lines}
            return invoice_fields(invoice=content, customer_id=links[_customer(content)].id, item_ids=items)


def _customer(invoice: Invoice) -> Thing:
    """Whom the invoice is made out to: the location it was for, else the client."""
    if invoice.location_id is None:
        return _client(invoice.client_id)
    return (Kind.CLIENT_LOCATION, KlipboardId(invoice.location_id))


def _client(client_id: str) -> Thing:
    return (Kind.CLIENT, KlipboardId(client_id))


def _item(line: InvoiceLine) -> Thing:
    return (Kind.ITEM, item_id(line.name, line.account_code))
