"""Snapshots: what is restored answers as it did, here and in another sandbox."""

import json
from collections.abc import Sequence
from dataclasses import fields

import pytest

from infra.sandbox.quickbooks.realm_copies import copied
from infra.sandbox.quickbooks.seed_files import NAMES
from infra.sandbox.quickbooks.snapshots import FORMAT
from infra.sandbox.quickbooks.store import Record, Stub
from infra.sandbox.quickbooks.switches import Switches
from tests.contract.sandbox_company import Body, Company, Told, company

LIVED = Switches(limits="off", refresh_tokens="harsh")


async def lived(it: Company) -> Body:
    """A company with something of everything; the invoice that is left of it."""
    amy = await it.customer("Amy")
    parent = await it.customer("Freeman")
    await it.make("Customer", DisplayName="Twin Lane", Job=True, ParentRef={"value": parent["Id"]})
    owed = await it.invoice(amy, "100.00", DocNumber="A-1")
    await it.paid(amy, "60", (owed, "60"))
    gone = await it.invoice(amy, "5.00")
    await it.call("POST", "invoice", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
    await it.call("POST", "vendor", {"DisplayName": "Books by Bessie"}, requestid="r-1")
    return owed


async def looked(it: Company, owed: Body) -> Sequence[str]:
    """What it answers to reads of every kind, without the time of the answer."""
    told = [
        await it.call("GET", f"invoice/{owed['Id']}"),
        await it.query("select * from Customer"),
        await it.query("select * from Invoice where DocNumber = 'A-1'"),
        await it.query("select * from Account orderby Id"),
        await it.call("GET", "cdc", entities="Customer,Invoice,Payment", changedSince="2026-03-01T00:00:00Z"),
        await it.call("POST", "vendor", {"DisplayName": "Books by Bessie"}, requestid="r-1"),
        await it.control("GET", f"{it.realm}/books"),
        await it.control("GET", f"{it.realm}/books/summary"),
    ]
    assert {one.status for one in told} == {200}
    return [without_time(one) for one in told]


def owed_by(invoice: Body) -> Body:
    """Its customer, as far as an invoice has to know it."""
    return {"Id": invoice["CustomerRef"]["value"]}


def without_time(told: Told) -> str:
    return json.dumps({name: value for name, value in told.json.items() if name != "time"}, default=str)


async def restore(it: Company, file: str) -> Told:
    """A snapshot goes back as it came: through another JSON library its amounts would lose their cents."""
    async with it.session.post(f"{it.running.control_url}/restore", data=file.encode()) as answer:
        return Told(answer.status, await answer.text(), dict(answer.headers))


async def test_a_restored_company_answers_as_it_did() -> None:
    """A backup restored: edits since are undone, ids are given again, tokens and remembered request ids are back."""
    async with company(LIVED) as it:
        owed = await lived(it)
        before = await looked(it, owed)
        refresh = it.refresh_token
        await it.control("POST", "snapshots/morning")
        made = [await it.customer("Later"), await it.invoice(owed_by(owed))]
        await it.call("POST", "invoice", {"Id": owed["Id"], "SyncToken": "1", "sparse": True, "PrivateNote": "x"})
        await it.refresh(refresh)
        restored = await it.control("POST", "snapshots/morning/restore")
        after = await looked(it, owed)
        again = [await it.customer("Later"), await it.invoice(owed_by(owed))]
        refreshed = await it.refresh(refresh)

    assert restored["companies"] == [it.realm]
    assert after == before
    assert [one["Id"] for one in again] == [one["Id"] for one in made]
    assert refreshed.status == 200


async def test_a_snapshot_is_a_file_that_another_sandbox_restores() -> None:
    """With the same access token, app and switches, at the snapshot's time or later."""
    async with company(LIVED) as it:
        owed = await lived(it)
        await it.control("POST", "clock", {"advance_seconds": 600})
        before, file = await looked(it, owed), (await it.control("GET", "snapshot")).text
    async with company() as other:
        stranger = other.realm
        told = await restore(other, file)
        other.realm, other.access_token = it.realm, it.access_token
        after = await looked(other, owed)
        companies = (await other.control("GET", "companies"))["companies"]
        switches = await other.control("GET", "switches")
        clock = await other.control("GET", "clock")

    assert told["companies"] == [it.realm]
    assert after == before
    assert [one["realm"] for one in companies] == [it.realm] == [stranger]
    assert switches["refresh_tokens"] == "harsh"
    assert clock["now"] >= json.loads(file)["now"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_copy_of_a_restored_company_is_the_same_to_the_letter(name: str) -> None:
    """Every kind of object and number that the companies that come along have goes there and back."""
    async with company() as it, company() as other:
        opened = await it.control("POST", "companies", {"company": name})
        kept = (await it.control("GET", f"{opened['realm']}/snapshot")).text
        await restore(other, kept)
        again = (await other.control("GET", f"{opened['realm']}/snapshot")).text

    assert again == kept


async def test_one_company_is_restored_and_the_others_stay() -> None:
    """Its books and tokens go back; what the rest of the sandbox did since is untouched."""
    async with company() as it:
        second = await it.control("POST", "companies", {"company": "empty"})
        kept = (await it.control("GET", f"{it.realm}/snapshot")).text
        await it.customer("Undone")
        await it.control(
            "POST", f"{second['realm']}/create", {"entity": "Customer", "fields": {"DisplayName": "Stays"}}
        )
        await it.control("POST", "switches", {"batch_size": 7})
        await restore(it, kept)
        mine, theirs = [await it.control("GET", f"{realm}/books") for realm in (it.realm, second["realm"])]
        switches = await it.control("GET", "switches")

    assert (len(mine["Customer"]), len(theirs["Customer"]), switches["batch_size"]) == (0, 1, 7)


async def test_what_is_no_snapshot_changes_nothing() -> None:
    """It is refused before anything is replaced, and named snapshots that are not there are said not to be."""
    async with company() as it:
        await it.customer("Amy")
        incomplete: Body = {"format": FORMAT, "now": "x", "companies": {"1": {}}}
        for text in ({"format": "x"}, {}, {"format": FORMAT}, incomplete):
            refused = await it.control("POST", "restore", text)
            assert (refused.status, "error" in refused.json) == (400, True)
        unknown = await it.control("POST", "snapshots/evening/restore")
        books = await it.control("GET", f"{it.realm}/books")

    assert (unknown.status, len(books["Customer"])) == (400, 1)


async def test_nothing_that_a_company_knows_is_left_out_unawares() -> None:
    """Who adds something to a company, a record or what is left of one decides whether a copy has it."""
    remade = {"clock", "shelves", "switches", "listeners", "versions", "zone", "logs", "deletions", "written"}
    renamed = {"time_zone", "sequences", "changes"}
    async with company() as it:
        realm = it.running.sandbox.realms[it.realm]
        copy = copied(realm)
    known = {name for name in vars(realm) if not name.startswith("_")}

    assert known - remade == set(copy) - renamed - {"deletions"}
    assert {one.name for one in fields(Record)} - remade - {"entity"} == set(copy["records"]["Item"][0])
    assert {one.name for one in fields(Stub)} == {"id", "deleted", "last"}
