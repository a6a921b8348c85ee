"""The database was put back to an earlier moment: QuickBooks remembers more than we do, and nothing is made twice."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from infra.sandbox.quickbooks import bookkeeper
from infra.sandbox.quickbooks.switches import Switches
from schemas.envelope import Event, Message
from tests.integration.line import Line, an_event, an_invoice, line
from tests.integration.meddling import LOOK_AGAIN, look_again
from tests.integration.rewound import Kept, back_up, put_back

pytestmark = [pytest.mark.postgres]


@pytest.fixture(params=["forever", "none"])
async def here(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Line]:
    """A line whose QuickBooks remembers request ids for ever, or not at all."""
    async with line(database_url, switches=Switches(limits="off", request_ids=request.param)) as found:
        yield found


@pytest.fixture
def kept(here: Line) -> Kept:
    return Kept(here)


def client(id_: str = "c1", version: int = 1, **content: Any) -> Message:  # noqa: ANN401
    type_ = "ClientCreated" if version == 1 else "ClientEdited"
    return an_event(type_, f"client/{id_}", version, {"name": f"Client {id_}", **content})


def invoice(id_: str = "i1", version: int = 1, **content: Any) -> Message:  # noqa: ANN401
    type_ = "InvoiceCreated" if version == 1 else "InvoiceEdited"
    return an_event(type_, f"invoice/{id_}", version, an_invoice(**{"number": id_.upper(), **content}))


def objects(here: Line) -> list[tuple[str, str]]:
    """Everything that was ever made in QuickBooks by us or by others."""
    return [(entity, row["Id"]) for entity in ("Customer", "Vendor", "Item", "Invoice") for row in here.books(entity)]


def without_version(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event.data.items() if name != "returnversion"}


async def states(here: Line) -> set[str]:
    return {state for (state,) in await here.rows("SELECT state FROM sync_record")}


async def test_what_was_made_in_the_lost_time_is_adopted_and_nothing_is_made_twice(here: Line, kept: Kept) -> None:
    """R-17, R-40: client, location, supplier, item and invoice are found again in QuickBooks, each by what it is."""
    location = an_event("ClientLocationCreated", "client_location/l1", 1, {"client_id": "c1", "name": "Depot"})
    supplier = an_event("SupplierCreated", "supplier/s1", 1, {"name": "Pipes Ltd"})
    await back_up(here)
    await kept.tell(client(), location, supplier, invoice(location_id="l1"))
    await here.turns()
    made, links = objects(here), await here.rows("SELECT kind, klipboard_id, type, quickbooks_id FROM link ORDER BY 1")
    assert len(links) == 5

    await put_back(here)
    await here.crash()
    kept.start_again()
    await kept.tell()
    await look_again(here)

    assert objects(here) == made
    assert await here.rows("SELECT kind, klipboard_id, type, quickbooks_id FROM link ORDER BY 1") == links
    assert await states(here) == {"synced"}


async def test_nothing_is_made_before_the_change_feed_was_read(here: Line, kept: Kept) -> None:
    """While QuickBooks' changes cannot be read, what is new waits; what is known may still be edited."""
    await kept.tell(client("c0"))
    await here.turns()
    await back_up(here)
    await kept.tell(client(), invoice())
    await here.turns()
    made = objects(here)
    await put_back(here)
    await here.crash()
    kept.start_again()
    here.break_calls("status", status=503, path_contains="/cdc")
    before = len(here.writes())

    await kept.tell(client("c0", version=2, phone="555"))
    await here.turn()
    assert [(entry.operation, entry.entity) for entry in here.writes()[before:]] == [("update", "Customer")]

    here.mend()
    await look_again(here)
    assert objects(here) == made
    assert await states(here) == {"synced"}


async def test_a_database_put_back_under_a_running_worker_is_noticed_at_the_next_event(here: Line, kept: Kept) -> None:
    """The stored offset is lower than what this process has folded: the gap is read again, and adopted."""
    await kept.tell(client("c0"))
    await here.turns()
    await back_up(here)
    await kept.tell(client(), invoice())
    await here.turns()
    made = objects(here)
    await put_back(here)
    await here.crash()

    await kept.tell(client("c2"))
    await look_again(here)

    assert sorted(objects(here)) == sorted([*made, ("Customer", here.one("Customer", DisplayName="Client c2")["Id"])])
    assert await states(here) == {"synced"}


async def test_a_name_that_was_taken_before_the_lost_time_still_clashes(here: Line, kept: Kept) -> None:
    """R-30: only what was made in the lost time may be ours; an older customer of that name is a stranger's."""
    await kept.tell(client("c0"))
    await here.turns()
    await back_up(here)
    stranger = bookkeeper.create(here.realm, "Customer", {"DisplayName": "Client c1"})
    made_long_ago(here, "Customer", stranger["Id"])
    await kept.tell(client())
    await put_back(here)
    await here.crash()
    kept.start_again()

    await kept.tell()
    await look_again(here)

    record = await here.record("client/c1")
    assert record["state"] == "refused"
    assert f"Customer {stranger['Id']}" in record["cause"]
    assert await here.rows("SELECT count(*) FROM link WHERE quickbooks_id = :id", id=stranger["Id"]) == [(0,)]


async def test_an_invoice_that_was_renumbered_meanwhile_is_still_found(here: Line, kept: Kept) -> None:
    """R-40: our marker, its customer and its amount say which it is, where its number no longer does."""
    await kept.tell(client())
    await here.turns()
    await back_up(here)
    await kept.tell(invoice())
    await here.turns()
    here.edit("Invoice", here.one("Invoice")["Id"], DocNumber="2026-001")
    await put_back(here)
    await here.crash()
    kept.start_again()

    await kept.tell()
    await look_again(here)

    assert await here.rows("SELECT quickbooks_id FROM link WHERE kind = 'invoice'") == [(here.one("Invoice")["Id"],)]
    assert await states(here) == {"synced"}


async def test_an_invoice_is_preferred_to_a_copy_of_it(here: Line, kept: Kept) -> None:
    """A bookkeeper's copy carries our marker too; what has our number is the original."""
    await kept.tell(client())
    await here.turns()
    await back_up(here)
    await kept.tell(invoice())
    await here.turns()
    original = here.one("Invoice")
    copied = {name: original[name] for name in ("CustomerRef", "Line", "PrivateNote", "TxnDate", "DueDate")}
    bookkeeper.create(here.realm, "Invoice", {**copied, "DocNumber": "COPY"})
    await put_back(here)
    await here.crash()
    kept.start_again()

    await kept.tell()
    await look_again(here)

    assert await here.rows("SELECT quickbooks_id FROM link WHERE kind = 'invoice'") == [(original["Id"],)]
    assert len(here.books("Invoice")) == 2


async def test_a_clash_with_itself_is_healed_once_the_rewind_is_noticed(here: Line, kept: Kept) -> None:
    """A worker that acts before anybody knows is refused its own customer's name; looked at again, it finds its own."""
    await kept.tell(client())
    await back_up(here)
    await here.turns()
    await kept.tell(client("c2"))
    await put_back(here)
    await here.crash()
    await here.turns()  # nobody has looked at Kafka yet

    kept.start_again()
    await kept.tell()
    await look_again(here)

    assert [row["DisplayName"] for row in here.books("Customer")] == ["Client c1", "Client c2"]
    assert await states(here) == {"synced"}


async def test_edits_of_the_lost_time_are_recognised_and_a_bookkeepers_survive(here: Line, kept: Kept) -> None:
    """R-21, R-22: what QuickBooks shows already is not written again, and what somebody changed there stays."""
    await kept.tell(client(), invoice())
    await here.turns()
    await back_up(here)
    await kept.tell(client(version=2, phone="555-0101"), invoice(version=2, message="Thank you."))
    await here.turns()
    here.edit("Customer", here.one("Customer")["Id"], Notes="Rings twice.")
    await put_back(here)
    await here.crash()
    kept.start_again()
    before = len(here.writes())

    await kept.tell()
    await look_again(here)

    customer = here.one("Customer")
    assert (customer["PrimaryPhone"], customer["Notes"]) == ({"FreeFormNumber": "555-0101"}, "Rings twice.")
    assert here.one("Invoice")["CustomerMemo"] == {"value": "Thank you."}
    assert [entry.operation for entry in here.writes()[before:] if entry.status == 200] == []
    assert await states(here) == {"synced"}


async def test_versions_and_fences_never_count_backwards(here: Line, kept: Kept) -> None:
    """What a restored database tells, or claims, is newer than all that the forgotten time told and claimed."""
    await back_up(here)
    await kept.tell(client(), invoice())
    await here.turns()
    here.pay(here.one("Invoice"), "80.00")
    await here.poll()
    (told,) = await here.told("PaymentReconciled")
    assert here.lease is not None
    fence = here.lease.fence
    await put_back(here)
    await here.crash()
    kept.start_again()

    await kept.tell()
    await look_again(here)

    (again,) = await here.told("PaymentReconciled")
    assert without_version(again) == without_version(told)
    assert again.data["returnversion"] > told.data["returnversion"]
    assert again.id != told.id
    assert here.lease is not None
    assert here.lease.fence > fence


async def test_a_renewal_notices_a_database_that_went_back(here: Line, kept: Kept) -> None:
    """A lease that the database has forgotten ends, and under the next one nothing is made before the feed was read."""
    await here.worker.enter()
    await kept.tell(client())
    await back_up(here)
    await here.turns()
    await put_back(here)

    await here.worker.keeper.renew()

    assert here.worker.keeper.held == ()
    assert await here.rows("SELECT count(*) FROM tenant WHERE rewound_at IS NULL") == [(0,)]
    here.lease = None
    await here.pass_time(seconds=LOOK_AGAIN)
    for _ in ("reads", "adopts", "settles"):
        await here.turn()
    assert [row["DisplayName"] for row in here.books("Customer")] == ["Client c1"]
    assert await states(here) == {"synced"}


def made_long_ago(here: Line, entity: str, id_: str) -> None:
    """An object is an hour old in QuickBooks."""
    record = here.realm.find(entity, id_)
    assert record is not None
    record.created -= timedelta(hours=1)
