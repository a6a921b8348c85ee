"""Publishing to a real Kafka: transactions, the command, the typed publisher, and the small Klipboard."""

import asyncio
import json
import os
import secrets
import signal
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.partitioner import murmur2

from infra.clock import SystemClock
from infra.kafka.producer import KafkaProducer, TransactionalProducer, publisher
from infra.kafka.topics import ensure_topics
from infra.sandbox.klipboard import Klipboard
from producers.kafka import KafkaUnreachableError, TopicMissingError
from schemas import topics
from schemas.clients import Client
from schemas.envelope import Event, Message, Unreadable, decode, encode, outgoing
from schemas.invoices import InvoiceStatus
from schemas.kinds import Kind, KlipboardId, TenantId
from schemas.returns import PaymentReconciled, PaymentReversed, ReversalReason, SettlementStatus
from tests.unit.envelopes import line

pytestmark = pytest.mark.kafka
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECONDS = 30.0
COMMAND = (
    "import typer; from infra.cli.publish import publish, validate; app = typer.Typer();"
    "app.command()(publish); app.command()(validate); app()"
)


@pytest.fixture
async def kafka(kafka_address: str) -> str:
    """Kafka with klipsync's topics."""
    await ensure_topics(kafka_address)
    return kafka_address


@pytest.fixture
def tenant() -> TenantId:
    """A tenant of this test alone: the Kafka is shared."""
    return TenantId(f"t-{secrets.token_hex(4)}")


def edited(tenant: TenantId, number: int) -> Message:
    """A small valid event."""
    fact = Client(name=f"Client {number}")
    event = outgoing(
        type="ClientEdited", tenant=tenant, subject=f"client/{number}", fact=fact, id=f"e{number}", time=NOON, version=1
    )
    return encode(event)


@asynccontextmanager
async def reader(kafka: str) -> AsyncIterator[AIOKafkaConsumer]:
    """The topic of clients from its beginning, as klipsync's intake sees it."""
    consumer = AIOKafkaConsumer(
        topics.CLIENTS, bootstrap_servers=kafka, auto_offset_reset="earliest", isolation_level="read_committed"
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def read_until(kafka: str, *, tenant: TenantId, last: str) -> list[str]:
    """Ids of the tenant's committed events in their order, up to the event `last`."""
    seen: list[str] = []
    async with reader(kafka) as consumer, asyncio.timeout(SECONDS):
        async for record in consumer:
            message = Message(topic=record.topic, key=record.key, headers=tuple(record.headers), value=record.value)
            if record.key != tenant.encode():
                continue
            assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % 12
            seen.append(decode(message, strict=True).id)
            if seen[-1] == last:
                break
    return seen


async def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        COMMAND,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"COLUMNS": "200"},
    )
    out, err = await asyncio.wait_for(process.communicate(stdin), SECONDS)
    return process.returncode or 0, out.decode(), err.decode()


def day(tenant: TenantId, count: int) -> list[bytes]:
    """A file's lines, in order."""
    return [line(id=f"e{n}", tenantid=tenant, subject=f"client/{n}") + b"\n" for n in range(count)]


async def test_a_publisher_killed_inside_its_transaction_shows_nothing(kafka: str, tenant: TenantId) -> None:
    """SIGKILL in the middle: readers that read committed see none of it, and what is published after it flows."""
    script = f"""
        import asyncio
        from infra.kafka.producer import TransactionalProducer
        from schemas.kinds import TenantId
        from tests.integration.test_publish_kafka import edited

        async def main():
            async with TransactionalProducer({kafka!r}) as producer:
                connected = await producer._connected()
                await connected.begin_transaction()
                await producer._acknowledged(connected, [edited(TenantId({tenant!r}), n) for n in range(500)])
                print("inside", flush=True)
                await asyncio.sleep(60)

        asyncio.run(main())
    """
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(script), stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    assert await asyncio.wait_for(victim.stdout.readline(), SECONDS) == b"inside\n"
    victim.send_signal(signal.SIGKILL)
    await victim.wait()

    async with TransactionalProducer(kafka) as producer:
        await producer.commit([edited(tenant, 9_999)])

    # The open transaction stalls its partition until Kafka aborts it, 15 s and a sweep after it began.
    assert await read_until(kafka, tenant=tenant, last="e9999") == ["e9999"]


async def test_a_missing_topic_is_told_before_anything_leaves(kafka: str, tenant: TenantId) -> None:
    """Nothing of that transaction is in Kafka, and the producer goes on."""
    lost = Message(topic="no.such.topic", key=b"t", headers=(), value=b"{}")

    async with TransactionalProducer(kafka) as producer:
        with pytest.raises(TopicMissingError, match=r"no\.such\.topic"):
            await producer.commit([edited(tenant, 1), lost])
        await producer.commit([edited(tenant, 2)])

    assert await read_until(kafka, tenant=tenant, last="e2") == ["e2"]


async def test_nobody_at_the_address_is_said_so() -> None:
    """The sentence names the address."""
    with pytest.raises(KafkaUnreachableError, match=r"127\.0\.0\.1:1"):
        async with KafkaProducer("127.0.0.1:1"):
            pass


async def test_making_the_topics_twice_is_making_them_once(kafka: str) -> None:
    """What exists is left as it is."""
    assert await ensure_topics(kafka) == ()


async def test_the_typed_publisher_sends_what_klipsync_reads(kafka: str, tenant: TenantId) -> None:
    """Upstream Python code gets the event back as it was sent; a repeat has the same id; a slip never leaves."""
    fact = Client(name="Harbour Hotel")
    async with publisher(kafka, source="klipboard/crm") as crm:
        first = await crm.publish(type="ClientCreated", tenant=tenant, id=KlipboardId("7"), version=1, fact=fact)
        again = await crm.publish(type="ClientCreated", tenant=tenant, id=KlipboardId("7"), version=1, fact=fact)
        with pytest.raises(Unreadable, match="aggregateversion"):
            await crm.publish(type="ClientCreated", tenant=tenant, id=KlipboardId("7"), version=None, fact=fact)
        last = await crm.publish(type="ClientEdited", tenant=tenant, id=KlipboardId("7"), version=2, fact=fact)

    assert first.id == again.id != last.id
    assert await read_until(kafka, tenant=tenant, last=last.id) == [first.id, first.id, last.id]


async def test_the_command_publishes_a_file_whole(kafka: str, tenant: TenantId, tmp_path: Path) -> None:
    """Every line, in order, and the result as JSON."""
    path = tmp_path / "day.jsonl"
    path.write_bytes(b"".join(day(tenant, 50)))

    code, out, _ = await run("publish", str(path), "--kafka", kafka, "--json")

    result = json.loads(out)
    assert (code, result["published"], result["last_committed_line"]) == (0, 50, 50)
    assert await read_until(kafka, tenant=tenant, last="e49") == [f"e{n}" for n in range(50)]


async def test_one_wrong_line_and_nothing_is_published(kafka: str, tenant: TenantId, tmp_path: Path) -> None:
    """Line, field and fix are told; with --skip-invalid the rest goes."""
    path = tmp_path / "day.jsonl"
    path.write_bytes(b"".join([*day(tenant, 3), line(tenantid=tenant, aggregateversion=None) + b"\n"]))

    code, out, err = await run("publish", str(path), "--kafka", kafka)
    assert (code, out) == (1, "Nothing was published: 3 valid, 1 invalid\n")
    assert f"{path}:4: aggregateversion: is missing" in err

    async with TransactionalProducer(kafka) as producer:
        await producer.commit([edited(tenant, 100)])
    code, _, _ = await run("publish", str(path), "--kafka", kafka, "--skip-invalid")
    assert code == 0
    assert await read_until(kafka, tenant=tenant, last="e2") == ["e100", "e0", "e1", "e2"]


async def test_standard_input_stops_at_a_wrong_line_and_says_how_far_it_came(kafka: str, tenant: TenantId) -> None:
    """Transactions of 1,000: the first is there, the one with the wrong line is not."""
    lines = [*day(tenant, 1_500), b"nope\n"]

    code, out, err = await run("publish", "-", "--kafka", kafka, stdin=b"".join(lines))

    assert code == 1
    assert "Published 1,000 events" in out
    assert "up to line 1000, 1 invalid" in out
    assert "-:1501: line: is no JSON" in err
    async with TransactionalProducer(kafka) as producer:
        await producer.commit([edited(tenant, 9_999)])
    assert len(await read_until(kafka, tenant=tenant, last="e9999")) == 1_001


async def test_the_commands_tell_apart_what_went_wrong(tmp_path: Path) -> None:
    """0 fine, 1 invalid lines, 2 wrong use, 3 no Kafka."""
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_bytes(line())
    bad.write_bytes(b"{}")

    codes = [
        (await run("validate", str(good)))[0],
        (await run("validate", str(bad)))[0],
        (await run("validate", str(tmp_path / "none.jsonl")))[0],
        (await run("publish", str(good), "--kafka", "127.0.0.1:1"))[0],
    ]

    assert codes == [0, 1, 2, 3]


async def test_klipboard_applies_payments_by_version_and_ignores_repeats(kafka: str, tenant: TenantId) -> None:
    """R-45: an invoice shows Paid while QuickBooks' payments settle it, whatever comes twice or late."""
    paid, late = payment(tenant, 5, "60.00", "0.00"), payment(tenant, 4, "10.00", "50.00")

    async with Klipboard(kafka, clock=SystemClock(), tenants=[tenant]) as klipboard, KafkaProducer(kafka) as returns:
        await klipboard.save(tenant=tenant, kind=Kind.CLIENT, id=KlipboardId("c1"), fact=Client(name="Harbour Hotel"))
        await klipboard.set_status(tenant=tenant, invoice=KlipboardId("i1"), status=InvoiceStatus.SENT)
        await returns.send([encode(event) for event in (paid, paid, late)])
        await klipboard.until(lambda books: books.counts["ignored"] == 2, seconds=SECONDS)
        shown = klipboard.state()["tenants"][tenant]["invoice"]["i1"]
        assert (shown["status"], shown["shown_status"], shown["balance"]) == ("Sent", "Paid", "0.00")
        assert shown["payments"]["p1"]["amount"] == "60.00"

        await returns.send([encode(reversal(tenant, 6))])
        await klipboard.until(lambda books: books.counts["returned"] == 2, seconds=SECONDS)
        state = klipboard.state()

    assert state["tenants"][tenant]["invoice"]["i1"]["shown_status"] == "Sent"
    assert state["tenants"][tenant]["invoice"]["i1"]["payments"] == {}
    assert klipboard.unreadable == []
    assert json.loads(json.dumps(state)) == state


def payment(tenant: TenantId, version: int, amount: str, balance: str) -> Event:
    """What klipsync tells about one payment, as it stands at that version."""
    fact = {
        "invoice_id": "i1",
        "payment_id": "p1",
        "amount": amount,
        "currency": "GBP",
        "paid_on": date(2026, 3, 2),
        "invoice_total": "60.00",
        "invoice_balance": balance,
        "invoice_status": SettlementStatus.PAID if balance == "0.00" else SettlementStatus.PARTLY_PAID,
        "returnversion": version,
    }
    told = PaymentReconciled.model_validate(fact)
    return outgoing(
        type="PaymentReconciled", tenant=tenant, subject="invoice/i1", fact=told, id=f"r{version}", time=NOON
    )


def reversal(tenant: TenantId, version: int) -> Event:
    """The same payment was deleted in QuickBooks."""
    fact = {
        "invoice_id": "i1",
        "payment_id": "p1",
        "amount": "60.00",
        "currency": "GBP",
        "reason": ReversalReason.DELETED,
        "invoice_total": "60.00",
        "invoice_balance": "60.00",
        "invoice_status": SettlementStatus.UNPAID,
        "returnversion": version,
    }
    told = PaymentReversed.model_validate(fact)
    return outgoing(type="PaymentReversed", tenant=tenant, subject="invoice/i1", fact=told, id=f"r{version}", time=NOON)
