"""Suppliers as QuickBooks vendors (R-27)."""

from typing import Final

from mapping.clients import COMPANY, DISPLAY_NAME, email, phone, postal_address
from mapping.difference import Fields
from mapping.names import optional_text, required_name
from schemas.suppliers import Supplier

ACCOUNT_NUMBER: Final = 100  # characters, by Intuit's reference of Vendor


def vendor_fields(*, supplier: Supplier) -> Fields:
    """The fields of a supplier's vendor. Its notes stay in Klipboard: a vendor has no place for them in the API.

    Raises:
        Unmappable: a value that QuickBooks does not take.
    """
    fields = {
        "DisplayName": required_name(field="name", value=supplier.name, longest=DISPLAY_NAME),
        "CompanyName": optional_text(field="company_name", value=supplier.company_name, longest=COMPANY),
        "PrimaryEmailAddr": email(field="email", value=supplier.email),
        "PrimaryPhone": phone(field="phone", value=supplier.phone),
        "BillAddr": postal_address(field="address", value=supplier.address),
        "AcctNum": optional_text(field="account_number", value=supplier.account_number, longest=ACCOUNT_NUMBER),
    }
    return {name: value for name, value in fields.items() if value is not None}
