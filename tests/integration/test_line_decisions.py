"""What a person decides reaches QuickBooks' books: made again once, repaired where it differs, held while paused."""

from collections.abc import AsyncIterator

import pytest

from consumers.records import RecordKey
from infra.database import operators
from infra.database.replays import Replay, Replayed
from infra.database.standing import Selection
from infra.sandbox.quickbooks.switches import Switches
from schemas.kinds import Kind, KlipboardId
from tests.integration.line import TENANT, Line, line
from tests.integration.meddling import LOOK_AGAIN, SHOWN_AFTER

pytestmark = [pytest.mark.postgres]

INVOICE = RecordKey(tenant=TENANT, kind=Kind.INVOICE, id=KlipboardId("i1"))


@pytest.fixture(params=["forever", "none"])
async def here(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Line]:
    """Client c1 and invoice i1, both in a QuickBooks that remembers request ids for ever, or not at all."""
    async with line(database_url, switches=Switches(limits="off", request_ids=request.param)) as found:
        await found.client()
        await found.invoice()
        await found.turns()
        yield found


async def gone(here: Line) -> None:
    """A bookkeeper deleted the invoice, and the change feed showed it."""
    here.delete("Invoice", here.one("Invoice")["Id"])
    await here.poll()


async def recreate(here: Line) -> None:
    """A person has it made again, and what the person did in QuickBooks before is shown by now."""
    async with here.database.transaction() as connection:
        await operators.recreate(connection, INVOICE, shown_after=here.settings.quickbooks_lag)
    await here.pass_time(seconds=SHOWN_AFTER)


async def replay(here: Line) -> Replayed:
    selection = Selection(tenant=TENANT)
    return await Replay(database=here.database, selection=selection, progress=lambda *_: None).run()


async def test_what_a_bookkeeper_deleted_is_made_again_once_when_a_person_asks(here: Line) -> None:
    """R-62: a new invoice under a new request id, in a QuickBooks that remembers the old one too."""
    former = here.one("Invoice")["Id"]
    await gone(here)
    assert here.books("Invoice") == []

    await recreate(here)
    await here.turns()
    await here.poll()

    record = await here.record("invoice/i1")
    assert here.one("Invoice")["Id"] != former
    assert (record["state"], record["generation"], record["unreturned"]) == ("synced", 1, {})


@pytest.mark.parametrize("lost", ["lose_answer", "cut_before"])
async def test_a_lost_answer_does_not_cost_the_second_invoice(here: Line, lost: str) -> None:
    """R-40: the deletion that the feed shows again is the former invoice's, not this one's."""
    await gone(here)
    await recreate(here)
    here.break_calls(lost, entity="invoice", method="POST", count=1)
    await here.turns()

    await here.pass_time(seconds=LOOK_AGAIN)
    await here.turns()

    assert here.one("Invoice")["DocNumber"] == "I1"
    assert (await here.record("invoice/i1"))["state"] == "synced"


async def test_a_replay_repairs_what_differs_and_costs_no_other_call(here: Line) -> None:
    """As after a corrected mapping: one record was sent otherwise than it would be sent now."""
    here.edit("Invoice", here.one("Invoice")["Id"], CustomerMemo={"value": "wrong"})
    await here.poll()
    wrong = """{"CustomerMemo": {"value": "wrong"}}"""
    await here.rows(f"UPDATE sync_record SET sent = sent || '{wrong}' WHERE kind = 'invoice' RETURNING 1")  # noqa: S608
    writes = len(here.writes())

    done = await replay(here)
    await here.turns()

    assert done.records == 3  # the client, the item and the invoice
    assert [entry.entity for entry in here.writes()[writes:]] == ["Invoice"]
    assert here.one("Invoice").get("CustomerMemo") is None


async def test_nothing_leaves_while_an_operator_paused_it(here: Line) -> None:
    """The kill switch: edits are taken in meanwhile, and one write brings them all after that."""
    writes = len(here.writes())
    async with here.database.transaction() as connection:
        await operators.pause(connection, TENANT, why="the year is closed")
    await here.invoice(version=2, message="One.")
    await here.invoice(version=3, message="Two.")
    await here.turns()
    held_back = len(here.writes()) == writes

    async with here.database.transaction() as connection:
        waited = await operators.resume(connection, TENANT)
    await here.turns()

    assert (held_back, waited) == (True, 1)
    assert len(here.writes()) == writes + 1
    assert here.one("Invoice")["CustomerMemo"] == {"value": "Two."}
