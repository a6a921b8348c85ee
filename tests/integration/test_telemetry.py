"""What a worker counts, and what it tells of the work that waits, on its own port."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator

import pytest
from prometheus_client import Gauge
from prometheus_client.metrics import MetricWrapperBase
from sqlalchemy import TextClause

from consumers import counts
from infra.database.engine import Database
from infra.database.migrate import migrate
from infra.quickbooks.transport import Request
from infra.telemetry import backlog, metrics
from infra.telemetry.backlog import READ_OFTEN, READ_SELDOM
from infra.telemetry.counted import outcome_of, verb_of
from tests.databases import fresh_database
from tests.integration.at_work import another, at_work, database_away, until, until_owned
from tests.integration.explained import explain, fill
from tests.integration.line import Line, line
from tests.integration.looked import Counted, looking

pytestmark = pytest.mark.postgres

DUE, OLDEST, UNOWNED = "klipsync_due_records", "klipsync_oldest_due_seconds", "klipsync_due_tenants_without_owner"
OPEN, UNSENT = "klipsync_open_attempts", "klipsync_unsent_messages"
COMPANY = "https://quickbooks.example/v3/company/9130"


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Line]:
    async with line(database_url) as found:
        yield found


async def shown(here: Line) -> dict[str, float]:
    """What the line's worker shows now."""
    async with looking(here.settings, here.worker) as looker:
        return await looker.gauges()


async def change(here: Line, statement: str) -> None:
    """The database is otherwise."""
    await here.rows(f"{statement} RETURNING 1")


# --- what waits ---


async def test_what_is_due_is_counted_and_how_long_it_waits_already(here: Line) -> None:
    """Two records were folded, one of them an hour and a half ago, and nobody owns their tenant."""
    await here.client("c1")
    await here.client("c2")
    await change(here, "UPDATE sync_record SET folded_at = folded_at - interval '90 minutes' WHERE klipboard_id = 'c1'")

    found = await shown(here)

    assert (found[DUE], found[UNOWNED]) == (2, 1)
    assert found[OLDEST] == pytest.approx(5400, abs=120)
    assert found["klipsync_records{pending}"] == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sync_record SET settled_revision = revision",
        "UPDATE sync_record SET next_attempt_at = clock_timestamp() + interval '1 hour'",
        "UPDATE tenant SET operator_pause = 'the year is closed'",
        "UPDATE tenant SET paused_until = clock_timestamp() + interval '1 hour'",
        "UPDATE connection SET state = 'expired'",
    ],
    ids=["settled", "tried later", "paused by a person", "paused by klipsync", "not connected"],
)
async def test_what_nobody_could_send_now_is_not_due(here: Line, statement: str) -> None:
    """More workers would not help it, so it must not call for them."""
    await here.client()
    await change(here, "UPDATE tenant SET next_poll_at = clock_timestamp() + interval '1 hour'")
    before = await shown(here)

    await change(here, statement)
    found = await shown(here)

    assert (before[DUE], before[UNOWNED]) == (1, 1)
    assert (found[DUE], found[OLDEST], found[UNOWNED]) == (0, 0, 0)


async def test_a_record_waits_since_its_last_try_was_due(here: Line) -> None:
    """Folded yesterday and to be tried again since ten minutes ago: ten minutes."""
    await here.client()
    await change(
        here,
        "UPDATE sync_record SET folded_at = clock_timestamp() - interval '1 day',"
        " next_attempt_at = clock_timestamp() - interval '10 minutes'",
    )

    found = await shown(here)

    assert found[OLDEST] == pytest.approx(600, abs=120)


async def test_a_record_that_was_woken_waits_since_it_was_last_settled(here: Line) -> None:
    """It waited for a day for something else: that is not how long it has been due."""
    await here.client()
    await change(
        here,
        "UPDATE sync_record SET folded_at = clock_timestamp() - interval '1 day',"
        " settled_at = clock_timestamp() - interval '5 minutes'",
    )

    found = await shown(here)

    assert found[OLDEST] == pytest.approx(300, abs=120)


async def test_a_write_without_an_answer_is_open_and_its_record_is_not_due(here: Line) -> None:
    """Nobody can do anything about it before its next step."""
    await here.client()
    here.break_calls("lose_answer", entity="customer", method="POST", count=1)

    await here.turn()
    found = await shown(here)

    assert (found[OPEN], found[DUE]) == (1, 0)
    assert found[UNOWNED] == 0  # its owner has it


async def test_an_open_attempt_whose_step_has_come_makes_its_tenant_due(here: Line) -> None:
    """As a claim sees it: neither a record nor the poll is due."""
    await here.client()
    here.break_calls("lose_answer", entity="customer", method="POST", count=1)
    await here.turn()
    await here.crash()
    await change(here, "UPDATE sync_record SET settled_revision = revision")
    await change(here, "UPDATE tenant SET next_poll_at = clock_timestamp() + interval '1 hour'")
    before = await shown(here)

    await change(here, "UPDATE attempt SET next_step_at = clock_timestamp()")
    found = await shown(here)

    assert (before[UNOWNED], found[UNOWNED]) == (0, 1)


async def test_messages_are_counted_until_kafka_has_them(here: Line) -> None:
    """What is marked as sent is out."""
    await here.client()
    await here.turns()
    told = len(await here.told())
    before = await shown(here)

    await change(here, "UPDATE outbox SET sent_at = clock_timestamp() WHERE id = (SELECT min(id) FROM outbox)")
    found = await shown(here)

    assert told >= 1
    assert (before[UNSENT], found[UNSENT]) == (told, told - 1)
    assert found["klipsync_records{synced}"] == 1


async def test_a_pause_is_told_with_who_paused(here: Line) -> None:
    """A person's pause has no end of its own; ours ends by itself, and is none any more when it has."""
    paused = "klipsync_paused_tenants"
    await change(
        here,
        "INSERT INTO tenant (id, name, time_zone, currency, operator_pause, paused_until)"
        " SELECT told.id, '', 'UTC', 'USD', told.pause, clock_timestamp() + told.rest"
        " FROM (VALUES ('a', 'closing', interval '1 hour'), ('b', NULL, interval '1 hour'),"
        " ('c', NULL, interval '-1 hour')) AS told (id, pause, rest)",
    )

    found = await shown(here)

    assert (found[f"{paused}{{person}}"], found[f"{paused}{{klipsync}}"]) == (1, 1)


async def test_what_was_read_is_shown_again_for_a_while(here: Line) -> None:
    """Several may look, as often as they like: the database is asked once."""
    async with looking(here.settings, here.worker) as looker:
        before = await looker.gauges()
        await here.client()
        after = await looker.gauges()

    assert (before[DUE], after[DUE]) == (0, 0)


async def test_a_database_out_of_reach_makes_numbers_unknown_and_leaves_the_counters(here: Line) -> None:
    """An old number would be believed; and what the worker has done itself it still knows."""
    await here.client()
    await here.turns()
    await shown(here)
    async with looking(here.settings, here.worker) as looker, database_away(here):
        found = await looker.gauges()

    assert all(math.isnan(found[name]) for name in (DUE, OLDEST, UNOWNED, OPEN, UNSENT))
    assert not [name for name in found if name.startswith(("klipsync_records{", "klipsync_paused_tenants{"))]
    assert found["klipsync_quickbooks_calls_total{accepted}{create}"] >= 1


async def test_no_metric_names_a_tenant_or_a_customer(here: Line) -> None:
    """Who may see metrics need not be one who may see books, and a metric per tenant would be thousands."""
    await here.client(name="Ada Lovelace")
    await here.turns()

    async with looking(here.settings, here.worker) as looker:
        page = await looker.page()

    assert "klipsync_quickbooks_calls_total" in page
    assert not [name for name in (here.tenant, here.realm.realm, "Ada", "c1") if name in page]


def test_each_gauge_is_read_and_no_label_is_without_bounds() -> None:
    """A gauge that nothing sets would show 0 for ever; a label with a tenant's name would make thousands of them."""
    listed = [one for room in (metrics, counts) for one in vars(room).values() if isinstance(one, MetricWrapperBase)]

    read = {gauge for reading in (*READ_OFTEN, *READ_SELDOM) for gauge in reading.gauges.values()}

    assert {one for one in listed if isinstance(one, Gauge)} == read
    assert {name for one in listed for name in one._labelnames} <= {
        "verb",
        "outcome",
        "change",
        "topic",
        "state",
        "by",
        "reason",
        "alarm",
    }


# --- what is done ---


@pytest.mark.parametrize(
    ("request_", "verb"),
    [
        (Request(method="POST", url=f"{COMPANY}/invoice?requestid=1", body=b'{"Line": []}'), "create"),
        (Request(method="POST", url=f"{COMPANY}/invoice?requestid=1", body=b'{"SyncToken": "3"}'), "update"),
        (Request(method="POST", url=f"{COMPANY}/customer", body=b'{"Notes": "\\"SyncToken\\""}'), "create"),
        (Request(method="POST", url=f"{COMPANY}/batch?requestid=1", body=b"{}"), "batch"),
        (Request(method="POST", url=f"{COMPANY}/query", body=b"select * from Item"), "query"),
        (Request(method="GET", url=f"{COMPANY}/query?query=select"), "query"),
        (Request(method="GET", url=f"{COMPANY}/cdc?entities=Invoice"), "changes"),
        (Request(method="GET", url=f"{COMPANY}/invoice/17"), "read"),
        (Request(method="POST", url="https://oauth.example/oauth2/v1/tokens/bearer", body=b"a=b"), "token"),
    ],
)
def test_a_call_is_counted_by_what_it_asks(request_: Request, verb: str) -> None:
    """Seen from the wire alone: whatever is sent is counted, by whomever."""
    found = verb_of(request_)

    assert found == verb


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "accepted"),
        (400, "faulted"),
        (401, "unauthorised"),
        (403, "faulted"),
        (429, "throttled"),
        (500, "unanswered"),
        (504, "unanswered"),
    ],
)
def test_a_call_is_counted_by_what_came_of_it(status: int, outcome: str) -> None:
    """After a 5xx nobody knows whether it happened: as if there had been no answer."""
    found = outcome_of(status)

    assert found == outcome


async def test_calls_are_counted_with_what_came_of_them(here: Line) -> None:
    """One that is throttled, one whose answer is lost, and those that are accepted."""
    outcomes = ("accepted", "throttled", "unanswered")
    creates = Counted("quickbooks_calls", *({"verb": "create", "outcome": outcome} for outcome in outcomes))
    others = Counted("quickbooks_calls", *({"verb": verb, "outcome": "accepted"} for verb in ("changes", "update")))
    here.break_calls("status", entity="customer", method="POST", status=429, count=1)
    here.break_calls("lose_answer", entity="customer", method="POST", count=1)

    await here.client("c1")
    await here.turn()
    await here.pass_time(minutes=2)
    await here.turn()
    await here.pass_time(minutes=10)
    await here.turns()
    await here.client("c1", 2, name="Another name")
    await here.turns()

    assert creates.grown[1:] == [1, 1]
    assert others.grown[0] >= 1
    assert others.grown[1] == 1


async def test_a_call_that_never_left_is_counted_as_such(database_url: str) -> None:
    """No connection: nothing can have happened there."""
    async with line(database_url, quickbooks_api="http://127.0.0.1:1") as here:
        counted = Counted("quickbooks_calls", {"verb": "changes", "outcome": "never_left"})
        await here.turn()

    assert counted.grown[0] >= 1


async def test_a_lease_is_counted_when_it_is_taken_and_when_it_is_lost(here: Line) -> None:
    """Whether a renewal notices it first or the owner, with a write in its hand."""
    counted = Counted("leases", {"change": "claimed"}, {"change": "lost"})
    async with at_work(here, "w2") as running:
        await until_owned(here, "w2")
        await change(here, "UPDATE lease SET fence = fence + 1, owner = 'x', expires_at = 'infinity'")
        await here.client()
        await until(lambda: not running.worker.keeper.held)

    assert counted.grown == [1, 1]


async def test_a_lease_is_lost_once_whoever_notices(here: Line) -> None:
    """First the renewal, then the owner whose write is refused."""
    counted, keeper = Counted("leases", {"change": "lost"}), here.worker.keeper
    (lease,) = await keeper.claim()
    await change(here, "UPDATE lease SET fence = fence + 1, owner = 'x', expires_at = 'infinity'")

    await keeper.renew()
    keeper.lose(lease)

    assert counted.grown == [1]


async def test_a_lease_that_is_given_back_is_not_lost(here: Line) -> None:
    """Lost would mean that a worker was away for longer than a lease."""
    counted = Counted("leases", {"change": "lost"})
    async with at_work(here, "w2") as running:
        await until_owned(here, "w2")
        await running.end()
        async with another(here, "w3") as successor:
            await change(here, "UPDATE tenant SET next_poll_at = NULL")
            assert await successor.keeper.claim()

    assert counted.grown == [0]


# --- what looking costs ---


@pytest.fixture(scope="module")
def filled_url(postgres_address: str) -> Iterator[str]:
    """A migrated database with tens of thousands of rows in every table that grows."""

    async def filled(url: str) -> None:
        database = Database(url)
        await migrate(database)
        async with database.transaction() as connection:
            await fill(connection)
        await database.close()

    with fresh_database(postgres_address) as url:
        asyncio.run(filled(url))
        yield url


@pytest.mark.parametrize(
    ("statement", "indexes"),
    [
        (backlog.UNOWNED, {"sync_record_due", "attempt_open"}),
        (backlog.DUE, {"sync_record_due", "attempt_open"}),
        (backlog.OPEN, {"attempt_open"}),
        (backlog.UNSENT, {"outbox_unsent"}),
    ],
    ids=["without owner", "due", "open", "unsent"],
)
async def test_a_look_at_what_waits_reads_no_more_than_that(
    filled_url: str, statement: TextClause, indexes: set[str]
) -> None:
    """A table of years is not read for the few rows that wait: their index has them."""
    database = Database(filled_url, connections=1)

    async with database.transaction() as connection:
        plan = await explain(connection, statement, {}, generic=False)
    await database.close()

    assert not plan.read_whole & {"sync_record", "attempt", "outbox"}
    assert plan.indexes >= indexes
