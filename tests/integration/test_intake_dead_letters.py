"""What cannot be read or folded is put aside with a reason, and the rest flows on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from consumers.ports import Intaking
from infra.database.intake import PostgresIntakeStore
from infra.database.outbox import headers_of
from schemas import topics
from schemas.envelope import Message, encode, outgoing
from schemas.kinds import Kind, TenantId
from schemas.outcomes import SyncWaiting
from tests.integration.kafka_world import World, invoice, without_header, world

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
async def here(kafka_address: str, database_url: str) -> AsyncIterator[World]:
    async with world(kafka=kafka_address, url=database_url) as made:
        yield made


def of_type(name: str) -> Message:
    message = invoice(id_="7")
    return replace(message, headers=tuple((k, name.encode() if k == "ce_type" else v) for k, v in message.headers))


def swapped(old: str, new: str) -> Message:
    message = invoice(id_="7")
    assert message.value is not None
    assert old.encode() in message.value
    return replace(message, value=message.value.replace(old.encode(), new.encode()))


def ours() -> Message:
    """An outcome of klipsync's own, sent back to it by mistake."""
    fact = SyncWaiting(kind=Kind.INVOICE, id="7", last_version=1, operation="create", returnversion=1)
    return encode(
        outgoing(
            type="SyncWaiting",
            tenant=TenantId("t1"),
            subject="invoice/7",
            fact=fact,
            id="x",
            time=datetime(2026, 3, 2, tzinfo=UTC),
        )
    )


BAD = {
    "not_decodable": replace(invoice(id_="7"), value=b"\xff{"),
    "unknown_type": of_type("InvoiceFolded"),
    "schema_violation": swapped('"total":"10.00"', '"total":10.0'),
    "no_tenant_id": without_header(invoice(id_="7"), "ce_tenantid"),
    "no_version": without_header(invoice(id_="7"), "ce_aggregateversion"),
    "too_large": swapped('"Boiler service"', '"' + "x" * topics.MAX_MESSAGE + '"'),
}


@pytest.mark.parametrize("reason", [*BAD, "nul", "ours"])
async def test_a_message_that_cannot_be_read_is_put_aside_and_the_rest_flows_on(here: World, reason: str) -> None:
    """The dead letter is the original, untouched, with where from, why and how often."""
    others = {"nul": swapped("Boiler", "Boi\\u0000ler"), "ours": ours()}
    bad = (BAD | others)[reason]
    await here.publish(invoice(id_="1"), bad, invoice(id_="2"))

    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 3)

    assert await here.invoices() == [("1", 1), ("2", 1)]
    (stored,) = await here.rows("SELECT key, value, headers FROM outbox WHERE topic = 'sync.dead-letters'")
    key, value, stored_headers = stored
    headers = headers_of(stored_headers)
    assert (key, value) == (bad.key, bad.value)
    assert headers[: len(bad.headers)] == bad.headers
    told = dict(headers[len(bad.headers) :])
    assert told["klipsync-reason"] == {"nul": b"schema_violation", "ours": b"unknown_type"}.get(reason, reason.encode())
    assert told["klipsync-explanation"]
    assert (told["klipsync-topic"], told["klipsync-partition"]) == (here.topic.encode(), b"0")
    assert (told["klipsync-offset"], told["klipsync-tries"]) == (b"1", b"1")


async def test_a_version_used_twice_is_put_aside_for_its_tenant(here: World) -> None:
    """The first content of a version stands; the second is shown to a person."""
    await here.publish(invoice(id_="1", number="A"), invoice(id_="1", number="B"), invoice(id_="2"))

    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 3)

    (letter,) = await here.letters()
    assert letter["klipsync-reason"] == "version_reused"
    assert await here.rows(
        "SELECT desired #>> '{content,value,number}' FROM sync_record WHERE kind = 'invoice' ORDER BY klipboard_id"
    ) == [("A",), ("2",)]
    assert await here.rows("SELECT tenant_id FROM outbox") == [("t1",)]


async def test_what_is_larger_than_a_dead_letter_may_be_is_told_without_its_value(here: World) -> None:
    """A dead letter that its own topic refused would stop the outbox; where the original stands is enough."""
    await here.publish(invoice(id_="1"), swapped("Boiler", "x" * topics.MAX_DEAD_LETTER), invoice(id_="2"))

    async with here.log() as source, here.folding(source):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 3)

    assert await here.rows("SELECT octet_length(value) FROM outbox") == [(0,)]
    (letter,) = await here.letters()
    assert letter["klipsync-reason"] == "too_large"
    assert "offset" in letter["klipsync-left-out"]
    assert letter["klipsync-offset"] == "1"


class Refusing(PostgresIntakeStore):
    """A store with a bug: it cannot store one invoice, `times` times (None: never)."""

    def __init__(self, here: World, *, offender: str, times: int | None, error: Exception) -> None:
        super().__init__(here.database)
        self.offender, self.times, self.error = offender, times, error
        self.alone = 0

    @asynccontextmanager
    async def intaking(self) -> AsyncIterator[Intaking]:  # type: ignore[override] # the port is what counts
        async with super().intaking() as transaction:
            store = transaction.store

            async def stumbling(records, *, items) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
                if self.offender in {record.key.id for record in records}:
                    self.alone += len(records) == 1
                    if self.times is None or self.times > 0:
                        self.times = None if self.times is None else self.times - 1
                        raise self.error
                await store(records, items=items)

            transaction.store = stumbling  # type: ignore[method-assign]
            yield transaction


async def test_a_message_that_cannot_be_folded_is_found_by_halving_tried_again_and_put_aside(here: World) -> None:
    """The poison message stands alone in the end: 1 + 3 tries, then a dead letter; every other one is folded once."""
    await here.publish(*(invoice(id_=f"{number:02}") for number in range(20)))
    store = Refusing(here, offender="13", times=None, error=ZeroDivisionError())

    async with here.log() as source, here.folding(source, store=store):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 20)

    assert await here.invoices() == [(f"{number:02}", 1) for number in range(20) if number != 13]
    (letter,) = await here.letters()
    assert (letter["klipsync-reason"], letter["klipsync-tries"], letter["klipsync-offset"]) == ("bug", "4", "13")
    assert "ZeroDivisionError" in letter["klipsync-explanation"]
    assert store.alone == 4


async def test_a_message_that_can_be_folded_at_a_later_try_is_not_put_aside(here: World) -> None:
    """Perhaps another deployment was under way: the three tries are for that."""
    await here.publish(invoice(id_="1"))
    store = Refusing(here, offender="1", times=2, error=ZeroDivisionError())

    async with here.log() as source, here.folding(source, store=store):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 1)

    assert await here.invoices() == [("1", 1)]
    assert await here.letters() == []


class _Deadlock(Exception):  # noqa: N818
    sqlstate = "40P01"


class _DiskFull(Exception):  # noqa: N818
    sqlstate = "53100"


@pytest.mark.parametrize(
    "error",
    [ConnectionResetError(), TimeoutError(), DBAPIError("", None, _Deadlock()), DBAPIError("", None, _DiskFull())],
    ids=["lost connection", "time-out", "deadlock", "full disk"],
)
async def test_what_is_nobodys_fault_is_repeated_and_never_halved(here: World, error: Exception) -> None:
    """A lost connection, a deadlock, a time-out or a full disk puts no message aside, however often it happens."""
    await here.publish(*(invoice(id_=str(number)) for number in range(4)))
    store = Refusing(here, offender="2", times=6, error=error)

    async with here.log() as source, here.folding(source, store=store):
        await here.until("SELECT sum(next_offset) FROM intake_offset", 4)

    assert await here.invoices() == [(str(number), 1) for number in range(4)]
    assert await here.letters() == []
    assert store.alone == 0
