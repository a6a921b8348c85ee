"""What comes back from QuickBooks: payments now; edits and voids of records in a later version."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.fields import INT64_MAX, Amount, Currency, Fact, Identifier, ShortText

ReturnVersion = Annotated[int, Field(ge=1, le=INT64_MAX)]
"""Grows with every return event of one subject; readers ignore an older one."""


class Direction(StrEnum):
    """Which way the money went."""

    RECEIVED = "received"
    MADE = "made"


class SettlementStatus(StrEnum):
    """How much of an invoice is settled by payments and credits."""

    UNPAID = "Unpaid"
    PARTLY_PAID = "PartlyPaid"
    PAID = "Paid"


class PaymentReconciled(Fact):
    """Money that counts towards one invoice: one application of one QuickBooks payment, as it stands now.

    The same `payment_id` with a higher `returnversion` replaces what was told before (an edited payment).
    """

    invoice_id: Identifier
    payment_id: Identifier
    direction: Direction = Direction.RECEIVED
    amount: Amount
    currency: Currency
    paid_on: date
    method: ShortText | None = None
    reference: ShortText | None = None
    invoice_total: Amount
    invoice_balance: Amount
    invoice_status: SettlementStatus
    returnversion: ReturnVersion


class ReversalReason(StrEnum):
    """Why money no longer counts towards an invoice."""

    DELETED = "deleted"
    VOIDED = "voided"
    UNAPPLIED = "unapplied"


class PaymentReversed(Fact):
    """Money told by an earlier PaymentReconciled no longer counts towards the invoice."""

    invoice_id: Identifier
    payment_id: Identifier
    direction: Direction = Direction.RECEIVED
    amount: Amount
    currency: Currency
    reason: ReversalReason
    invoice_total: Amount
    invoice_balance: Amount
    invoice_status: SettlementStatus
    returnversion: ReturnVersion
