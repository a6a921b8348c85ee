"""How one Klipboard thing must look in QuickBooks, field by field: (field, wanted, found) for each that differs."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NamedTuple

from infra.demo.expected import Wanted, folded

Shown = Mapping[str, Any]
CENT: Final = Decimal("0.01")
_NOT_OURS: Final = "SubTotalLineDetail"
_ADDRESS: Final = (
    *(("line1", "Line1"), ("line2", "Line2"), ("city", "City"), ("region", "CountrySubDivisionCode")),
    *(("postal_code", "PostalCode"), ("country", "Country")),
)


class Difference(NamedTuple):
    """One field that is not as it should be."""

    field: str
    wanted: object
    found: object

    def __str__(self) -> str:
        """For a person."""
        return f"{self.field} should be {self.wanted!s}, is {self.found!s}"


def client(wanted: Wanted, shown: Shown) -> list[Difference]:
    """A client is a customer at the top (R-20, R-21)."""
    content = wanted.content
    pairs = {
        **_contact(content, shown),
        "CompanyName": (content["company_name"], shown.get("CompanyName")),
        "GivenName": (content["given_name"], shown.get("GivenName")),
        "FamilyName": (content["family_name"], shown.get("FamilyName")),
        "Mobile": (content["mobile"], _inner(shown, "Mobile", "FreeFormNumber")),
        "Notes": (content["notes"], shown.get("Notes")),
        "ParentRef": (None, _inner(shown, "ParentRef", "value")),
        "Job": (False, shown.get("Job", False)),
        **_address("BillAddr", content["billing_address"], shown),
    }
    return _differing(pairs)


def location(wanted: Wanted, shown: Shown, *, parent: str | None) -> list[Difference]:
    """A location is a sub-customer of its client's customer (R-24)."""
    content = wanted.content
    person = " ".join(shown[part] for part in ("GivenName", "FamilyName") if shown.get(part))
    pairs = {
        **_contact(content, shown),
        "GivenName FamilyName": (content["contact_name"], person),
        "Notes": (content["notes"], shown.get("Notes")),
        "ParentRef": (parent, _inner(shown, "ParentRef", "value")),
        "Job": (True, shown.get("Job", False)),
        **_address("ShipAddr", content["address"], shown),
    }
    return _differing(pairs)


def supplier(wanted: Wanted, shown: Shown) -> list[Difference]:
    """A supplier is a vendor (R-27)."""
    content = wanted.content
    pairs = {
        **_contact(content, shown),
        "CompanyName": (content["company_name"], shown.get("CompanyName")),
        "AcctNum": (content["account_number"], shown.get("AcctNum")),
        **_address("BillAddr", content["address"], shown),
    }
    return _differing(pairs)


def item(shown: Shown, *, account: str) -> list[Difference]:
    """A product that QuickBooks did not have is a Non-stock item on the tenant's income account (R-51)."""
    pairs = {
        "Type": ("NonInventory", shown.get("Type")),
        "IncomeAccountRef": (account, _inner(shown, "IncomeAccountRef", "value")),
    }
    return _differing(pairs)


def invoice(wanted: Wanted, shown: Shown, *, customer: str | None, items: Mapping[str, str]) -> list[Difference]:
    """An invoice with its number, dates, customer, lines and total. `items`: folded name by QuickBooks id.

    A draft is dated and due on the day it was made; anything else says what Klipboard says (R-41, R-46 to R-49).
    """
    content, draft = wanted.content, wanted.status == "Draft"
    pairs = {
        "DocNumber": (content["number"], shown.get("DocNumber")),
        "CustomerRef": (customer, _inner(shown, "CustomerRef", "value")),
        "CurrencyRef": (content["currency"], _inner(shown, "CurrencyRef", "value")),
        "TxnDate": (content["created_on" if draft else "issued_on"], shown.get("TxnDate")),
        "DueDate": (content["created_on" if draft else "due_on"], shown.get("DueDate")),
        "EmailStatus": ("NotSet" if draft else "EmailSent", shown.get("EmailStatus")),
        "CustomerMemo": (content["message"], _inner(shown, "CustomerMemo", "value")),
        "TotalAmt": (_total(content), _number(shown.get("TotalAmt"))),
        **dict(_lines(content, shown, items)),
    }
    return _differing(pairs)


def _lines(
    content: Mapping[str, Any], shown: Shown, items: Mapping[str, str]
) -> Iterator[tuple[str, tuple[object, object]]]:
    found = [line for line in shown.get("Line", ()) if line.get("DetailType") != _NOT_OURS]
    yield "number of lines", (len(content["lines"]), len(found))
    for number, (line, there) in enumerate(zip(content["lines"], found, strict=False), start=1):
        detail = there.get("SalesItemLineDetail", {})
        yield f"line {number} item", (folded(line["name"]), items.get(_inner(detail, "ItemRef", "value")))
        yield f"line {number} Description", (line.get("description"), there.get("Description"))
        yield f"line {number} Qty", (Decimal(line["quantity"]), _number(detail.get("Qty")))
        yield f"line {number} UnitPrice", (Decimal(line["unit_price"]), _number(detail.get("UnitPrice")))
        yield f"line {number} Amount", (_amount(line), _number(there.get("Amount")))


def _amount(line: Mapping[str, Any]) -> Decimal:
    return (Decimal(line["quantity"]) * Decimal(line["unit_price"])).quantize(CENT, ROUND_HALF_UP)


def _total(content: Mapping[str, Any]) -> Decimal:
    return sum((_amount(line) for line in content["lines"]), Decimal(0))


def _contact(content: Mapping[str, Any], shown: Shown) -> dict[str, tuple[object, object]]:
    return {
        "DisplayName": (content["name"], shown.get("DisplayName")),
        "PrimaryEmailAddr": (content["email"], _inner(shown, "PrimaryEmailAddr", "Address")),
        "PrimaryPhone": (content["phone"], _inner(shown, "PrimaryPhone", "FreeFormNumber")),
        "Active": (True, shown.get("Active", True)),
    }


def _address(field: str, wanted: Mapping[str, Any] | None, shown: Shown) -> dict[str, tuple[object, object]]:
    there = shown.get(field) or {}
    return {f"{field}.{theirs}": ((wanted or {}).get(ours), there.get(theirs)) for ours, theirs in _ADDRESS}


def _inner(shown: Shown, field: str, name: str) -> Any:  # noqa: ANN401 - whatever the books hold
    return (shown.get(field) or {}).get(name)


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _differing(pairs: Mapping[str, tuple[object, object]]) -> list[Difference]:
    return [Difference(field, *pair) for field, pair in pairs.items() if _plain(pair[0]) != _plain(pair[1])]


def _plain(value: object) -> object:
    """Nothing and an empty text are the same: QuickBooks leaves out what is empty."""
    return None if value == "" else value
