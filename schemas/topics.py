"""Kafka topics by name, and which events each carries. Every topic is keyed by tenant id."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CLIENTS: Final = "klipboard.clients"
SUPPLIERS: Final = "klipboard.suppliers"
INVOICES: Final = "klipboard.invoices"
PURCHASE_ORDERS: Final = "klipboard.purchase-orders"
COMMANDS: Final = "klipboard.commands"
NOTIFICATIONS: Final = "quickbooks.notifications"
CONTACTS: Final = "quickbooks.contacts"
INVOICE_RETURNS: Final = "quickbooks.invoices"
PAYMENTS: Final = "quickbooks.payments"
REFERENCE_DATA: Final = "quickbooks.reference-data"
OUTCOMES: Final = "sync.outcomes"
DEAD_LETTERS: Final = "sync.dead-letters"
ALERTS: Final = "sync.alerts"

INBOUND: Final = (CLIENTS, SUPPLIERS, INVOICES, COMMANDS)
"""What intake reads. Purchase orders join when they are understood; until then they wait in their topic."""

ALL: Final = (
    CLIENTS,
    SUPPLIERS,
    INVOICES,
    PURCHASE_ORDERS,
    COMMANDS,
    NOTIFICATIONS,
    CONTACTS,
    INVOICE_RETURNS,
    PAYMENTS,
    REFERENCE_DATA,
    OUTCOMES,
    DEAD_LETTERS,
    ALERTS,
)

CARRIES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        CLIENTS: (
            "ClientCreated",
            "ClientEdited",
            "ClientArchived",
            "ClientLocationCreated",
            "ClientLocationEdited",
            "ClientLocationArchived",
        ),
        SUPPLIERS: ("SupplierCreated", "SupplierEdited", "SupplierArchived"),
        INVOICES: ("InvoiceCreated", "InvoiceEdited", "InvoiceDeleted", "StatusChanged"),
        COMMANDS: ("SyncRequested",),
        PAYMENTS: ("PaymentReconciled", "PaymentReversed"),
        OUTCOMES: ("SyncSucceeded", "SyncFailed", "SyncWaiting", "SyncConflicted"),
    }
)
"""The types that have a model so far, by topic; `schemas.registry` says which model."""

MAX_MESSAGE: Final = 1024 * 1024
"""Bytes of key, headers and value together; a larger message is a dead letter."""

MAX_DEAD_LETTER: Final = 2 * MAX_MESSAGE
"""A dead letter is the original with more headers. What is larger still is told by headers and offset alone."""

FRAMING: Final = 16 * 1024
"""Room for Kafka's own bytes around a message, so that a message of exactly the limit still passes the broker."""
