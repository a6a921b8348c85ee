"""Suppliers, as Klipboard tells them."""

from schemas.clients import Address
from schemas.fields import Fact, LongText, Name, ShortText


class Supplier(Fact):
    """The whole of a supplier: content of SupplierCreated and SupplierEdited."""

    name: Name
    company_name: ShortText | None = None
    email: ShortText | None = None
    phone: ShortText | None = None
    address: Address | None = None
    account_number: ShortText | None = None
    notes: LongText | None = None
