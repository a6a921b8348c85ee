"""A client over a real socket, and a server that answers exactly the bytes a test wants."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from consumers.records import RealmId
from infra.clock import ManualClock
from infra.quickbooks.addresses import QuickBooksAddresses
from infra.quickbooks.client import QuickBooksClient
from infra.quickbooks.errors import TokenTrouble
from infra.quickbooks.pacing import Pace
from infra.quickbooks.transport import HttpTransport, Transport
from infra.quickbooks.windows import Limits, PastCall
from schemas.kinds import TenantId
from schemas.quickbooks.answers import Answer

TENANT = TenantId("t1")
REALM = RealmId("9130")
TIMEOUT = 0.5  # seconds


@dataclass
class FixedTokens:
    """Hands out its tokens in turn; one that QuickBooks refused is not handed out again."""

    tokens: list[str] = field(default_factory=lambda: ["first", "second", "third"])
    trouble: TokenTrouble | None = None
    trouble_after_refusal: TokenTrouble | None = None
    refused: list[str] = field(default_factory=list)

    async def access_token(self, tenant: TenantId, *, not_this: str | None = None) -> str:
        assert tenant == TENANT
        if not_this is not None:
            self.refused.append(not_this)
            if self.trouble_after_refusal is not None:
                raise self.trouble_after_refusal
        if self.trouble is not None:
            raise self.trouble
        return next(token for token in self.tokens if token not in self.refused)


@dataclass
class KeptCalls:
    """Noted reads, in memory."""

    noted: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    past: list[PastCall] = field(default_factory=list)
    former: frozenset[int] = frozenset()
    """Fences of former owners: their reads must not leave."""

    async def note_read(self, *, tenant: TenantId, realm: RealmId, path: str, fence: int) -> str | None:
        if fence in self.former:
            return None
        self.noted.append(f"{tenant} {realm} {path}")
        return str(len(self.noted))

    async def read_answered(self, ids: Sequence[str]) -> None:
        self.answered.extend(ids)

    async def recent(self, realm: RealmId, *, seconds: float) -> Sequence[PastCall]:
        assert (realm, seconds > TIMEOUT) == (REALM, True)
        return self.past


@dataclass
class Wire:
    """Answers each request with the next of `answers`: bytes, or None to close without a word."""

    answers: list[bytes | None]
    hangs: bool = False
    requests: list[bytes] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await _request(reader)) is not None:
                self.requests.append(request)
                self.asked.set()
                if self.hangs:
                    await asyncio.sleep(60)
                answer = self.answers.pop(0) if self.answers else None
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    length = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + (await reader.readexactly(int(length[0])) if length else b"")


def http(status: int, body: str = "", *headers: str, length: int | None = None) -> bytes:
    """One HTTP/1.1 answer; `length` lies about the body."""
    content = body.encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass
class World:
    client: QuickBooksClient
    wire: Wire
    tokens: FixedTokens
    calls: KeptCalls
    clock: ManualClock
    leaves: list[int] = field(default_factory=list)
    may_leave: bool = True

    async def leave(self) -> bool:
        self.leaves.append(len(self.wire.requests))
        return self.may_leave

    async def write(self, path: str = "/invoice") -> Answer:
        return await self.client.write(
            tenant=TENANT,
            realm=REALM,
            path=path,
            query={"requestid": "abc123"},
            body=b'{"CustomerRef":{"value":"1"}}',
            fence=7,
            leave=self.leave,
        )

    async def query(self, statement: str = "select * from Customer") -> Answer:
        return await self.client.query(tenant=TENANT, realm=REALM, statement=statement, fence=7)


@asynccontextmanager
async def world(*answers: bytes | None, hangs: bool = False, limits: Limits | None = None) -> AsyncIterator[World]:
    """Everything real but QuickBooks, the tokens and the store."""
    wire = Wire(list(answers), hangs=hangs)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with HttpTransport() as transport:
            yield _world(f"http://127.0.0.1:{port}", transport, wire, limits or Limits())
    finally:
        server.close()


@asynccontextmanager
async def world_at(address: str) -> AsyncIterator[World]:
    """The same client pointed somewhere else."""
    async with HttpTransport() as transport:
        yield _world(address, transport, Wire([]), Limits())


def _world(address: str, transport: Transport, wire: Wire, limits: Limits) -> World:
    clock = ManualClock(datetime(2026, 3, 2, 8, tzinfo=UTC))
    tokens, calls = FixedTokens(), KeptCalls()
    client = QuickBooksClient(
        addresses=QuickBooksAddresses(api=address, token=f"{address}/token"),
        transport=transport,
        tokens=tokens,
        calls=calls,
        pace=Pace(clock=clock, limits=limits, timeout=TIMEOUT),
        clock=clock,
        worker="w-1",
        timeout=TIMEOUT,
    )
    return World(client=client, wire=wire, tokens=tokens, calls=calls, clock=clock)
