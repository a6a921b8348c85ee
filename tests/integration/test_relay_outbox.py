"""The relay: everything in the outbox reaches Kafka, in order within a tenant, whatever is killed or stuck."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence

import pytest

from consumers.records import RecordKey
from infra.clock import SystemClock
from infra.database import outbox
from infra.database.outbox import PostgresOutbox
from infra.kafka.producer import KafkaProducer
from mapping import identity
from producers.relay import Relay, RelaySettings
from schemas.envelope import Message
from schemas.kinds import Kind, KlipboardId, TenantId
from tests.integration.kafka_world import World, invoice, read_all, world
from tests.integration.relayed import ALL_SENT, Sent, message, put, relay, relaying

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
async def here(kafka_address: str, database_url: str) -> AsyncIterator[World]:
    async with world(kafka=kafka_address, url=database_url) as made:
        yield made


async def test_messages_arrive_whole_and_in_order_within_each_tenant(here: World) -> None:
    """Key, headers (bytes that are no text included) and value arrive as they were stored."""
    for number in range(10):
        for tenant in ("a", "b", "c"):
            await put(here, tenant, message(here, tenant, number))

    async with KafkaProducer(here.kafka) as kafka, relaying(relay(here, kafka)):
        await here.until(ALL_SENT, 0)

    found = await read_all(here.kafka, here.topic, count=30)
    for tenant in ("a", "b", "c"):
        mine = [each for each in found if each.key == tenant.encode()]
        assert [each.value for each in mine] == [f"{tenant}-{number}".encode() for number in range(10)]
        assert mine[3].headers == (("ce_id", b"\x00\xff3"),)
    assert [each.offset for each in found] == list(range(30))  # no transaction has left its mark between them


async def test_nothing_is_stored_when_the_transaction_rolls_back(here: World) -> None:
    """A message exists only with what made it true."""

    async def fail_after_putting() -> None:
        async with here.database.transaction() as connection:
            await outbox.put(connection, tenant=TenantId("a"), messages=[message(here, "a", 1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_putting()

    assert await here.rows("SELECT count(*) FROM outbox") == [(0,)]


async def test_the_first_failure_holds_back_what_follows_of_that_tenant_only(here: World) -> None:
    """A stuck message delays its tenant, in order; the others go on."""
    for number in range(4):
        await put(here, "a", message(here, "a", number))
        await put(here, "b", message(here, "b", number))
    kafka = Sent(failing=lambda each: each.value == b"a-1")
    at_work = relay(here, kafka)

    await at_work.relay_once()

    assert [value for value in kafka.values if value[0] == "a"] == ["a-0"]
    assert [value for value in kafka.values if value[0] == "b"] == ["b-0", "b-1", "b-2", "b-3"]
    kafka.failing = lambda _: False
    async with relaying(at_work):
        await here.until(ALL_SENT, 0)
    assert [value for value in kafka.values if value[0] == "a"] == ["a-0", "a-1", "a-2", "a-3"]


async def test_a_stuck_tenant_does_not_starve_the_others_of_its_shard(here: World) -> None:
    """However much a stuck tenant has waiting in front, its shard's other tenants are reached."""
    same = [name for name in map(str, range(200)) if identity.shard(TenantId(name)) == 3][:2]
    await put(here, same[0], *(message(here, same[0], number) for number in range(20)))
    await put(here, same[1], message(here, same[1], 0))
    kafka = Sent(failing=lambda each: each.key == same[0].encode())

    async with relaying(relay(here, kafka, limit=5)):
        await here.until("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL", 1)

    assert kafka.values == [f"{same[1]}-0"]


async def test_a_crash_between_kafka_and_the_mark_repeats_and_never_reorders(here: World) -> None:
    """Killed after Kafka has it and before the row says so: the same again, in the same order, nothing lost."""
    await put(here, "a", *(message(here, "a", number) for number in range(5)))

    class Killed(PostgresOutbox):
        async def mark_sent(self, ids: object) -> None:  # noqa: ARG002 - the port's
            raise asyncio.CancelledError

    kafka = Sent()
    settings = RelaySettings(owner="w1", session="s1")
    dying = Relay(store=Killed(here.database), kafka=kafka, clock=SystemClock(), settings=settings)
    with pytest.raises(asyncio.CancelledError):
        await dying.relay_once()

    async with relaying(relay(here, kafka)):  # the same name, started again: it need not wait for its own lease
        await here.until(ALL_SENT, 0, seconds=5)

    once = [f"a-{number}" for number in range(5)]
    assert kafka.values == once + once


async def test_a_shard_is_relayed_by_one_worker_at_a_time(here: World) -> None:
    """While a lease lasts, nobody else publishes from its shard; when it has run out, somebody does."""
    await put(here, "a", message(here, "a", 1))
    stuck, other = Sent(failing=lambda _: True), Sent()
    await relay(here, stuck, owner="w1", lease=1).relay_once()
    second = relay(here, other, owner="w2")

    assert await second.relay_once() == 0
    await asyncio.sleep(1.1)
    assert await second.relay_once() == 1


async def test_a_relay_that_slept_past_its_lease_sends_nothing_more(here: World) -> None:
    """SIGSTOP past the lease, then SIGCONT: the rest is left to whoever holds the shard by now."""
    await put(here, "a", *(message(here, "a", number) for number in range(3)))

    class Sleeping(Sent):
        async def send(self, messages: Sequence[Message]) -> None:
            await super().send(messages)
            await asyncio.sleep(0.3)

    kafka = Sleeping()
    await relay(here, kafka, lease=0.2).relay_once()

    assert kafka.values == ["a-0"]


async def test_an_emptied_shard_is_given_back(here: World) -> None:
    """A shard is held while it has unsent rows, no longer."""
    await put(here, "a", message(here, "a", 1))
    at_work = relay(here, Sent())

    await at_work.relay_once()
    await at_work.relay_once()

    assert await here.rows("SELECT count(*) FROM outbox_lease") == [(0,)]


async def test_what_a_tenant_has_to_say_leaves_whatever_its_state(here: World) -> None:
    """Paused by an operator, disconnected, or nobody's at all (then in shard 0): the outbox is relayed all the same."""
    await here.rows(
        "INSERT INTO tenant (id, name, time_zone, currency, operator_pause) VALUES ('a', 'a', 'UTC', 'USD', 'x')"
        " RETURNING 1"
    )
    await put(here, "a", message(here, "a", 1))
    await put(here, None, message(here, "nobody", 1))
    kafka = Sent()

    await relay(here, kafka).relay_once()

    assert sorted(kafka.values) == ["a-1", "nobody-1"]
    assert await here.rows("SELECT shard FROM outbox WHERE tenant_id IS NULL") == [(0,)]


async def test_what_several_say_of_one_subject_at_once_keeps_the_order_of_its_versions(here: World) -> None:
    """A return version is made in the transaction that tells it: the next waits for that, and comes behind it."""
    await here.rows("INSERT INTO tenant (id, name, time_zone, currency) VALUES ('t1', 't1', 'UTC', 'USD') RETURNING 1")
    await here.rows(
        "INSERT INTO sync_record (tenant_id, kind, klipboard_id, state)"
        " VALUES ('t1', 'invoice', '1', 'synced') RETURNING 1"
    )
    key = RecordKey(tenant=TenantId("t1"), kind=Kind.INVOICE, id=KlipboardId("1"))

    async def tell() -> None:
        async with here.database.transaction() as connection:
            version = await outbox.next_return_version(connection, key)
            await asyncio.sleep(0.01)  # what a transaction does besides
            await outbox.put(connection, tenant=key.tenant, messages=[message(here, "t1", version)])

    await asyncio.gather(*(tell() for _ in range(6)))

    told = [bytes(value).decode() for (value,) in await here.rows("SELECT value FROM outbox ORDER BY id")]
    assert len(told) == 6
    assert told == sorted(told)


async def test_a_missing_topic_only_delays(here: World) -> None:
    """A Kafka that does not take a message delays it; once it does, the message is there."""
    late = f"late-{secrets.token_hex(4)}"
    await put(here, "a", message(here, "a", 1, topic=late))

    async with KafkaProducer(here.kafka) as kafka, relaying(relay(here, kafka)):
        await asyncio.sleep(1)
        assert await here.rows(ALL_SENT) == [(1,)]
        await here.create_topic(name=late)
        await here.until(ALL_SENT, 0)

    assert [each.value for each in await read_all(here.kafka, late, count=1)] == [b"a-1"]


async def test_what_commits_late_with_a_lower_id_is_relayed(here: World) -> None:
    """Unsent rows are taken, never a high-water mark: a slow transaction is not passed over."""
    kafka = Sent()
    at_work = relay(here, kafka)
    async with here.database.transaction() as slow:
        await outbox.put(slow, tenant=TenantId("a"), messages=[message(here, "a", 1)])
        await put(here, "b", message(here, "b", 2))
        await at_work.relay_once()
    await at_work.relay_once()

    assert kafka.values == ["b-2", "a-1"]


async def test_messages_relayed_long_ago_are_forgotten_and_unsent_ones_never(here: World) -> None:
    """Pruning looks at when a message was relayed, not at its age."""
    await put(here, "a", *(message(here, "a", number) for number in range(3)))
    await here.rows(
        "UPDATE outbox SET sent_at = CASE id WHEN 1 THEN now() - interval '2 days' WHEN 2 THEN now() END RETURNING 1"
    )

    assert await PostgresOutbox(here.database).prune(seconds=86400) == 1
    assert await here.rows("SELECT id FROM outbox ORDER BY id") == [(2,), (3,)]


async def test_messages_that_kafka_never_takes_do_not_keep_the_others_from_being_forgotten(here: World) -> None:
    """However many stand in front: the outbox does not grow without end."""
    await here.rows("""
        INSERT INTO outbox (shard, topic, sent_at)
        SELECT 0, 'x', CASE WHEN n > 1200 THEN now() - interval '2 days' END FROM generate_series(1, 1201) n RETURNING 1
    """)

    assert await PostgresOutbox(here.database).prune(seconds=86400) == 1


async def test_return_versions_only_grow(here: World) -> None:
    """One more than the last, or the database's microseconds if greater: a restored database never counts backwards."""
    await here.publish(invoice(id_="1"))
    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 1)
    key = RecordKey(tenant=TenantId("t1"), kind=Kind.INVOICE, id=KlipboardId("1"))
    ahead = 2**62

    async with here.database.transaction() as connection:
        versions = [await outbox.next_return_version(connection, key) for _ in range(3)]
    await here.rows("UPDATE sync_record SET return_version = CAST(:ahead AS bigint) RETURNING 1", ahead=ahead)
    async with here.database.transaction() as connection:
        after = await outbox.next_return_version(connection, key)

    assert sorted(set(versions)) == versions
    assert versions[0] > 1_700_000_000_000_000
    assert after == ahead + 1


async def test_a_return_version_needs_a_record(here: World) -> None:
    """A version of nothing would be forgotten, and given twice."""
    key = RecordKey(tenant=TenantId("t1"), kind=Kind.INVOICE, id=KlipboardId("1"))

    async with here.database.transaction() as connection:
        with pytest.raises(LookupError, match="invoice/1"):
            await outbox.next_return_version(connection, key)
