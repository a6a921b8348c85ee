"""What a fold transaction leaves in the database, and which indexes serve it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from consumers.folding import fold_batch
from consumers.ports import Arrived, Place
from consumers.records import Record, RecordKey, State
from infra.database import intake as intake_sql
from infra.database import rows
from infra.database.intake import PostgresIntakeStore, PostgresIntaking, is_transient
from schemas.commands import SyncRequested
from schemas.envelope import Message, encode, outgoing
from schemas.kinds import Kind, KlipboardId, TenantId
from tests.integration.kafka_world import World, invoice, world

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
PLACE = Place("klipboard.invoices", 0)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
OF_OTHERS = """
SELECT state, cause, settled_revision, settled_version, sent, seen, unreturned, generation, refusals, return_version,
       reread, settled_at
  FROM sync_record ORDER BY kind
"""


@pytest.fixture
async def here(kafka_address: str, database_url: str) -> AsyncIterator[World]:
    async with world(kafka=kafka_address, url=database_url) as made:
        yield made


def button(tenant: str) -> Message:
    return encode(
        outgoing(
            type="SyncRequested",
            tenant=TenantId(tenant),
            subject=f"tenant/{tenant}",
            fact=SyncRequested(),
            id=f"sync-{tenant}",
            time=datetime(2026, 3, 2, tzinfo=UTC),
        )
    )


async def test_an_event_of_an_unknown_tenant_waits_in_an_unconnected_one(here: World) -> None:
    """R-01: events that arrive before the first connection are kept."""
    await here.publish(invoice(tenant="new", id_="1"))

    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 1)

    assert await here.rows("SELECT id FROM tenant") == [("new",)]
    assert await here.rows("SELECT count(*) FROM connection") == [(0,)]
    assert await here.invoices() == [("1", 1)]


async def test_lines_fold_into_items_once_however_they_are_spelt(here: World) -> None:
    """Two invoices with one product make one item record; a later spelling does not change it."""
    await here.publish(invoice(id_="1", line="Valve"), invoice(id_="2", line="VALVE "), invoice(id_="3", line="Pipe"))

    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 3)

    names = await here.rows("SELECT desired #>> '{content,value,name}' FROM sync_record WHERE kind = 'item' ORDER BY 1")
    assert names == [("Pipe",), ("Valve",)]


async def test_items_do_not_depend_on_the_order_in_which_edits_arrive(here: World) -> None:
    """The same events shuffled give the same books: an outdated edit calls for its items too."""
    await here.publish(invoice(id_="1", version=2, line="Pipe"), invoice(id_="1", version=1, line="Valve"))

    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 2)

    names = await here.rows("SELECT desired #>> '{content,value,name}' FROM sync_record WHERE kind = 'item' ORDER BY 1")
    assert names == [("Pipe",), ("Valve",)]
    assert await here.invoices() == [("1", 1)]


def arrived(*messages: Message) -> list[Arrived]:
    """As one batch, from the beginning of a partition."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return [Arrived(place=PLACE, offset=n, message=message, time=now) for n, message in enumerate(messages)]


class Dying(PostgresIntakeStore):
    """A store whose process dies at the last step of the transaction."""

    @asynccontextmanager
    async def intaking(self) -> AsyncIterator[PostgresIntaking]:
        async with super().intaking() as transaction:
            transaction.move = self._die  # type: ignore[method-assign]
            yield transaction

    async def _die(self, cluster: str, following: Mapping[Place, int]) -> None:  # noqa: ARG002 - the port's
        raise ZeroDivisionError


async def test_a_batch_is_one_transaction(here: World) -> None:
    """A crash before its end leaves nothing: no tenant, no record, no item, no dead letter, no offset."""
    batch = arrived(invoice(id_="1"), replace(invoice(id_="2"), value=b"{"), button("t2"))

    with pytest.raises(ZeroDivisionError):
        await fold_batch(store=Dying(here.database), cluster="c", batch=batch, reached={})

    for table in ("tenant", "sync_record", "outbox", "intake_offset"):
        assert await here.rows(f"TABLE {table}") == []


async def test_records_are_locked_in_one_order_whatever_order_their_events_come_in(here: World) -> None:
    """Two transactions never wait for each other in a ring: who waits for the first record holds none behind it."""
    await fold_batch(store=here.store, cluster="c", batch=arrived(invoice(id_="1"), invoice(id_="2")), reached={})
    edits = arrived(invoice(id_="2", version=2, number="B"), invoice(id_="1", version=2, number="B"))
    lock = "SELECT klipboard_id FROM sync_record WHERE klipboard_id = :id FOR UPDATE NOWAIT"
    async with here.database.transaction() as other:
        await other.execute(text(lock), {"id": "1"})
        folding = asyncio.create_task(fold_batch(store=here.store, cluster="d", batch=edits, reached={}))
        await here.until(WAITING, 1)

        assert await here.rows(lock, id="2") == [("2",)]

    await folding
    assert await here.invoices() == [("1", 2), ("2", 2)]


async def test_folding_writes_what_klipboard_wants_and_nothing_that_others_decide(here: World) -> None:
    """What was sent and seen, how it was settled, and what a person decided stay as settle and return left them."""
    await fold_batch(store=here.store, cluster="c", batch=arrived(invoice(id_="1")), reached={})
    await here.rows("""
        UPDATE sync_record SET state = 'refused', cause = 'A clash.', settled_revision = 1, settled_version = 1,
               sent = '{"a": 1}', seen = '{"b": 2}', unreturned = '{"c": 3}', generation = 4, refusals = 5,
               return_version = 6, reread = true, settled_at = now() RETURNING 1""")
    before = await here.rows(OF_OTHERS)

    edit = arrived(invoice(id_="1", version=2, number="B"))
    await fold_batch(store=here.store, cluster="d", batch=edit, reached={})

    assert await here.rows(OF_OTHERS) == before
    assert await here.invoices() == [("1", 2)]


class BlindOnce(PostgresIntakeStore):
    """A store that misses the records once, as if they were made between its look and its write."""

    blind = True

    @asynccontextmanager
    async def intaking(self) -> AsyncIterator[PostgresIntaking]:
        async with super().intaking() as transaction:
            if self.blind:
                self.blind = False
                transaction.records = self._nothing  # type: ignore[method-assign]
            yield transaction

    async def _nothing(self, keys: object) -> dict[RecordKey, Record]:  # noqa: ARG002 - the port's
        return {}


async def test_a_record_made_between_look_and_write_is_not_overwritten(here: World) -> None:
    """What was folded from nothing is not laid over a record that somebody made meanwhile: the batch is repeated."""
    await here.publish(invoice(id_="1", version=1))
    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 1)
    await here.publish(invoice(id_="1", version=2, number="B"))

    async with here.log() as source, here.folding(source, store=BlindOnce(here.database)):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 2)

    assert await here.invoices() == [("1", 2)]


async def test_a_stored_record_reads_back_as_it_was_folded(here: World) -> None:
    """Folding goes on from what is stored, so that is what was folded: parts, versions, digests and exact values."""
    await here.publish(invoice(id_="1", version=5))
    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 1)
    key = RecordKey(tenant=TenantId("t1"), kind=Kind.INVOICE, id=KlipboardId("1"))

    async with here.database.transaction() as connection:
        record = (await rows.lock_records(connection, [key]))[key]

    assert record.desired.content is not None
    assert (record.desired.content.version, record.desired.newest_version) == (5, 5)
    assert record.desired.content.value["lines"][0]["unit_price"] == "10.00"
    assert record.desired.status is not None
    assert record.desired.status.value == "Sent"
    assert (record.state, record.revision, record.settled_revision, record.link) == (State.PENDING, 1, 0, None)


async def test_the_button_polls_now_and_looks_again_at_what_failed_or_waits(here: World) -> None:
    """SyncRequested: nobody has to wait for the next try, and what is settled well is left alone."""
    await here.publish(*(invoice(id_=id_) for id_ in ("failed", "waiting", "synced")), invoice(tenant="t2", id_="x"))
    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 4)
    await here.rows("""
        UPDATE sync_record
           SET state = CASE kind WHEN 'invoice' THEN replace(klipboard_id, 'x', 'failed') ELSE 'synced' END,
               settled_revision = revision, next_attempt_at = now() + interval '1 hour' RETURNING 1""")

    await here.publish(button("t1"))
    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 5)

    due = await here.rows("SELECT klipboard_id FROM sync_record WHERE revision <> settled_revision ORDER BY 1")
    assert due == [("failed",), ("waiting",)]
    assert await here.rows("SELECT id FROM tenant WHERE next_poll_at <= now()") == [("t1",)]


async def test_tenants_are_notified_when_the_fold_commits(here: World) -> None:
    """An owner elsewhere wakes at once: one notification for each tenant, and none for a replay."""
    import asyncpg

    heard: list[str] = []
    listener = await asyncpg.connect(here.database.url.replace("postgresql+asyncpg", "postgresql"))
    try:
        await listener.add_listener(intake_sql.DUE_CHANNEL, lambda *told: heard.append(str(told[-1])))
        await here.publish(*(invoice(tenant=tenant, id_=id_) for tenant in ("t1", "t2") for id_ in "123"))
        async with here.log() as source, here.folding(source):
            await here.until("SELECT sum(next_offset) FROM intake_offset", 6)
        first, heard[:] = set(heard), []
        await here.publish(*(invoice(tenant=tenant, id_=id_) for tenant in ("t1", "t2") for id_ in "123"))
        async with here.log() as source, here.folding(source):
            await here.until("SELECT sum(next_offset) FROM intake_offset", 12)
    finally:
        await listener.close()

    assert first == {"t1", "t2"}
    assert heard == []


async def test_text_that_the_database_cannot_hold_is_the_datas_fault(here: World) -> None:
    """A value that does not fit comes with the class of a lost connection; it must not be repeated for ever."""
    with pytest.raises(Exception, match="invalid input") as caught:
        await here.rows("SELECT CAST(:broken AS bigint)", broken="no number")
    assert not is_transient(caught.value)

    with pytest.raises(Exception, match="division by zero") as caught:
        await here.rows("SELECT 1 / 0")
    assert not is_transient(caught.value)


async def test_a_connection_cut_by_the_server_is_nobodys_fault(here: World) -> None:
    """A restarted database costs a wait and nothing else."""
    with pytest.raises(Exception, match=r"terminat|closed") as caught:
        await here.rows("SELECT pg_terminate_backend(pg_backend_pid())")

    assert is_transient(caught.value)


FILLED = """
INSERT INTO tenant (id, name, time_zone, currency) SELECT 't' || n, '', 'UTC', 'USD' FROM generate_series(1, 50) n;
INSERT INTO sync_record (tenant_id, kind, klipboard_id, state)
SELECT 't' || (n % 50 + 1), 'invoice', n::text, 'synced' FROM generate_series(1, 20000) n;
INSERT INTO outbox (shard, topic, sent_at)
SELECT n % 12, 'x', CASE WHEN n % 100 = 0 THEN NULL ELSE now() END FROM generate_series(1, 20000) n;
ANALYZE
"""


async def _fill(here: World) -> None:
    async with here.database.transaction() as connection:
        for statement in FILLED.split(";"):
            await connection.exec_driver_sql(statement)


async def explained(here: World, statement: object, values: dict[str, object]) -> str:
    async with here.database.transaction() as connection:
        plan = await connection.execute(text(f"EXPLAIN {statement}"), values)
        return "\n".join(plan.scalars())


async def test_the_folds_lock_is_served_by_the_primary_key(here: World) -> None:
    """With thousands of records, locking a batch reads that batch and not the table."""
    await _fill(here)
    keys = [RecordKey(tenant=TenantId(f"t{n % 50 + 1}"), kind=Kind.INVOICE, id=KlipboardId(str(n))) for n in range(500)]

    plan = await explained(here, rows.LOCK, {**rows.key_arrays(keys)})

    assert "sync_record_pkey" in plan
    assert "Seq Scan on sync_record" not in plan


async def test_the_relays_look_is_served_by_the_index_of_unsent_rows(here: World) -> None:
    """With thousands of sent messages, the relay reads the unsent ones and not the table."""
    from infra.database import outbox

    await _fill(here)

    unsent = await explained(here, outbox._UNSENT, {"shards": list(range(12)), "besides": [], "limit": 100})
    claim = await explained(here, outbox._CLAIM, {"owner": "w", "session": "s", "seconds": 10.0, "shards": 12})

    for plan in (unsent, claim):
        assert "outbox_unsent" in plan
        assert "Seq Scan on outbox" not in plan.replace("Seq Scan on outbox_lease", "")
