"""Plans: what is compared with what, so that a replay is free, a repair exact, and no wait longer than needed."""

from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from consumers import wanted
from consumers.operations import Wait
from consumers.records import RealmId, RecordKey
from infra import bootstrap
from infra.database.rows import lock_records
from infra.quickbooks.transport import HttpTransport
from infra.sandbox.quickbooks import bookkeeper, books
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.switches import Switches
from mapping.clients import customer_fields
from schemas import exact
from schemas.clients import Client
from schemas.kinds import Kind, KlipboardId
from tests.integration.line import Line, a_line, line
from tests.integration.meddling import a_lost_invoice, how, look_again

pytestmark = [pytest.mark.postgres]


@pytest.fixture(params=["forever", "none"])
async def here(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Line]:
    """A line whose QuickBooks remembers request ids for ever, or not at all."""
    async with line(database_url, switches=Switches(limits="off", request_ids=request.param)) as found:
        yield found


async def a_working_day(here: Line) -> None:
    """A record of every kind that is in QuickBooks, each as Klipboard wants it."""
    address = {"line1": "1 High St", "city": "Leeds", "country": "UK"}
    await here.client(phone="1", notes="Gate 4", billing_address=address)
    await here.tell("ClientLocationCreated", "client_location/l1", 1, client_id="c1", name="Depot", address=address)
    await here.tell("SupplierCreated", "supplier/s1", 1, name="Pipes & Co", account_number="K-9")
    await here.invoice(lines=[a_line("a"), a_line("b", quantity="0.5", unit_price="0.02", description="Washer")])
    await here.invoice("i2", location_id="l1", status="Draft", message="Thank you.")
    await here.turns()


async def mark_everything(here: Line) -> None:
    """A replay: every record is to be looked at again."""
    await here.rows("UPDATE sync_record SET revision = revision + 1 RETURNING 1")
    await here.turns()


async def test_a_replay_of_everything_is_no_call_at_all(here: Line) -> None:
    """R-17: what QuickBooks accepted is compared with what Klipboard wants, and nothing differs."""
    await a_working_day(here)
    invoices, calls, told = here.books("Invoice"), len(here.calls()), len(await here.told())

    await mark_everything(here)

    assert {state for (state,) in await here.rows("SELECT state FROM sync_record")} == {"synced"}
    assert here.books("Invoice") == invoices
    assert (len(here.calls()), len(await here.told())) == (calls, told)
    assert await here.rows("SELECT * FROM sync_record WHERE revision <> settled_revision") == []


async def test_ten_edits_in_a_burst_are_one_write(here: Line) -> None:
    """R-21: events fold into what QuickBooks should look like; only the last of it is sent."""
    await here.client(phone="0")
    await here.turns()
    for version in range(2, 12):
        await here.client(version=version, phone=str(version))

    await here.turns()

    assert len(here.calls("update")) == 1
    assert here.one("Customer")["PrimaryPhone"] == {"FreeFormNumber": "11"}
    (last,) = [one for one in await here.told("SyncSucceeded") if one.data["operation"] == "update"]
    assert (last.data["first_version"], last.data["last_version"]) == (2, 11)


async def test_a_corrected_mapping_repairs_exactly_the_records_that_differ(
    here: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-21: once marked, what the mistake changed is written and nothing else, and no bookkeeper's edit is undone."""
    with monkeypatch.context() as patch:
        _lose_phones(patch)
        await here.client("c1", phone="1")
        await here.client("c2")
        await here.client("c3", phone="3")
        await here.turns()
    ids = {one["DisplayName"]: one["Id"] for one in here.books("Customer")}
    here.edit("Customer", ids["Client c3"], Notes="Theirs")
    await here.poll()

    await mark_everything(here)

    phones = {one["DisplayName"]: one.get("PrimaryPhone") for one in here.books("Customer")}
    assert {one.object_id for one in here.calls("update")} == {ids["Client c1"], ids["Client c3"]}
    assert len(here.calls("update")) == 2
    assert phones == {
        "Client c1": {"FreeFormNumber": "1"},
        "Client c2": None,
        "Client c3": {"FreeFormNumber": "3"},
    }
    assert here.one("Customer", DisplayName="Client c3")["Notes"] == "Theirs"


def _lose_phones(patch: pytest.MonkeyPatch) -> None:
    def without_phone(*, client: Client) -> dict[str, Any]:
        return {name: value for name, value in customer_fields(client=client).items() if name != "PrimaryPhone"}

    patch.setattr(wanted, "customer_fields", without_phone)


async def test_what_quickbooks_shows_already_is_not_written(here: Line) -> None:
    """R-21: both sides typed the same; it counts as sent, so that a later edit of it is Klipboard's again."""
    await here.client(phone="1")
    await here.turns()
    here.edit("Customer", here.one("Customer")["Id"], PrimaryPhone={"FreeFormNumber": "2"})
    await here.poll()
    calls = len(here.calls())

    await here.client(version=2, phone="2")
    await here.turns()

    record = await here.record("client/c1")
    assert len(here.calls()) == calls
    assert (record["sent"]["PrimaryPhone"], record["unreturned"]) == ({"FreeFormNumber": "2"}, {})


async def test_clearing_fields_leaves_everything_else_as_quickbooks_shows_it(here: Line) -> None:
    """R-21, R-41: the full update that clears is built from the whole object, a bookkeeper's fields and lines too."""
    await here.client(phone="1", notes="Gate 4")
    await here.invoice(message="Thank you.")
    await here.turns()
    customer, invoice = here.one("Customer"), here.one("Invoice")
    own = {"DetailType": "DescriptionOnly", "Description": "Bank details overleaf"}
    here.edit("Customer", customer["Id"], CompanyName="Theirs", PrintOnCheckName="ACME")
    here.edit("Invoice", invoice["Id"], Line=[*invoice["Line"][:-1], own])
    await here.poll()

    await here.client(version=2, phone="1")
    await here.invoice(version=2)
    await here.turns()

    customer, after = here.one("Customer"), here.one("Invoice")
    assert ("Notes" in customer, "CustomerMemo" in after) == (False, False)
    assert (customer["CompanyName"], customer["PrintOnCheckName"]) == ("Theirs", "ACME")
    assert customer["PrimaryPhone"] == {"FreeFormNumber": "1"}
    assert [one["Id"] for one in after["Line"][:-1]] == [invoice["Line"][0]["Id"], "2"]
    assert (after["PrivateNote"], after["TotalAmt"]) == (invoice["PrivateNote"], invoice["TotalAmt"])


async def test_a_bookkeepers_note_is_never_written_over(here: Line) -> None:
    """R-41: the marker is written when the invoice is made, and the note is the bookkeeper's from then on."""
    await here.client()
    await here.invoice()
    await here.turns()
    invoice = here.one("Invoice")
    here.edit("Invoice", invoice["Id"], PrivateNote="Ask Ann first")
    await here.poll()

    await here.invoice(version=2, lines=[a_line("a", quantity="3")], message="Hello")
    await here.turns()
    await here.invoice(version=3, lines=[a_line("a", quantity="3")])
    await here.turns()

    assert invoice["PrivateNote"].startswith("klipsync:")
    assert here.one("Invoice")["PrivateNote"] == "Ask Ann first"
    assert here.one("Invoice")["TotalAmt"] == 120
    assert (await here.record("invoice/i1"))["unreturned"] == {}


@pytest.mark.parametrize("state", ["unknown", "gone_in_quickbooks", "ignored"])
async def test_a_record_that_rests_stays_at_rest_whatever_klipboard_says(here: Line, state: str) -> None:
    """R-62: no edit, no replay and no button sends anything of it; only a person ends the rest."""
    await _at_rest(here, state)
    invoices, calls = here.books("Invoice"), here.writes()

    await here.invoice(version=3, message="Again")
    await here.tell("StatusChanged", "invoice/i1", 4, status="Overdue")
    await here.turns()
    await mark_everything(here)
    await look_again(here, seconds=90_000)
    await here.poll()

    record = await here.record("invoice/i1")
    assert (record["state"], record["cause"] is not None, record["next_step"] is not None) == (state, True, True)
    assert here.books("Invoice") == invoices
    assert here.writes() == calls
    assert record["revision"] == record["settled_revision"]


async def _at_rest(here: Line, state: str) -> None:
    if state == "unknown":
        here.delete("Invoice", (await a_lost_invoice(here))["Id"])
        await look_again(here)
    else:
        await here.client()
        await here.invoice()
        await here.turns()
        if state == "gone_in_quickbooks":
            here.delete("Invoice", here.one("Invoice")["Id"])
        else:
            await here.rows("UPDATE sync_record SET state = 'ignored' WHERE kind = 'invoice' RETURNING 1")
        await here.poll()
    assert (await how(here, "invoice/i1"))[0] == state


async def test_a_location_waits_for_its_client_and_goes_when_that_comes(here: Line) -> None:
    """R-24: it is settled as waiting, looked at once more when its client is there, and never made without it."""
    await here.tell("ClientLocationCreated", "client_location/l1", 1, client_id="c1", name="Depot")
    await here.turns()
    waiting, calls = await here.record("client_location/l1"), len(here.writes())

    await here.client()
    await here.turns()

    parent = here.one("Customer", DisplayName="Client c1")
    assert (waiting["state"], waiting["waits_kind"], waiting["waits_id"], calls) == ("waiting", "client", "c1", 0)
    assert waiting["revision"] == waiting["settled_revision"]
    assert here.one("Customer", DisplayName="Depot")["ParentRef"]["value"] == parent["Id"]
    assert await how(here, "client_location/l1") == ("synced", None)
    assert [one.data["last_version"] for one in await here.told("SyncWaiting")] == [1]


async def test_a_location_goes_when_its_client_comes_that_was_refused_at_first(here: Line) -> None:
    """R-24, R-30: the wait outlasts the refusal, and ends by itself."""
    bookkeeper.create(here.realm, "Vendor", {"DisplayName": "Client c1"})
    await here.client()
    await here.tell("ClientLocationCreated", "client_location/l1", 1, client_id="c1", name="Depot")
    await here.turns()
    before = [(await how(here, one))[0] for one in ("client/c1", "client_location/l1")]

    await here.client(version=2, name="Another name")
    await here.turns()

    assert before == ["refused", "waiting"]
    assert here.one("Customer", DisplayName="Depot")["FullyQualifiedName"] == "Another name:Depot"


async def test_a_wait_for_what_came_in_that_very_moment_is_no_wait(here: Line) -> None:
    """R-24: its client was made between plan and settling; the record stays due, or nobody would ever look again."""
    await here.tell("ClientLocationCreated", "client_location/l1", 1, client_id="c1", name="Depot")
    key = RecordKey(tenant=here.tenant, kind=Kind.CLIENT_LOCATION, id=KlipboardId("l1"))
    async with here.database.transaction() as connection:
        planned = (await lock_records(connection, [key]))[key]
    await here.client()
    await here.rows("UPDATE sync_record SET next_attempt_at = 'infinity' WHERE kind = 'client_location' RETURNING 1")
    await here.turns()
    wait = Wait(kind=Kind.CLIENT, id=KlipboardId("c1"), cause="Its client is not there.", next_step="It follows.")

    assert here.lease is not None
    await here.worker.parts.settler.without_a_call(here.lease, planned, wait)
    due = (await here.record("client_location/l1"))["settled_revision"]
    await here.turns()

    assert due < planned.revision
    assert await how(here, "client_location/l1") == ("synced", None)


async def test_what_waits_is_not_said_to_wait_any_more_while_its_call_is_under_way(here: Line) -> None:
    """R-03: a person never reads a reason that is over."""
    await here.tell("ClientLocationCreated", "client_location/l1", 1, client_id="c1", name="Depot")
    await here.turns()
    here.break_calls("lose_answer", entity="customer", method="POST", count=2)
    await here.client()
    await here.turns()

    await look_again(here)

    assert await how(here, "client_location/l1") == ("pending", None)


async def test_a_link_into_another_company_is_never_used(here: Line) -> None:
    """R-17: neither to write to the record itself, nor to name it on another one; ids of two companies overlap."""
    await here.client()
    await here.turns()
    former, here.realm = here.realm, await _another_company(here)
    stranger = bookkeeper.create(here.realm, "Customer", {"DisplayName": "Stranger"})
    before = books.books(former)["Customer"]

    await here.crash()
    async with bootstrap.worker(here.settings) as anew:
        await here.invoice()
        await here.turn(worker=anew)
        without_client = await how(here, "invoice/i1")
        await here.client(version=2, phone="2")
        for _ in range(4):
            await here.turn(worker=anew)

    ours = here.one("Customer", DisplayName="Client c1")
    assert without_client == ("waiting", "Its client c1 is not in QuickBooks yet.")
    assert here.one("Customer", DisplayName="Stranger") == exact.loads(exact.dumps(stranger))
    assert here.one("Invoice")["CustomerRef"]["value"] == ours["Id"] != stranger["Id"]
    assert here.calls("update") == []
    assert books.books(former)["Customer"] == before


async def _another_company(here: Line) -> Realm:
    """Somebody has decided that the tenant's books are kept in another company from now on."""
    sandbox = here.running.sandbox
    realm = sandbox.open_company(name="Acme again", realm=None, zone=ZoneInfo("UTC"))
    _, refresh = sandbox.tokens.grant(realm.realm, sandbox.switches)
    await here.rows("DELETE FROM connection RETURNING 1")
    async with HttpTransport() as transport:
        tokens = bootstrap.tokens_of(here.settings, here.database, transport)
        await tokens.connect(
            tenant=here.tenant, realm=RealmId(realm.realm), environment="production", refresh_token=refresh
        )
    return realm


async def test_generation_and_refusals_grow_for_their_own_reasons_alone(here: Line) -> None:
    """R-40: no edit, crash, replay, lost answer or success makes another request id for what may have been executed."""
    await a_lost_invoice(here)
    await here.crash()
    await here.invoice(version=2, message="Hello")
    await look_again(here)
    await mark_everything(here)

    found = await here.rows("SELECT generation, refusals FROM sync_record")
    assert set(found) == {(0, 0)}
