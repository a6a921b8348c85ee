"""What a record that QuickBooks does not have yet becomes, and what it waits for."""

from decimal import Decimal

import pytest

from consumers.operations import Nothing, Refuse, Wait
from consumers.plan import needs, plan
from mapping.identity import item_id, marker
from schemas.kinds import Kind, KlipboardId
from tests.unit.planned import (
    TENANT,
    a_create,
    a_line,
    a_part,
    a_record,
    an_invoice,
    an_invoice_content,
    around,
    made,
)


def test_a_client_becomes_one_top_level_customer() -> None:
    """R-20: a client is a customer of its own, with everything that Klipboard knows of it."""
    address = {"line1": "1 High St", "city": "Leeds", "region": "WY", "postal_code": "LS1", "country": "UK"}
    content = {
        "name": " Acme Ltd ", "company_name": "Acme", "given_name": "Ann", "family_name": "Lee", "email": "a@acme.co",
        "phone": "0113 1", "mobile": "07 1", "billing_address": address, "notes": "Gate code 4",
    }  # fmt: skip

    create = a_create(a_record(Kind.CLIENT, content))

    assert (create.type, create.path, create.lookup_name) == ("Customer", "/customer", "Acme Ltd")
    assert create.body == create.fields
    assert create.body == {
        "DisplayName": "Acme Ltd", "CompanyName": "Acme", "GivenName": "Ann", "FamilyName": "Lee",
        "PrimaryEmailAddr": {"Address": "a@acme.co"}, "PrimaryPhone": {"FreeFormNumber": "0113 1"},
        "Mobile": {"FreeFormNumber": "07 1"}, "Notes": "Gate code 4",
        "BillAddr": {
            "Line1": "1 High St", "City": "Leeds", "CountrySubDivisionCode": "WY", "PostalCode": "LS1", "Country": "UK",
        },
    }  # fmt: skip


def test_a_location_becomes_a_sub_customer_of_its_clients_customer() -> None:
    """R-24: the location names its client's customer as parent."""
    content = {"client_id": "c1", "name": "Depot", "contact_name": "Mary Ann Smith", "address": {"line1": "Dock 4"}}

    create = a_create(a_record(Kind.CLIENT_LOCATION, content))

    assert create.body == {
        "DisplayName": "Depot", "GivenName": "Mary Ann", "FamilyName": "Smith", "ShipAddr": {"Line1": "Dock 4"},
        "Job": True, "ParentRef": {"value": "50"},
    }  # fmt: skip


def test_a_location_waits_for_its_client() -> None:
    """R-24: without its client's customer there is no parent to name, so the location waits for that record."""
    record = a_record(Kind.CLIENT_LOCATION, {"client_id": "new", "name": "Depot"})

    operation = plan(record=record, around=around())

    assert isinstance(operation, Wait)
    assert (operation.kind, operation.id) == (Kind.CLIENT, "new")
    assert "client new" in operation.cause


def test_a_supplier_becomes_one_vendor() -> None:
    """R-27: a supplier is a vendor."""
    content = {"name": "Pipes & Co", "email": "p@pipes.co", "address": {"line1": "2 Mill Ln"}, "account_number": "K-9"}

    create = a_create(a_record(Kind.SUPPLIER, content))

    assert (create.type, create.path) == ("Vendor", "/vendor")
    assert create.body == {
        "DisplayName": "Pipes & Co", "PrimaryEmailAddr": {"Address": "p@pipes.co"},
        "BillAddr": {"Line1": "2 Mill Ln"}, "AcctNum": "K-9",
    }  # fmt: skip


def test_an_item_becomes_a_non_stock_item_on_the_tenants_income_account() -> None:
    """R-51, R-53: what has no Stock item is sold as a Non-stock item by its exact name."""
    create = a_create(a_record(Kind.ITEM, {"name": "Boiler Service", "account_code": "4000"}))

    assert create.path == "/item"
    assert create.body == {"Name": "Boiler Service", "Type": "NonInventory", "IncomeAccountRef": {"value": "79"}}


def test_a_new_item_waits_until_the_tenant_has_an_income_account() -> None:
    """R-53: a sale that nobody said where to book is not booked; the next step names the option to set."""
    record = a_record(Kind.ITEM, {"name": "Boiler service"})

    operation = plan(record=record, around=around(income_account=None))

    assert isinstance(operation, Wait)
    assert (operation.kind, operation.id) == (None, None)
    assert "--income-account" in operation.next_step


def test_an_invoice_becomes_one_invoice_with_our_marker() -> None:
    """R-40: number, customer, dates, lines to the cent, and the marker by which it is known again."""
    record = an_invoice(
        a_line("a", quantity="2.5", unit_price="33.3330000", description="Yearly"),
        a_line("b", name="Valve", quantity="1", unit_price="9.99"),
        total="93.32",
        message="Thank you",
    )

    create = a_create(record)

    mark = marker(tenant=TENANT, kind=Kind.INVOICE, id=KlipboardId("17"))
    assert (create.path, create.lookup_name) == ("/invoice", "INV-17")
    assert create.body == {
        "DocNumber": "INV-17", "CustomerRef": {"value": "50"}, "CurrencyRef": {"value": "USD"},
        "TxnDate": "2026-03-05", "DueDate": "2026-04-04", "EmailStatus": "EmailSent",
        "CustomerMemo": {"value": "Thank you"}, "PrivateNote": mark,
        "Line": [
            {
                "DetailType": "SalesItemLineDetail", "Amount": Decimal("83.33"), "Description": "Yearly",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "52"}, "Qty": Decimal("2.5"), "UnitPrice": Decimal("33.333"),
                    "TaxCodeRef": {"value": "NON"},
                },
            },
            {
                "DetailType": "SalesItemLineDetail", "Amount": Decimal("9.99"),
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "54"}, "Qty": 1, "UnitPrice": Decimal("9.99"), "TaxCodeRef": {"value": "NON"},
                },
            },
        ],
    }  # fmt: skip
    assert "PrivateNote" not in create.fields


def test_an_amount_is_rounded_half_up_to_the_cent() -> None:
    """R-63: 0.5 x 0.01 is one cent, as Klipboard counts it, not none."""
    create = a_create(an_invoice(a_line(quantity="0.5", unit_price="0.01"), total="0.01"))

    assert create.body["Line"][0]["Amount"] == Decimal("0.01")


def test_an_invoice_for_a_location_is_made_out_to_its_sub_customer() -> None:
    """R-40: the location's customer is billed, when the invoice names one."""
    create = a_create(an_invoice(location_id="site"), around((Kind.CLIENT_LOCATION, "site")))

    assert create.body["CustomerRef"] == {"value": "55"}


def test_an_invoice_waits_for_its_customer_and_then_for_its_items() -> None:
    """R-40: what it names must be there first, and each wait says for which record."""
    record = an_invoice(a_line(name="Brand new"), client_id="new")

    first = plan(record=record, around=around())
    second = plan(record=record, around=around((Kind.CLIENT, "new")))

    assert isinstance(first, Wait)
    assert isinstance(second, Wait)
    assert (first.kind, first.id) == (Kind.CLIENT, "new")
    assert (second.kind, second.id) == (Kind.ITEM, item_id("brand  NEW"))
    assert needs(record) == {(Kind.CLIENT, "new"), (Kind.ITEM, item_id("Brand new"))}


def test_a_draft_is_dated_and_due_on_the_day_it_was_made() -> None:
    """R-46: a Draft is "Due today", its invoice date is that day too, and it was not sent."""
    body = a_create(an_invoice(status="Draft")).body

    assert (body["TxnDate"], body["DueDate"], body["EmailStatus"]) == ("2026-03-02", "2026-03-02", "NotSet")


@pytest.mark.parametrize("status", ["Sent", "Overdue"])
def test_sent_and_overdue_are_one_body_with_klipboards_dates(status: str) -> None:
    """R-47, R-48, R-49: Klipboard's dates, shown as sent; overdue is for QuickBooks to say."""
    body = a_create(an_invoice(status=status)).body

    assert (body["TxnDate"], body["DueDate"], body["EmailStatus"]) == ("2026-03-05", "2026-04-04", "EmailSent")


def test_a_newer_status_wins_over_the_one_inside_the_content() -> None:
    """R-47: the content's own status is as old as the content."""
    record = a_record(Kind.INVOICE, an_invoice_content(status="Draft"), status=a_part("Sent", version=2))

    assert a_create(record).body["EmailStatus"] == "EmailSent"


def test_an_invoice_that_was_only_ever_paid_goes_as_sent_and_says_that_paid_was_refused() -> None:
    """R-44: a Paid never reaches the mapping; Sent stands in for a status that never came."""
    create = a_create(an_invoice(status=None, paid=1))

    assert create.body["EmailStatus"] == "EmailSent"
    assert create.note is not None
    assert "Paid was refused" in create.note


def test_a_paid_inside_the_content_does_not_reach_the_mapping_either() -> None:
    """R-44: wherever a Paid stands, Sent stands in for it."""
    record = a_record(Kind.INVOICE, an_invoice_content(status="Paid"))

    assert a_create(record).body["EmailStatus"] == "EmailSent"


def test_a_status_without_its_invoice_waits_for_it() -> None:
    """R-40: a status that came first is kept, and says what it waits for."""
    operation = plan(record=a_record(Kind.INVOICE, None, status=a_part("Sent")), around=around())

    assert isinstance(operation, Wait)
    assert "the invoice itself did not yet" in operation.cause


def test_another_currency_than_the_books_is_refused() -> None:
    """R-64: never booked one to one."""
    operation = plan(record=an_invoice(currency="EUR"), around=around())

    assert isinstance(operation, Refuse)
    assert "EUR" in operation.cause
    assert "USD" in operation.cause


@pytest.mark.parametrize(("kind", "presence"), [(Kind.CLIENT, "archived"), (Kind.INVOICE, "deleted")])
def test_archived_and_deleted_wait_until_they_are_supported(kind: Kind, presence: str) -> None:
    """Nothing is written for them yet, and the record says so."""
    operation = plan(record=a_record(kind, None, presence=a_part(presence)), around=around())

    assert isinstance(operation, Wait)
    assert operation.kind is None
    assert operation.cause.startswith("not supported yet")


def test_stored_content_that_no_longer_parses_is_refused_with_the_field_named() -> None:
    """A narrower schema than yesterday's stops one record with its reason, not the worker."""
    content = an_invoice_content()
    content["lines"][0]["quantity"] = 2.5

    operation = plan(record=a_record(Kind.INVOICE, content, status=a_part("Sent")), around=around())

    assert isinstance(operation, Refuse)
    assert "`lines.0.quantity`" in operation.cause
    assert needs(a_record(Kind.INVOICE, content)) == frozenset()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "Acme: north", "a colon"),
        ("name", "Acme\tnorth", "a tab"),
        ("name", "Acme\nnorth", "a line break"),
        ("name", "   ", "empty"),
        ("company_name", "x" * 101, "takes 100"),
        ("given_name", "x" * 101, "takes 100"),
        ("family_name", "a:b", "a colon"),
        ("email", "nobody", "e-mail"),
        ("email", "x" * 99 + "@a.b", "takes 100"),
        ("phone", "1" * 31, "takes 30"),
        ("mobile", "1" * 31, "takes 30"),
        ("notes", "x" * 2001, "takes 2000"),
        ("billing_address", {"postal_code": "1" * 31}, "takes 30"),
    ],
)
def test_what_quickbooks_cannot_take_is_refused_before_any_call(field: str, value: object, says: str) -> None:
    """R-20: the cause names Klipboard's field, and the next step what to change."""
    record = a_record(Kind.CLIENT, {"name": "Acme", field: value})

    operation = plan(record=record, around=around())

    assert isinstance(operation, Refuse)
    assert f"`{field}" in operation.cause
    assert says in operation.cause
    assert f"`{field}" in operation.next_step


@pytest.mark.parametrize(
    ("kind", "content", "type_"),
    [
        (Kind.CLIENT, {"name": "Acme"}, "Customer"),
        (Kind.CLIENT_LOCATION, {"client_id": "c1", "name": "Depot", "address": {"country": "US"}}, "Customer"),
        (Kind.SUPPLIER, {"name": "Pipes"}, "Vendor"),
        (Kind.ITEM, {"name": "Valve", "account_code": None}, "Item"),
        (Kind.INVOICE, an_invoice_content(), "Invoice"),
    ],
)
def test_what_was_created_needs_nothing_more(kind: Kind, content: dict[str, object], type_: str) -> None:
    """R-17: a replay of what QuickBooks accepted is no call."""
    record, _ = made(a_record(kind, content), type_)

    assert plan(record=record, around=around()) == Nothing()
