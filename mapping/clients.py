"""Clients and their locations as QuickBooks customers (R-20, R-24)."""

from typing import Any, Final

from mapping.difference import Fields
from mapping.names import optional_email, optional_name, optional_text, required_name
from schemas.clients import Address, Client, ClientLocation

# Lengths by Intuit's reference of Customer and Vendor, in characters.
DISPLAY_NAME: Final = 500
PERSON: Final = 100
COMPANY: Final = 100
PHONE: Final = 30
NOTES: Final = 2000
POSTAL_CODE: Final = 30


def customer_fields(*, client: Client) -> Fields:
    """The fields of a client's customer; what Klipboard does not have is left out.

    Raises:
        Unmappable: a value that QuickBooks does not take.
    """
    return _present(
        {
            "DisplayName": required_name(field="name", value=client.name, longest=DISPLAY_NAME),
            "CompanyName": optional_text(field="company_name", value=client.company_name, longest=COMPANY),
            "GivenName": optional_name(field="given_name", value=client.given_name, longest=PERSON),
            "FamilyName": optional_name(field="family_name", value=client.family_name, longest=PERSON),
            "PrimaryEmailAddr": email(field="email", value=client.email),
            "PrimaryPhone": phone(field="phone", value=client.phone),
            "Mobile": phone(field="mobile", value=client.mobile),
            "BillAddr": postal_address(field="billing_address", value=client.billing_address),
            "Notes": optional_text(field="notes", value=client.notes, longest=NOTES),
        }
    )


def location_fields(*, location: ClientLocation, parent_id: str | None) -> Fields:
    """The fields of a location's sub-customer. Without `parent_id` they hold no place in the tree: for an update.

    The site is a shipping address, so that the bill still goes to the client. A contact's last word is the family name.

    Raises:
        Unmappable: a value that QuickBooks does not take.
    """
    given, _, family = (location.contact_name or "").strip().rpartition(" ")
    fields = {
        "DisplayName": required_name(field="name", value=location.name, longest=DISPLAY_NAME),
        "GivenName": optional_name(field="contact_name", value=given or family, longest=PERSON),
        "FamilyName": optional_name(field="contact_name", value=family if given else None, longest=PERSON),
        "PrimaryEmailAddr": email(field="email", value=location.email),
        "PrimaryPhone": phone(field="phone", value=location.phone),
        "ShipAddr": postal_address(field="address", value=location.address),
        "Notes": optional_text(field="notes", value=location.notes, longest=NOTES),
    }
    place = {} if parent_id is None else {"Job": True, "ParentRef": {"value": parent_id}}
    return {**_present(fields), **place}


def email(*, field: str, value: str | None) -> Fields | None:
    """QuickBooks' shape of an e-mail address."""
    address = optional_email(field=field, value=value)
    return None if address is None else {"Address": address}


def phone(*, field: str, value: str | None) -> Fields | None:
    """QuickBooks' shape of a telephone number."""
    number = optional_text(field=field, value=value, longest=PHONE)
    return None if number is None else {"FreeFormNumber": number}


def postal_address(*, field: str, value: Address | None) -> Fields | None:
    """QuickBooks' shape of a postal address; None where no part is given."""
    if value is None:
        return None
    parts = {
        "Line1": value.line1,
        "Line2": value.line2,
        "City": value.city,
        "CountrySubDivisionCode": value.region,
        "PostalCode": optional_text(field=f"{field}.postal_code", value=value.postal_code, longest=POSTAL_CODE),
        "Country": value.country,
    }
    return {name: part.strip() for name, part in parts.items() if part and part.strip()} or None


def _present(fields: dict[str, Any]) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}
