"""The poll as one transaction: its cursor, and what cannot be read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from consumers.books import FenceLost
from infra.database.feed import FeedStore
from producers.changes import Changes
from schemas.quickbooks.answers import Faulted, Unanswered
from tests.integration.line import TENANT, Line
from tests.integration.polled import RECONCILED, cursor, execute, only, polled_line, said, set_back, without
from tests.integration.watched import Body, Window, rows

pytestmark = [pytest.mark.postgres]


@pytest.fixture
def window() -> Window:
    """A window on the calls of the line below."""
    return Window()


@pytest.fixture
async def here(database_url: str, window: Window) -> AsyncIterator[Line]:
    """A line with client c1 and invoices i1 and i2 over 80.00 each, all in QuickBooks and polled."""
    async with polled_line(database_url, window) as found:
        yield found


async def _poll_failing(here: Line) -> None:
    """A poll that fails holds the tenant; the hold is over at once."""
    await here.poll()
    await here.rows("UPDATE tenant SET paused_until = NULL RETURNING 1")


# --- the cursor ---


async def test_a_poll_begins_before_the_cursor_and_moves_it_to_quickbooks_time(here: Line, window: Window) -> None:
    """The overlap is five minutes; the cursor goes by the server's clock, whatever ours says."""
    before, server = await cursor(here), "2027-01-01T00:00:00.000-08:00"
    window.watched.answers["changes"] = lambda _, body: {**body, "time": server}

    await here.poll()

    assert window.watched.asked == [("changes", before - timedelta(minutes=5))]
    assert await cursor(here) == datetime(2027, 1, 1, 8, tzinfo=UTC)


async def test_the_cursor_never_moves_back(here: Line, window: Window) -> None:
    """An answer that bears an older time is stored, and the cursor stays where it was."""
    before = await cursor(here)
    window.watched.answers["changes"] = lambda _, body: {**body, "time": "2020-01-01T00:00:00.000Z"}

    await here.poll()

    assert await cursor(here) == before


async def test_the_cursor_moves_with_what_it_brought_or_not_at_all(here: Line) -> None:
    """Results, events and cursor are one transaction: what cannot be told yet is not taken for read either."""
    before = await cursor(here)
    here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    await execute(here, "ALTER TABLE outbox ADD CONSTRAINT no_room CHECK (topic <> 'quickbooks.payments')")

    with pytest.raises(IntegrityError, match="no_room"):
        await here.poll()
    assert await cursor(here) == before
    assert await here.rows("SELECT * FROM payment_application") == []

    await execute(here, "ALTER TABLE outbox DROP CONSTRAINT no_room")
    await here.poll()

    assert await said(here) == [(RECONCILED, "i1", "0.00")]


async def test_a_former_owners_poll_stores_nothing(here: Line) -> None:
    """An answer that was read under an older fence may be older than what the new owner has done since."""
    before = await cursor(here)
    changes = Changes(server_time=datetime(2030, 1, 1, tzinfo=UTC), rows=())
    assert here.lease is not None

    with pytest.raises(FenceLost):
        await FeedStore(here.database).store(
            tenant=TENANT, realm=here.realm.realm, fence=here.lease.fence - 1, changes=changes
        )

    assert await cursor(here) == before


# --- failures ---


async def test_a_page_that_fails_leaves_the_cursor_and_all_is_read_again(here: Line) -> None:
    """Of a reading in several parts nothing is stored before the last part was answered."""
    before = await set_back(here, days=40)
    here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    here.break_calls("status", entity="query", count=1, status=503)

    await _poll_failing(here)
    assert (await cursor(here), await said(here)) == (before, [])
    await here.poll()

    assert await cursor(here) > before
    assert await said(here) == [(RECONCILED, "i1", "0.00")]


async def test_a_fault_inside_the_answer_is_a_failure(here: Line, window: Window) -> None:
    """A part of the feed that failed must not pass for one without changes."""
    before = await cursor(here)
    here.pay(here.one("Invoice", DocNumber="I1"), "80.00")

    def failing(_: object, body: Body) -> Body:
        body["CDCResponse"][0]["QueryResponse"] = [{"Fault": {"Error": [{"code": "10000"}]}}]
        return body

    window.watched.answers["changes"] = failing
    await _poll_failing(here)

    assert (await cursor(here), await said(here)) == (before, [])


async def test_what_a_poll_came_to_is_said(here: Line) -> None:
    """A failure is handed on with QuickBooks' answer, so that the owner can tell a pause from a bug."""
    assert here.lease is not None
    poll = partial(here.worker.parts.poller.poll, tenant=TENANT, realm=here.realm.realm, fence=here.lease.fence)
    here.break_calls("cut_before", entity="cdc", count=1)

    cut = await poll()
    clean = await poll()

    assert isinstance(cut.failure, Faulted | Unanswered)
    assert (cut.rows, cut.moved_to) == (0, None)
    assert (clean.failure, clean.unreadable) == (None, ())
    assert clean.moved_to == await cursor(here)


def _garbled(type_: str, number: str, **fields: Any) -> Any:  # noqa: ANN401
    """One object arrives with other fields than QuickBooks has."""

    def garble(_: object, body: Body) -> Body:
        for row in rows(body, type_):
            if number in {row["Id"], row.get("DocNumber"), row.get("PaymentRefNum"), row.get("DisplayName")}:
                row.update(fields)
        return body

    return garble


async def test_a_payment_that_cannot_be_read_is_kept_until_it_can(here: Line, window: Window) -> None:
    """R-45: the others are told; this one is named, kept, and told when a corrected klipsync reads it."""
    bad = here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    here.pay(here.one("Invoice", DocNumber="I2"), "30.00")
    window.watched.answers["changes"] = _garbled("Payment", bad["Id"], TxnDate="the ninth")
    await here.poll()
    assert await said(here) == [(RECONCILED, "i2", "50.00")]
    assert await only(here, "Payment") == [bad["Id"]]

    # A new version reads what the old one could not: here, the kept payment is put right.
    window.watched.answers["changes"] = lambda _, body: without(body, "Payment", "Invoice")
    await execute(here, "UPDATE quickbooks_only SET seen = jsonb_set(seen, '{TxnDate}', '\"2026-03-09\"')")
    await here.poll()

    assert await said(here) == [(RECONCILED, "i2", "50.00"), (RECONCILED, "i1", "0.00")]
    assert await only(here, "Payment") == []


async def test_a_kept_payment_that_is_deleted_is_forgotten(here: Line, window: Window) -> None:
    """R-45: what was never told and is gone needs no telling, however odd it was."""
    bad = here.pay(here.one("Invoice", DocNumber="I1"), "80.00")
    window.watched.answers["changes"] = _garbled("Payment", bad["Id"], TxnDate="the ninth")
    await here.poll()

    here.delete("Payment", bad["Id"])
    await here.poll()

    assert await said(here) == []
    assert await only(here, "Payment") == []


@pytest.mark.parametrize(
    "odd",
    [
        _garbled("Invoice", "I1", SyncToken=None),
        _garbled("Invoice", "I1", TotalAmt="much", SyncToken="7"),
        _garbled("Invoice", "I1", Line="none", SyncToken="7"),
        _garbled("Invoice", "I1", MetaData={"LastUpdatedTime": "soon"}),
        _garbled("Customer", "Client c1", SyncToken="x"),
        _garbled("Customer", "Client c1", BillAddr="here", SyncToken="7"),
    ],
)
async def test_an_object_that_cannot_be_read_stops_no_other(here: Line, window: Window, odd: Any) -> None:  # noqa: ANN401
    """One object of an unknown shape is said loudly; the rest of the answer is stored, and the cursor moves."""
    before = await cursor(here)
    here.edit("Customer", here.one("Customer")["Id"], Notes="x")
    here.edit("Invoice", here.one("Invoice", DocNumber="I1")["Id"], PrivateNote="x")
    here.pay(here.one("Invoice", DocNumber="I1"), "10.00")
    here.pay(here.one("Invoice", DocNumber="I2"), "80.00")
    window.watched.answers["changes"] = odd
    assert here.lease is not None

    polled = await here.worker.parts.poller.poll(tenant=TENANT, realm=here.realm.realm, fence=here.lease.fence)

    assert len(polled.unreadable) in {1, 2}
    assert (RECONCILED, "i2", "0.00") in await said(here)
    assert await cursor(here) > before
