"""The bodies that plans make, against a QuickBooks written from its documentation by somebody else."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from consumers.operations import Create, Nothing, Update
from consumers.plan import Surroundings, plan
from consumers.records import Link, Record
from mapping import difference, lookups
from mapping.identity import item_id
from schemas import exact
from schemas.kinds import Kind, KlipboardId
from tests.contract.sandbox_company import Company, company
from tests.unit.planned import TYPES, a_line, a_record, an_invoice, an_invoice_content, around, linked, told

ADDRESS = {
    "line1": "1 High St",
    "line2": "Yard",
    "city": "Leeds",
    "region": "WY",
    "postal_code": "LS1",
    "country": "US",
}
CLIENT = {
    "name": "O'Neil & Sons", "company_name": "O'Neil", "given_name": "Ann", "family_name": "Lee", "email": "a@acme.co",
    "phone": "0113 1", "mobile": "07 1", "billing_address": ADDRESS, "notes": "Gate 4",
}  # fmt: skip
LOCATION = {"client_id": "c1", "name": "Depot", "contact_name": "Mary Ann Smith", "address": ADDRESS, "phone": "1"}
SUPPLIER = {"name": "Pipes", "email": "p@pipes.co", "address": ADDRESS, "account_number": "K-9", "phone": "1"}


class Books:
    """A company, and what our records of it know."""

    def __init__(self, quickbooks: Company, income_account: str) -> None:
        self.quickbooks = quickbooks
        self.links: dict[tuple[Kind, KlipboardId], Link] = {}
        self.income_account = income_account

    @property
    def around(self) -> Surroundings:
        return around(links=self.links, income_account=self.income_account)

    async def write(self, record: Record) -> Record:
        """Plan the record, send the body as it would leave, and settle the answer."""
        operation = plan(record=record, around=self.around)
        assert isinstance(operation, Create | Update), operation
        body = json.loads(exact.dumps(operation.body))
        answer = await self.quickbooks.call("POST", operation.path.strip("/"), body)
        assert answer.status == 200, answer.text
        shown = exact.loads(answer.text)[operation.type]
        assert difference.executed(type=operation.type, fields=operation.fields, object=shown)
        return self._settled(record, operation, shown)

    def _settled(self, record: Record, operation: Create | Update, shown: dict[str, Any]) -> Record:
        base = record.sent if isinstance(operation, Update) else {}
        sent = difference.lay_over(type=operation.type, sent=base, fields=operation.fields, answered=shown)
        record = linked(replace(record, sent=exact.loads(exact.dumps(sent))), shown, operation.type)
        assert record.link is not None
        self.links[record.key.kind, record.key.id] = record.link
        assert plan(record=record, around=self.around) == Nothing()
        return record

    async def edited(self, record: Record, **fields: Any) -> Record:  # noqa: ANN401 - JSON
        """A bookkeeper changes fields, and we read the object afterwards."""
        assert record.link is not None
        path, type_ = record.link.type.lower(), record.link.type
        change = {"Id": record.link.id, "SyncToken": record.link.token, "sparse": True, **fields}
        answer = await self.quickbooks.call("POST", path, json.loads(exact.dumps(change)))
        assert answer.status == 200, answer.text
        return linked(record, exact.loads(answer.text)[type_], type_)

    async def with_things(self) -> None:
        """A client and the items that invoices name."""
        await self.write(a_record(Kind.CLIENT, CLIENT, id="c1"))
        for name in ("Boiler service", "Valve"):
            await self.write(a_record(Kind.ITEM, {"name": name}, id=item_id(name)))


async def _books(quickbooks: Company) -> Books:
    found = await quickbooks.call("GET", "query", query="select * from Account where AccountType = 'Income'")
    return Books(quickbooks, str(found["QueryResponse"]["Account"][0]["Id"]))


@pytest.mark.parametrize(
    ("kind", "content", "phone"),
    [(Kind.CLIENT, CLIENT, "phone"), (Kind.CLIENT_LOCATION, LOCATION, "phone"), (Kind.SUPPLIER, SUPPLIER, "phone")],
)
async def test_a_contact_is_made_edited_and_cleared(kind: Kind, content: dict[str, Any], phone: str) -> None:
    """R-20, R-21, R-24, R-27: every body is taken as it is, and found again by its name."""
    async with company() as it:
        books = await _books(it)
        await books.write(a_record(Kind.CLIENT, {"name": "Parent"}, id="c1"))
        record = await books.write(a_record(kind, content, id="new"))
        record = await books.write(told(record, {**content, phone: "0113 2"}))
        record = await books.edited(record, Fax={"FreeFormNumber": "99"})
        cleared = {name: value for name, value in content.items() if name != phone}
        field = "billing_address" if kind is Kind.CLIENT else "address"
        cleared[field] = {"line1": "2 Low St"}
        record = await books.write(told(record, cleared))
        shown = record.seen or {}
        statement = lookups.lookup_query(type=TYPES[kind], names=[shown["DisplayName"]])
        rows = (await it.call("GET", "query", query=statement))["QueryResponse"][TYPES[kind]]

    address = shown["ShipAddr" if kind is Kind.CLIENT_LOCATION else "BillAddr"]
    assert "PrimaryPhone" not in shown
    assert shown["Fax"] == {"FreeFormNumber": "99"}
    assert {name: value for name, value in address.items() if name != "Id"} == {"Line1": "2 Low St"}
    assert (kind is Kind.CLIENT_LOCATION) == ("ParentRef" in shown)
    assert [row["Id"] for row in rows] == [shown["Id"]]


async def test_an_invoice_lives_through_edits_of_both_sides() -> None:
    """R-40, R-41, R-46, R-47: lines keep their ids, a bookkeeper's line stays, the message goes, the marker stays."""
    async with company() as it:
        books = await _books(it)
        await books.with_things()
        lines = (
            a_line("a", quantity="2.5", unit_price="33.3330000", description="Yearly"),
            a_line("b", name="Valve", quantity="1", unit_price="9.99"),
        )
        record = await books.write(an_invoice(*lines, total="93.32", status="Draft", message="Hello"))
        own = {"DetailType": "DescriptionOnly", "Description": "Bank details overleaf"}
        first, second = (record.seen or {})["Line"][:2]
        record = await books.edited(record, Line=[first, own, second])
        record = await books.write(
            told(record, an_invoice_content(lines[0], a_line("c"), total="163.33", message="Hello", status="Sent"))
        )
        record = await books.write(told(record, an_invoice_content(lines[0], total="83.33")))
        shown = record.seen or {}

    kept = [line for line in shown["Line"] if line["DetailType"] != "SubTotalLineDetail"]
    assert [line["Description"] for line in kept] == ["Yearly", "Bank details overleaf"]
    assert kept[0]["Id"] == first["Id"] == record.sent["Line"][0]["Id"]
    assert (shown["TotalAmt"], shown["DocNumber"]) == (Decimal("83.33"), "INV-17")
    assert "CustomerMemo" not in shown
    assert shown["PrivateNote"].startswith("klipsync:")
    assert len(record.sent["Line"]) == 1


async def test_a_paid_invoice_keeps_its_payment_when_a_field_is_cleared() -> None:
    """R-41, R-45: a full update takes the links to payments along, and the balance stays paid."""
    async with company() as it:
        books = await _books(it)
        await books.with_things()
        record = await books.write(an_invoice(message="Hello"))
        assert record.link is not None
        link = {"TxnId": record.link.id, "TxnType": "Invoice"}
        customer = books.links[Kind.CLIENT, KlipboardId("c1")].id
        await it.make(
            "Payment", CustomerRef={"value": customer}, TotalAmt=80, Line=[{"Amount": 80, "LinkedTxn": [link]}]
        )
        answer = await it.call("GET", f"invoice/{record.link.id}")
        record = linked(record, exact.loads(answer.text)["Invoice"], "Invoice")
        record = await books.write(told(record, an_invoice_content()))
        shown = record.seen or {}

    assert "CustomerMemo" not in shown
    assert shown["Balance"] == 0
    assert [one["TxnType"] for one in shown["LinkedTxn"]] == ["Payment"]


async def test_an_invoice_is_found_again_by_number_and_marker() -> None:
    """R-40: after a lost answer the lookup finds it, and it is known as ours."""
    async with company() as it:
        books = await _books(it)
        await books.with_things()
        record = an_invoice()
        create = plan(record=record, around=books.around)
        assert isinstance(create, Create)
        await books.write(record)
        statement = lookups.lookup_query(type="Invoice", names=[create.lookup_name])
        answer = await it.call("GET", "query", query=statement)
        (row,) = exact.loads(answer.text)["QueryResponse"]["Invoice"]

    marker = create.body["PrivateNote"]
    assert lookups.adoptable(type="Invoice", fields=create.fields, marker=marker, object=row, sure=True)
    assert difference.lay_over(type="Invoice", sent={}, fields=create.fields, answered=row)["Line"][0]["Id"] == "1"
