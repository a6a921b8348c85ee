"""Invoices: what Klipboard's statuses, dates and lines mean in QuickBooks (R-40, R-46 to R-49)."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from mapping.difference import LINE, Fields
from mapping.lines import Line
from schemas.invoices import Invoice, InvoiceLine, InvoiceStatus

NOT_SENT: Final = "NotSet"
SENT: Final = "EmailSent"


def invoice_fields(*, invoice: Invoice, customer_id: str, item_ids: Mapping[str, str]) -> Fields:
    """The fields of an invoice. `item_ids`: the QuickBooks item of each line, by Klipboard's line id."""
    fields: Fields = {
        "DocNumber": invoice.number.strip(),
        "CustomerRef": {"value": customer_id},
        "CurrencyRef": {"value": invoice.currency},
        "TxnDate": invoice_date(invoice=invoice).isoformat(),
        "DueDate": due_date(invoice=invoice).isoformat(),
        "EmailStatus": email_status(invoice=invoice),
        LINE: [line_fields(line=line, item_id=item_ids[line.id]) for line in invoice.lines],
    }
    memo = (invoice.message or "").strip()
    return {**fields, "CustomerMemo": {"value": memo}} if memo else fields


def invoice_date(*, invoice: Invoice) -> date:
    """A draft is dated the day it was made; everything else when it was issued (R-46, R-47)."""
    return invoice.created_on if invoice.status is InvoiceStatus.DRAFT else invoice.issued_on


def due_date(*, invoice: Invoice) -> date:
    """A draft is due on the day it was made; everything else when it says (R-46, R-47)."""
    return invoice.created_on if invoice.status is InvoiceStatus.DRAFT else invoice.due_on


def email_status(*, invoice: Invoice) -> str:
    """What is no draft shows as sent; overdue is for QuickBooks to say (R-48, R-49). No mail goes out."""
    return NOT_SENT if invoice.status is InvoiceStatus.DRAFT else SENT


def line_fields(*, line: InvoiceLine, item_id: str) -> Line:
    """One line in our flat form; its amount is rounded half up to the cent."""
    fields: Line = {
        "line": line.id,
        "Id": None,
        "ItemRef": item_id,
        "Qty": line.quantity,
        "UnitPrice": line.unit_price,
        "Amount": line.amount,
    }
    description = (line.description or "").strip()
    return {**fields, "Description": description} if description else fields
