"""Clients and their locations, as Klipboard tells them."""

from schemas.fields import Fact, Identifier, LongText, Name, ShortText


class Address(Fact):
    """A postal address; every part may be missing."""

    line1: ShortText | None = None
    line2: ShortText | None = None
    city: ShortText | None = None
    region: ShortText | None = None
    postal_code: ShortText | None = None
    country: ShortText | None = None


class Client(Fact):
    """The whole of a client: content of ClientCreated and ClientEdited."""

    name: Name
    company_name: ShortText | None = None
    given_name: ShortText | None = None
    family_name: ShortText | None = None
    email: ShortText | None = None
    phone: ShortText | None = None
    mobile: ShortText | None = None
    billing_address: Address | None = None
    notes: LongText | None = None


class ClientLocation(Fact):
    """The whole of a client's location (site): content of ClientLocationCreated and ClientLocationEdited."""

    client_id: Identifier
    name: Name
    contact_name: ShortText | None = None
    email: ShortText | None = None
    phone: ShortText | None = None
    address: Address | None = None
    notes: LongText | None = None


class Archived(Fact):
    """Content of ClientArchived, ClientLocationArchived and SupplierArchived."""

    reason: LongText | None = None
