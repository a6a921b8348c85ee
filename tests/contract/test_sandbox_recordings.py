"""The sandbox, held against recorded answers of a real company: same status, keys, types, number formats, faults."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.sandbox_company import Company, company

RECORDINGS = Path(__file__).parents[1] / "recordings"
GONE = {"Lat", "Long", "source"}  # no longer answered since 2025
RENUMBERED = {"Id", "SyncToken", "CreateTime", "LastUpdatedTime", "time", "DocNumber", "TxnDate", "DueDate"}
AMY = {
    "DisplayName": "Amy's Bird Sanctuary",
    "PrimaryEmailAddr": {"Address": "Birds@Intuit.com"},
    **{
        name: {
            "Line1": "4581 Finch St.",
            "City": "Bayshore",
            "CountrySubDivisionCode": "CA",
            "PostalCode": "94326",
        }
        for name in ("BillAddr", "ShipAddr")
    },
}


def recorded(name: str) -> list[dict[str, Any]]:
    pairs: list[dict[str, Any]] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return pairs


def comparable(value: object) -> object:
    """The same value with ids, tokens and times replaced by their types, and without what is no longer answered."""
    if isinstance(value, dict):
        return {
            name: type(inner).__name__ if name in RENUMBERED else comparable(inner)
            for name, inner in value.items()
            if name not in GONE
        }
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    return value


async def repeated(it: Company, pair: dict[str, Any], **changes: str) -> tuple[int, object]:
    """What the sandbox answers to the recorded request."""
    path = pair["request"]["path"].split("?")[0].removeprefix("/v3/company/{realmId}/")
    body = {**pair["request"]["body"], **changes}
    told = await it.call(pair["request"]["method"], path, body)
    return told.status, json.loads(told.text)


@pytest.mark.parametrize("name", ["create_customer", "error_400_json"])
async def test_a_recorded_request_is_answered_as_it_was(name: str) -> None:
    """A customer made of a name alone, and a property nobody knows, are answered as recorded."""
    async with company() as it:
        pair = recorded(name)[0]
        status, content = await repeated(it, pair)

    assert status == pair["response"]["status"]
    assert comparable(content) == comparable(pair["response"]["body"])


async def test_an_invoice_is_answered_as_it_was_recorded() -> None:
    """Defaults, the subtotal line, addresses with the customer's ids and the company's own field are all there."""
    async with company(custom_fields=["Crew #"]) as it:
        await it.make("Customer", **AMY)
        pair = recorded("create_invoice")[0]
        status, content = await repeated(it, pair)

    assert status == 200
    assert comparable(content) == comparable(pair["response"]["body"])


async def test_a_full_update_clears_and_defaults_as_it_was_recorded() -> None:
    """What the full update leaves out goes back to its default, the printed name follows the new one."""
    read, written = recorded("update_customer")
    async with company() as it:
        made = await it.customer("Doe2, Jane")
        first = json.loads((await it.call("GET", f"customer/{made['Id']}")).text)
        noted = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "forget me"}
        await it.call("POST", "customer", noted)
        status, content = await repeated(it, written, Id=made["Id"], SyncToken="1")

    assert comparable(first) == comparable(read["response"]["body"])
    assert status == 200
    assert comparable(content) == comparable(written["response"]["body"])


async def test_a_taken_name_is_refused_as_it_was_recorded() -> None:
    """6240, without an element."""
    async with company() as it:
        await it.customer("Weiskopf Consulting")
        pair = recorded("error_validation")[0]
        status, content = await repeated(it, pair)

    assert status == 400
    assert comparable(content) == comparable(pair["response"]["body"])


async def test_making_inactive_what_is_inactive_changes_nothing_as_it_was_recorded() -> None:
    """A sparse update without a change leaves token and time alone."""
    async with company() as it:
        fields = {"Name": "Fees Billed", "AccountType": "Income", "AccountSubType": "ServiceFeeIncome"}
        made = await it.make("Account", **fields)
        off = await it.call("POST", "account", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False})
        it.clock.advance(60)
        pair = recorded("deactivate_account")[1]
        status, content = await repeated(it, pair, Id=made["Id"])

    assert (status, comparable(content)) == (200, comparable(pair["response"]["body"]))
    assert content["Account"]["SyncToken"] == "1"  # type: ignore[index]
    assert content["Account"]["MetaData"] == off["Account"]["MetaData"]  # type: ignore[index]


async def test_recorded_customers_come_back_in_the_recorded_order() -> None:
    """All of a company's customers, made again here, have the recorded keys and stand in byte order of full names."""
    rows = recorded("all_customers")[1]["response"]["body"]["QueryResponse"]["Customer"]
    async with company() as it:
        await it.control("POST", "switches", {"same_child_name": "allowed"})
        made: dict[str, str] = {}
        for row in sorted(rows, key=lambda one: one.get("Level", 0)):
            made[row["Id"]] = (await it.make("Customer", **writable(row, made)))["Id"]
        told = await it.query("SELECT * FROM Customer MAXRESULTS 1000 STARTPOSITION 1")

    answered = told["QueryResponse"]["Customer"]
    assert [row["FullyQualifiedName"] for row in answered] == [row["FullyQualifiedName"] for row in rows]
    assert told["QueryResponse"]["maxResults"] == len(rows)
    for row, original in zip(answered, rows, strict=True):
        assert set(original) - {"source"} <= set(row)
        assert set(row) - set(original) <= {"DefaultTaxCodeRef"}  # stands on customers made by the API


def writable(row: dict[str, Any], made: dict[str, str]) -> dict[str, Any]:
    """The row as a create, under the ids of this company."""
    server = {"Id", "SyncToken", "MetaData", "domain", "sparse"}
    wanted = {name: value for name, value in row.items() if name not in server}
    if "ParentRef" in row:
        wanted["ParentRef"] = {"value": made[row["ParentRef"]["value"]]}
    return wanted


async def test_an_inactive_vendor_is_listed_only_when_asked_for_as_it_was_recorded() -> None:
    """The name shown has the suffix, the printed name has none."""
    rows = recorded("get_inactive_vendors")[0]["response"]["body"]["QueryResponse"]["Vendor"]
    gone = next(row for row in rows if not row["Active"])
    async with company() as it:
        made = await it.make("Vendor", DisplayName="United States Treasury", AcctNum=gone["AcctNum"])
        await it.call("POST", "vendor", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False})
        plain = await it.query("SELECT * FROM Vendor")
        asked = await it.query("SELECT * FROM Vendor WHERE Active IN (true, false)")

    assert plain["QueryResponse"] == {}
    row = asked["QueryResponse"]["Vendor"][0]
    for name in ("DisplayName", "PrintOnCheckName", "Active", "SyncToken", "Vendor1099", "Balance"):
        assert row[name] == gone[name]
