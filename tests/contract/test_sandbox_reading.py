"""Reads by id, what they refuse, and the books for who compares."""

import pytest

from tests.contract.sandbox_company import company

INACTIVE = (
    "Object Not Found : Something you're trying to use has been made inactive."
    " Check the fields with accounts, customers, items, vendors or employees."
)


async def test_what_is_not_there_is_not_found() -> None:
    """610 in the words about inactive objects, also for a transaction that never was; deleted ones have other words."""
    async with company() as it:
        missing = await it.call("GET", "invoice/4711")
        gone = await it.invoice(await it.customer())
        await it.call("POST", "invoice", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
        deleted = await it.call("GET", f"invoice/{gone['Id']}")

    assert (missing.status, deleted.status) == (400, 400)
    assert missing["Fault"] == {
        "Error": [{"Message": "Object Not Found", "Detail": INACTIVE, "code": "610", "element": ""}],
        "type": "ValidationFault",
    }
    assert "time" in missing.json
    assert deleted.detail == "Object Not Found : Another user has deleted this transaction."


@pytest.mark.parametrize("wanted", ["1.5", "abc", "-1"])
async def test_an_id_is_a_number(wanted: str) -> None:
    """2030 with the value that was sent, an element, and no time."""
    async with company() as it:
        read = await it.call("GET", f"customer/{wanted}")
        written = await it.call("POST", "customer", {"Id": wanted, "SyncToken": "0", "DisplayName": "x"})

    for told in (read, written):
        assert told.status == 400
        assert told.headers["Content-Type"] == "application/json"
        assert told.json == {
            "Fault": {
                "Error": [
                    {
                        "Message": "Invalid ID",
                        "Detail": f"Id should be a valid number. Supplied value:{wanted}",
                        "code": "2030",
                        "element": "Id",
                    }
                ],
                "type": "ValidationFault",
            }
        }


async def test_a_property_that_nobody_knows_is_refused_with_its_class() -> None:
    """2010 names the Java class and what it knows; at the top, and inside of a part."""
    async with company() as it:
        told = await it.call("POST", "customer", {"DisplayName": "x", "Foo": 1})
        inner = await it.call("POST", "customer", {"DisplayName": "x", "BillAddr": {"Foo": 1}})

    assert told.detail.startswith(
        'Property Name:Unrecognized field "Foo" (class com.intuit.schema.finance.v3.Customer), not marked as ignorable'
    )
    assert told.detail.endswith("])\n specified is unsupported or invalid")
    assert "class com.intuit.schema.finance.v3.PhysicalAddress)" in inner.detail
    assert "element" not in told["Fault"]["Error"][0]


async def test_an_inactive_object_can_still_be_read() -> None:
    """By its id, with the suffix."""
    async with company() as it:
        gone = await it.customer("Gone")
        await it.call("POST", "customer", {"Id": gone["Id"], "SyncToken": "0", "sparse": True, "Active": False})
        read = await it.read("Customer", gone["Id"])

    assert (read["DisplayName"], read["Active"]) == ("Gone (deleted)", False)


async def test_the_company_is_read_under_its_realm() -> None:
    """Also as number one; both are the same object."""
    async with company() as it:
        by_realm, by_id = await it.read("CompanyInfo", it.realm), await it.read("CompanyInfo", "1")

    assert by_realm == by_id
    assert by_realm["Id"] == "1"


async def test_the_books_hold_inactive_and_deleted_records() -> None:
    """For who compares: everything, the deleted ones apart."""
    async with company() as it:
        amy, gone = await it.customer(), await it.customer("Gone")
        await it.call("POST", "customer", {"Id": gone["Id"], "SyncToken": "0", "sparse": True, "Active": False})
        owed = await it.invoice(amy)
        await it.control("POST", f"{it.realm}/delete", {"entity": "Invoice", "id": owed["Id"]})
        told = await it.control("GET", f"{it.realm}/books")

    assert [row["Active"] for row in told["Customer"]] == [True, False]
    assert (told["Invoice"], [row["Id"] for row in told["deleted"]["Invoice"]]) == ([], [owed["Id"]])
