"""Invoices, as Klipboard tells them."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.fields import Amount, Currency, Fact, Identifier, LongText, Quantity, ShortText, Text, UnitPrice

CENT: Final = Decimal("0.01")


class InvoiceStatus(StrEnum):
    """Klipboard's word for how far an invoice is."""

    DRAFT = "Draft"
    SENT = "Sent"
    OVERDUE = "Overdue"
    PAID = "Paid"


class InvoiceLine(Fact):
    """One line. `id` is Klipboard's line id, stable over edits; `name` is the product or service."""

    id: Identifier
    name: Annotated[Text, StringConstraints(min_length=1, max_length=100)]
    item_id: Identifier | None = None
    sku: ShortText | None = None
    description: LongText | None = None
    quantity: Quantity
    unit_price: UnitPrice
    account_code: ShortText | None = None

    @property
    def amount(self) -> Decimal:
        """Quantity times unit price, rounded half up to the cent."""
        return (self.quantity * self.unit_price).quantize(CENT, ROUND_HALF_UP)


class Invoice(Fact):
    """The whole of an invoice, status included: content of InvoiceCreated and InvoiceEdited."""

    number: Annotated[Text, StringConstraints(min_length=1, max_length=21)]
    client_id: Identifier
    location_id: Identifier | None = None
    status: InvoiceStatus
    currency: Currency
    created_on: date
    issued_on: date
    due_on: date
    lines: Annotated[tuple[InvoiceLine, ...], Field(min_length=1, max_length=1000)]
    total: Amount
    message: Annotated[Text, StringConstraints(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _lines_are_told_apart(self) -> Self:
        if len({line.id for line in self.lines}) != len(self.lines):
            msg = "lines: two lines have one id; every line needs an id of its own"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _total_is_the_sum(self) -> Self:
        lines = sum((line.amount for line in self.lines), Decimal(0))
        if lines != self.total:
            msg = f"total: says {self.total}, but the lines add up to {lines}; send the sum of the lines"
            raise ValueError(msg)
        return self


class InvoiceStatusChanged(Fact):
    """Content of StatusChanged on an invoice: the status alone."""

    status: InvoiceStatus


class Deleted(Fact):
    """Content of InvoiceDeleted."""

    reason: LongText | None = None
