"""The kinds of Klipboard things, and the ids that name them."""

from enum import StrEnum
from typing import NewType

TenantId = NewType("TenantId", str)
"""One Klipboard company: the key of every message."""

KlipboardId = NewType("KlipboardId", str)
"""Klipboard's own id of one thing, unique within its tenant and kind."""


class Kind(StrEnum):
    """What a record is about. The order is the order in which things need each other."""

    CLIENT = "client"
    CLIENT_LOCATION = "client_location"
    SUPPLIER = "supplier"
    ITEM = "item"
    INVOICE = "invoice"
    PURCHASE_ORDER = "purchase_order"


class Presence(StrEnum):
    """Whether Klipboard still keeps the thing."""

    PRESENT = "present"
    ARCHIVED = "archived"
    DELETED = "deleted"
