"""A keeper of tokens over a real database and the sandbox's token endpoint."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.fernet import Fernet
from sqlalchemy import text

from consumers.records import RealmId
from infra.clock import SystemClock
from infra.database.engine import Database
from infra.database.migrate import migrate
from infra.quickbooks.addresses import App
from infra.quickbooks.cipher import TokenCipher
from infra.quickbooks.token_endpoint import TokenEndpoint
from infra.quickbooks.tokens import Tokens
from infra.quickbooks.transport import HttpTransport, Reply, Request, Transport
from infra.sandbox.quickbooks.server import RunningSandbox, serve
from infra.sandbox.quickbooks.switches import Switches
from schemas.kinds import TenantId

TENANT = TenantId("t1")
REALM = RealmId("9130")
KEY = Fernet.generate_key().decode()


@dataclass
class Gate:
    """Passes requests on, and holds the answers back while it is shut."""

    inner: Transport
    open: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    requests: int = 0

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109 - the port's word
        self.requests += 1
        reply = await self.inner.send(request, timeout=timeout)
        self.answered.set()
        await self.open.wait()
        return reply


@dataclass
class Granted:
    """One tenant, connected, and its company in the sandbox."""

    database: Database
    sandbox: RunningSandbox
    gate: Gate
    expired: list[str] = field(default_factory=list)

    def keeper(self, *, key: str = KEY, secret: str | None = None, margin: timedelta | None = None) -> Tokens:
        """As another worker would have it."""
        app = App(client_id=self.sandbox.client_id, client_secret=secret or self.sandbox.client_secret)

        async def tell(_connection: object, tenant: TenantId, cause: str) -> None:
            self.expired.append(f"{tenant}: {cause}")

        return Tokens(
            database=self.database,
            endpoint=TokenEndpoint(address=self.sandbox.token_url, app=app, transport=self.gate),
            cipher=TokenCipher.of(key),
            clock=SystemClock(),
            margin=margin or timedelta(minutes=5),
            expired=tell,
        )

    def consent(self) -> str:
        """A person connects the company again: the new refresh token, while the older grant dies."""
        return self.sandbox.sandbox.tokens.grant(REALM, self.sandbox.sandbox.switches)[1]

    async def connect(self) -> str:
        refresh = self.consent()
        await self.keeper().connect(tenant=TENANT, realm=REALM, environment="sandbox", refresh_token=refresh)
        return refresh

    async def run(self, statement: str) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(text(statement))

    async def value(self, column: str) -> object:
        async with self.database.transaction() as connection:
            found: object = (
                await connection.execute(text(f"SELECT {column} FROM connection WHERE tenant_id = 't1'"))  # noqa: S608
            ).scalar_one()
            return found


@asynccontextmanager
async def granted(database_url: str, *, switches: Switches | None = None) -> AsyncIterator[Granted]:
    database = Database(database_url)
    await migrate(database)
    sandbox = await serve(clock=SystemClock(), switches=switches or Switches(refresh_tokens="harsh"))
    try:
        async with HttpTransport() as transport:
            gate = Gate(transport)
            gate.open.set()
            world = Granted(database, sandbox, gate)
            await world.run("INSERT INTO tenant (id, name, time_zone, currency) VALUES ('t1', 'One', 'UTC', 'USD')")
            await world.run("INSERT INTO tenant (id, name, time_zone, currency) VALUES ('t2', 'Two', 'UTC', 'USD')")
            await world.connect()
            yield world
    finally:
        await sandbox.close()
        await database.close()
