"""QuickBooks' limits, reads and writes together: kept, over owners too, and no call that is not needed."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

import pytest

from infra.quickbooks.transport import Reply, Request, Transport
from infra.sandbox.quickbooks.journal import Entry
from infra.sandbox.quickbooks.switches import Switches
from tests.integration.at_work import another
from tests.integration.line import Line, a_line, line

pytestmark = pytest.mark.postgres
REAL: Mapping[str, Any] = {"calls_per_second": 10, "calls_per_minute": 500, "calls_in_flight": 10}
THROTTLED = 429
PATIENCE = 20.0  # seconds that calls wait for each other; nobody waits so long where the count is right


def throttled(here: Line) -> list[Entry]:
    """The calls that QuickBooks answered with 429."""
    return [entry for entry in here.calls() if entry.status == THROTTLED]


async def test_a_burst_over_two_owners_in_turn_is_never_throttled(database_url: str) -> None:
    """Each new owner counts what the former one called, reads and writes: QuickBooks never has to say 429."""
    async with line(database_url, switches=Switches(limits="on"), **REAL) as here:
        await here.turn()
        for number in range(30):
            await here.client(f"c{number:02}")
        async with another(here, "w2", **REAL) as second:
            for number in range(3):
                await here.turn(worker=(here.worker, second)[number % 2])
                lease, here.lease = here.lease, None
                assert lease is not None
                (here.worker, second)[number % 2].keeper.forget(lease)
                await here.rows("UPDATE lease SET expires_at = '-infinity' RETURNING 1")

    assert throttled(here) == []
    assert len(here.writes()) == 30
    assert len({entry.user_agent for entry in here.writes()}) == 3


async def test_a_burst_of_reads_and_writes_is_never_throttled(database_url: str) -> None:
    """Look-ups, reads and writes share the windows: one owner with everything to do at once stays within them."""
    async with line(database_url, switches=Switches(limits="on"), **REAL) as here:
        await here.client()
        for number in range(12):
            await here.invoice(f"i{number}", lines=[a_line(name=f"Service {number}")])
        await here.turns()

        assert throttled(here) == []
        assert len(here.books("Invoice")) == 12
        assert {entry.operation for entry in here.calls()} >= {"cdc", "query", "create"}


class Busy:
    """Counts the calls that are under way. From `meet` on they wait for each other, until so many have met."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.met = asyncio.Event()
        self.met.set()
        self._wanted = 0

    def meet(self, wanted: int) -> None:
        """Nobody leaves before so many are here; where they never are, each leaves after a while."""
        self._wanted, self.most = wanted, 0
        self.met.clear()

    async def enter(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now >= self._wanted:
            self.met.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.met.wait(), PATIENCE)

    def __call__(self, name: str, real: Any) -> Any:  # noqa: ANN401 - any port
        return _Counting(real, self) if name == "transport" else real


class _Counting:
    def __init__(self, inner: Transport, busy: Busy) -> None:
        self._inner = inner
        self._busy = busy

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109 - the port's word
        await self._busy.enter()
        try:
            return await self._inner.send(request, timeout=timeout)
        finally:
            self._busy.now -= 1


@pytest.mark.parametrize(("allowed", "most"), [(3, 3), (10, 10)])
async def test_no_more_calls_are_in_flight_than_allowed(database_url: str, allowed: int, most: int) -> None:
    """As many as the setting says, however much is due."""
    busy = Busy()
    async with line(database_url, wrap=busy, calls_in_flight=allowed) as here:
        await here.turn()
        for number in range(14):
            await here.client(f"c{number}")

        busy.meet(most)
        await here.turn()

        assert busy.most == most


async def test_a_429_pauses_the_tenant_for_a_minute_and_costs_no_try(database_url: str) -> None:
    """Should QuickBooks say it all the same: nothing leaves for 60 s, and the record is no nearer to being given up."""
    async with line(database_url) as here:
        await here.turn()
        here.break_calls("status", status=THROTTLED, method="POST", count=1)
        await here.client()
        await here.turn()
        after = len(here.calls())
        ((seconds,),) = await here.rows("SELECT extract(epoch FROM paused_until - clock_timestamp()) FROM tenant")
        record = await here.record("client/c1")
        await here.turns()
        await here.pass_time(seconds=55)
        await here.turns()
        in_the_pause = here.calls()[after:]
        await here.pass_time(seconds=5)
        await here.turns()

        assert 50 < seconds <= 60
        assert (record["tries"], record["first_failed_at"], record["state"]) == (0, None, "pending")
        assert in_the_pause == []
        here.one("Customer", DisplayName="Client c1")


@pytest.mark.parametrize("path", ["/cdc", "/customer/"])
async def test_a_read_that_is_throttled_lets_nothing_else_leave(database_url: str, path: str) -> None:
    """The poll, or a record that is read again, is told 429: the writes of that very turn wait for the minute too."""
    async with line(database_url) as here:
        await here.client()
        await here.turns()
        await here.rows("UPDATE sync_record SET reread = true RETURNING 1")
        await here.client(version=2, email="new@example.com")
        here.break_calls("status", status=THROTTLED, path_contains=path)
        before = len(here.writes())
        await here.poll()
        in_the_pause = here.writes()[before:]
        here.mend()
        await here.pass_time(seconds=60)
        await here.turns()

        assert in_the_pause == []
        assert len(here.writes()) == before + 1


async def test_a_pause_is_not_cut_short_by_a_shorter_one(database_url: str) -> None:
    """A 429 and, right after it, a call that does not reach QuickBooks: the minute stays a minute."""
    async with line(database_url) as here:
        await here.turn()
        assert here.lease is not None
        for seconds in (60, 30):
            async with here.worker.parts.books.settling(here.lease) as books:
                await books.pause(here.tenant, cause=f"for {seconds} s", seconds=seconds)

        rows = await here.rows(
            "SELECT pause_cause, extract(epoch FROM paused_until - clock_timestamp()) > 45 FROM tenant"
        )
        assert rows == [("for 60 s", True)]


async def test_an_ordinary_update_reads_nothing(database_url: str) -> None:
    """Its token is known from the last answer: reads are metered, so an edit is one call and no more."""
    async with line(database_url) as here:
        await here.client()
        await here.invoice()
        await here.turns()
        before = len(here.calls())

        await here.client(version=2, email="new@example.com")
        await here.invoice(version=2, message="Thank you.")
        await here.turns()

        assert [entry.operation for entry in here.calls()[before:]] == ["update", "update"]


async def test_one_query_asks_for_the_numbers_of_a_group_of_new_invoices(database_url: str) -> None:
    """And one for the names of their new items, however many come together."""
    async with line(database_url) as here:
        await here.client()
        await here.turns()
        for number in range(5):
            await here.invoice(f"i{number}", lines=[a_line(name=f"Service {number}")])
        await here.turns()
        asked = [unquote_plus(entry.query) for entry in here.calls("query")]

        assert len([query for query in asked if "DocNumber IN" in query]) == 1
        assert len([query for query in asked if "Name IN" in query and "FROM Item" in query]) == 1
        assert len(here.books("Invoice")) == 5


async def test_a_cut_call_of_a_former_owner_is_counted_until_its_time_out(database_url: str) -> None:
    """In flight are two at most; the former owner's two may still be at work: the next one's call waits for that."""
    slow: dict[str, Any] = {"calls_in_flight": 2, "call_time_out": timedelta(seconds=1)}
    async with line(database_url, **slow) as here:
        await here.turn()
        here.break_calls("cut_before", method="POST", count=2)
        await here.client("c1")
        await here.client("c2")
        await here.turn()
        await here.client("c3")
        await here.crash()
        async with another(here, "w2", **slow) as second:
            await here.turn(worker=second)

        cut, made = here.calls()[1:3], here.calls("create")
        assert len(made) == 1
        assert made[0].at - cut[-1].at > timedelta(seconds=0.9)
