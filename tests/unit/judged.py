"""A small company written out by hand, twice: as Klipboard's events, and as the books that QuickBooks should show."""

import copy
import json
from decimal import Decimal
from typing import Any, Final

from infra.demo.expected import expected
from infra.demo.judge import Company, Verdict, judge

TENANT: Final = "acme"
ADDRESS: Final = {
    "line1": "1 Mill Lane",
    "line2": None,
    "city": "Tempe",
    "region": "AZ",
    "postal_code": "85281",
    "country": "USA",
}
SHOWN_ADDRESS: Final = {
    "Id": "9",
    "Line1": "1 Mill Lane",
    "City": "Tempe",
    "CountrySubDivisionCode": "AZ",
    "PostalCode": "85281",
    "Country": "USA",
}
CLIENT: Final = {
    "name": "Alder Hotel",
    "company_name": "Alder Hotel",
    "given_name": "Ana",
    "family_name": "Reyes",
    "email": "ana@example.com",
    "phone": "555-0101",
    "mobile": None,
    "billing_address": ADDRESS,
    "notes": "Dog.",
}
LOCATION: Final = {
    "client_id": "c1",
    "name": "Annex",
    "contact_name": "Tom Smith",
    "email": None,
    "phone": "555-0102",
    "address": ADDRESS,
    "notes": None,
}
SUPPLIER: Final = {
    "name": "Metro Cable",
    "company_name": "Metro Cable",
    "email": "o@example.com",
    "phone": None,
    "address": None,
    "account_number": "A-1",
    "notes": "not for QuickBooks",
}
LINES: Final = [
    {"id": "n1", "name": "Hour", "description": "Labour", "quantity": "1.5", "unit_price": "41.3333333"},
    {"id": "n2", "name": "Valve", "description": None, "quantity": "2", "unit_price": "3.29"},
]
INVOICE: Final = {
    "number": "A-1",
    "client_id": "c1",
    "location_id": "l1",
    "status": "Draft",
    "currency": "USD",
    "created_on": "2026-03-02",
    "issued_on": "2026-03-03",
    "due_on": "2026-04-02",
    "lines": LINES,
    "total": "68.58",
    "message": "Thank you.",
}


def event(type_: str, subject: str, version: int, data: dict[str, Any]) -> str:
    """One event as a line."""
    told = {"type": type_, "subject": subject, "tenantid": TENANT, "aggregateversion": str(version), "data": data}
    return json.dumps(told)


EVENTS: Final = (
    event("ClientCreated", "client/c1", 1, CLIENT),
    event("ClientLocationCreated", "client_location/l1", 1, LOCATION),
    event("SupplierCreated", "supplier/s1", 1, SUPPLIER),
    event("InvoiceCreated", "invoice/i1", 1, INVOICE),
    event("StatusChanged", "invoice/i1", 2, {"status": "Sent"}),
    event("StatusChanged", "invoice/i1", 3, {"status": "Paid"}),
)

_ITEM: Final = {"Type": "NonInventory", "IncomeAccountRef": {"value": "1", "name": "Services"}}
BOOKS: Final[dict[str, Any]] = {
    "Customer": [
        {
            "Id": "1",
            "DisplayName": "Alder Hotel",
            "CompanyName": "Alder Hotel",
            "GivenName": "Ana",
            "FamilyName": "Reyes",
            "PrimaryEmailAddr": {"Address": "ana@example.com"},
            "Job": False,
            "Active": True,
            "PrimaryPhone": {"FreeFormNumber": "555-0101"},
            "BillAddr": SHOWN_ADDRESS,
            "Notes": "Dog.",
        },
        {
            "Id": "2",
            "DisplayName": "Annex",
            "GivenName": "Tom",
            "FamilyName": "Smith",
            "Job": True,
            "ParentRef": {"value": "1"},
            "PrimaryPhone": {"FreeFormNumber": "555-0102"},
            "ShipAddr": dict(SHOWN_ADDRESS),
        },
    ],
    "Vendor": [
        {
            "Id": "3",
            "DisplayName": "Metro Cable",
            "CompanyName": "Metro Cable",
            "AcctNum": "A-1",
            "PrimaryEmailAddr": {"Address": "o@example.com"},
            "Active": True,
        }
    ],
    "Item": [
        {"Id": "1", "Name": "Services"},
        {"Id": "5", "Name": "Hour", **_ITEM},
        {"Id": "6", "Name": "Valve", **_ITEM},
    ],
    "Invoice": [
        {
            "Id": "7",
            "DocNumber": "A-1",
            "CustomerRef": {"value": "2"},
            "CurrencyRef": {"value": "USD"},
            "TxnDate": "2026-03-03",
            "DueDate": "2026-04-02",
            "EmailStatus": "EmailSent",
            "CustomerMemo": {"value": "Thank you."},
            "TotalAmt": Decimal("68.58"),
            "Balance": Decimal("68.58"),
            "Line": [
                {
                    "Id": "1",
                    "DetailType": "SalesItemLineDetail",
                    "Description": "Labour",
                    "Amount": Decimal("62.00"),
                    "SalesItemLineDetail": {
                        "ItemRef": {"value": "5"},
                        "Qty": Decimal("1.5"),
                        "UnitPrice": Decimal("41.3333333"),
                    },
                },
                {
                    "Id": "2",
                    "DetailType": "SalesItemLineDetail",
                    "Amount": Decimal("6.58"),
                    "SalesItemLineDetail": {"ItemRef": {"value": "6"}, "Qty": 2, "UnitPrice": Decimal("3.29")},
                },
                {"DetailType": "SubTotalLineDetail", "Amount": Decimal("68.58")},
            ],
        }
    ],
    "PaymentMethod": [{"Id": "2", "Name": "Check"}],
    "Payment": [],
    "deleted": {"Payment": []},
}


def books() -> dict[str, Any]:
    """The right books, to be spoilt."""
    return copy.deepcopy(BOOKS)


def judged(shown: dict[str, Any], events: tuple[str, ...] = EVENTS) -> Verdict:
    """The verdict on these books; the item "Services" was there before."""
    before = frozenset({("Item", "1")})
    return judge(expected(events), [Company(tenant=TENANT, income_account="1", books=shown, before=before)])
