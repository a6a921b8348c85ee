"""The client against the sandbox, over real HTTP, with the limits on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from consumers.records import RealmId
from infra.clock import SystemClock
from infra.quickbooks.addresses import QuickBooksAddresses
from infra.quickbooks.client import QuickBooksClient
from infra.quickbooks.pacing import Pace
from infra.quickbooks.transport import HttpTransport
from infra.quickbooks.windows import Limit, Limits
from infra.sandbox.quickbooks.server import RunningSandbox, serve
from infra.sandbox.quickbooks.switches import Switches
from schemas import exact
from schemas.kinds import TenantId
from schemas.quickbooks.answers import Accepted, Answer, Faulted, Unanswered
from tests.contract.quickbooks_wire import TENANT, KeptCalls

REALM = RealmId("9130")
PER_SECOND = 5
THROTTLED = 429


@dataclass
class SandboxTokens:
    """Asks the sandbox's inside for another token whenever one was refused."""

    sandbox: RunningSandbox
    handed: list[str] = field(default_factory=list)

    async def access_token(self, tenant: TenantId, *, not_this: str | None = None) -> str:
        assert tenant == TENANT
        if not self.handed or not_this == self.handed[-1]:
            self.handed.append(self.sandbox.sandbox.tokens.grant(REALM, self.sandbox.sandbox.switches)[0])
        return self.handed[-1]


@dataclass
class Books:
    client: QuickBooksClient
    sandbox: RunningSandbox
    tokens: SandboxTokens

    async def create(self, name: str, *, request_id: str, type_: str = "customer") -> Answer:
        body = exact.dumps({"DisplayName": name}).encode()
        query = {"requestid": request_id}
        return await self.client.write(
            tenant=TENANT, realm=REALM, path=f"/{type_}", query=query, body=body, fence=3, leave=yes
        )

    async def query(self, statement: str) -> Answer:
        return await self.client.query(tenant=TENANT, realm=REALM, statement=statement, fence=3)


async def yes() -> bool:
    return True


@pytest.fixture
async def books() -> AsyncIterator[Books]:
    clock = SystemClock()
    sandbox = await serve(clock=clock, switches=Switches(calls_per_second=PER_SECOND, calls_per_minute=60))
    sandbox.sandbox.open_company(name="Acme", realm=REALM, zone=_zone())
    tokens = SandboxTokens(sandbox)
    limits = Limits(every_call=(Limit(calls=PER_SECOND, seconds=1.0), Limit(calls=60, seconds=60.0)))
    async with HttpTransport() as transport:
        client = QuickBooksClient(
            addresses=QuickBooksAddresses(api=sandbox.base_url, token=sandbox.token_url),
            transport=transport,
            tokens=tokens,
            calls=KeptCalls(),
            pace=Pace(clock=clock, limits=limits, timeout=2.0),
            clock=clock,
            worker="w-1",
            timeout=2.0,
        )
        yield Books(client, sandbox, tokens)
    await sandbox.close()


def _zone() -> ZoneInfo:
    return ZoneInfo("America/New_York")


async def test_what_was_written_is_found_read_and_in_the_change_feed(books: Books) -> None:
    """One object, by each of the client's ways to it."""
    since = books.sandbox.sandbox.clock.now() - timedelta(minutes=5)
    created = await books.create("O'Brien & Söhne", request_id="a1")
    assert isinstance(created, Accepted)
    id_ = created.body["Customer"]["Id"]
    found = await books.query("select * from Customer where DisplayName = 'O\\'Brien & Söhne'")
    read = await books.client.read(tenant=TENANT, realm=REALM, type="Customer", id=id_, fence=3)
    changed = await books.client.changes(
        tenant=TENANT, realm=REALM, types=["Customer", "Invoice"], since=since, fence=3
    )

    assert isinstance(found, Accepted)
    assert [row["Id"] for row in found.body["QueryResponse"]["Customer"]] == [id_]
    assert isinstance(read, Accepted)
    assert read.body["Customer"] == created.body["Customer"]
    assert isinstance(changed, Accepted)
    assert id_ in exact.dumps(changed.body)
    assert changed.body["time"]


async def test_a_posted_query_finds_the_same(books: Books) -> None:
    """A statement too long for an address."""
    await books.create("Acme", request_id="a1")
    names = ",".join(["'Acme'", *(f"'Somebody with a long name {number}'" for number in range(100))])
    found = await books.query(f"select * from Customer where DisplayName in ({names})")  # noqa: S608 - QuickBooks' own

    assert isinstance(found, Accepted)
    assert len(found.body["QueryResponse"]["Customer"]) == 1


async def test_a_lost_answer_is_unanswered_and_the_repeat_makes_no_second(books: Books) -> None:
    """The same request id and bytes again: QuickBooks answers as it did first."""
    books.sandbox.sandbox.fault_rules.add(kind="lose_answer", entity="customer", count=1)
    lost = await books.create("Acme", request_id="a1")
    repeated = await books.create("Acme", request_id="a1")
    found = await books.query("select count(*) from Customer where DisplayName = 'Acme'")

    assert isinstance(lost, Unanswered)
    assert isinstance(repeated, Accepted)
    assert isinstance(found, Accepted)
    assert found.body["QueryResponse"]["totalCount"] == 1


@pytest.mark.parametrize("status", [500, 503, 504])
async def test_trouble_at_quickbooks_is_unanswered(books: Books, status: int) -> None:
    """It may have been executed."""
    books.sandbox.sandbox.fault_rules.add(kind="status", status=status, count=1)

    assert isinstance(await books.create("Acme", request_id="a1"), Unanswered)


async def test_an_expired_token_is_noticed_and_replaced(books: Books) -> None:
    """The gateway's 401, in its own envelope."""
    await books.create("Acme", request_id="a1")
    books.sandbox.sandbox.tokens.expire(REALM, access=True, refresh=False)

    assert isinstance(await books.create("Beta", request_id="a2"), Accepted)
    assert len(books.tokens.handed) == 2


async def test_a_fault_is_read(books: Books) -> None:
    """A name that is taken: code 6240."""
    await books.create("Acme", request_id="a1")
    refused = await books.create("Acme", request_id="a2", type_="vendor")

    assert isinstance(refused, Faulted)
    assert (refused.status, refused.code, refused.gateway) == (400, "6240", False)
    assert refused.intuit_tid


async def test_a_burst_is_never_throttled(books: Books) -> None:
    """QuickBooks never has to say 429: its own count, on its own clock, never reaches the limit."""
    answers = await asyncio.gather(*(books.query("select count(*) from Customer") for _ in range(4 * PER_SECOND)))

    assert all(isinstance(answer, Accepted) for answer in answers)
    statuses = {entry.status for entry in books.sandbox.sandbox.journal.after(0)}
    assert THROTTLED not in statuses


async def test_without_pacing_the_same_burst_is_throttled(books: Books) -> None:
    """The test above can fail; and a 429 comes back as a fault, in one call."""
    books.client._pace = Pace(
        clock=SystemClock(), limits=Limits(every_call=(Limit(calls=99, seconds=1.0),)), timeout=2.0
    )
    answers = await asyncio.gather(*(books.query("select count(*) from Customer") for _ in range(4 * PER_SECOND)))

    throttled = [answer for answer in answers if isinstance(answer, Faulted)]
    assert {(answer.status, answer.code, answer.gateway) for answer in throttled} == {(429, "3001", True)}
