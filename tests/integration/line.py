"""The line from a folded event to the sandbox's books and back, with real parts, driven turn by turn.

PostgreSQL and the HTTP between klipsync and the sandbox are real; a turn is what a worker's owner does in its loop.
Kafka is left out: events are folded as intake folds them, and return events are read from the outbox.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text

from consumers.attempts import Lease
from consumers.folding import fold_batch
from consumers.ports import Arrived, Place
from consumers.records import RealmId
from infra import bootstrap
from infra.clock import SystemClock
from infra.database.engine import Database
from infra.database.intake import PostgresIntakeStore
from infra.database.migrate import migrate
from infra.database.outbox import headers_of
from infra.quickbooks.transport import HttpTransport
from infra.sandbox.quickbooks import bookkeeper, books
from infra.sandbox.quickbooks.fault_rules import FaultRule
from infra.sandbox.quickbooks.journal import Entry
from infra.sandbox.quickbooks.server import RunningSandbox, serve
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.switches import Switches
from infra.sandbox.quickbooks.wire import write_json
from infra.settings import Settings
from infra.worker.owner import Owner
from infra.worker.worker import Worker
from schemas import exact
from schemas.envelope import Event, Message, decode, encode, of_attributes
from schemas.kinds import TenantId

TENANT = TenantId("acme")
CLUSTER = "a-cluster"
PLACE = Place("klipboard.invoices", 0)
QUICK: dict[str, Any] = {
    # Time passes when a test says so (`pass_time`); what it waits for really is as short as it can be.
    "call_time_out": timedelta(seconds=2),
    "poll_every": timedelta(hours=1),
    "head_start": timedelta(milliseconds=50),  # there is no Kafka here that a worker could look at first
    "lease": timedelta(minutes=10),
    "lease_renewal": timedelta(minutes=3),
    "calls_per_second": 1000,
    "calls_per_minute": 10_000,
}

# Everything that klipsync remembers by its own clock, moved into the past; QuickBooks' clock is moved forward.
_PASS_TIME = (
    "UPDATE attempt SET sent_at = sent_at - {by}, first_sent_at = first_sent_at - {by}",
    "UPDATE attempt SET answered_at = answered_at - {by}, next_step_at = next_step_at - {by}",
    "UPDATE sync_record SET next_attempt_at = next_attempt_at - {by}, first_failed_at = first_failed_at - {by}",
    "UPDATE tenant SET next_poll_at = next_poll_at - {by}, paused_until = paused_until - {by}",
    "UPDATE tenant SET polled_at = polled_at - {by}, rewound_at = rewound_at - {by}, rewound_to = rewound_to - {by}",
    "UPDATE connection SET access_expires_at = access_expires_at - {by}",
    "UPDATE quickbooks_only SET first_seen_at = first_seen_at - {by}, deleted_at = deleted_at - {by}",
    "UPDATE read_call SET sent_at = sent_at - {by}, answered_at = answered_at - {by}",
)


@dataclass(kw_only=True)
class Line:
    """One tenant and its company; `worker` is built and never run: the test takes its turns."""

    database: Database
    running: RunningSandbox
    realm: Realm
    settings: Settings
    worker: Worker
    tenant: TenantId = TENANT
    lease: Lease | None = None
    _offset: int = 0

    # --- Klipboard ---

    async def tell(self, type_: str, subject: str, version: int, **content: Any) -> None:  # noqa: ANN401
        """Klipboard says something, and it is folded."""
        await self.fold(an_event(type_, subject, version, content, tenant=self.tenant))

    async def fold(self, *messages: Message) -> None:
        """Fold messages as one batch."""
        batch = [self._arrived(message) for message in messages]
        store = PostgresIntakeStore(self.database)
        await fold_batch(store=store, cluster=CLUSTER, batch=batch, reached={})

    def _arrived(self, message: Message) -> Arrived:
        self._offset += 1
        return Arrived(place=PLACE, offset=self._offset - 1, message=message, time=datetime.now(UTC))

    async def client(self, id_: str = "c1", version: int = 1, **content: Any) -> None:  # noqa: ANN401
        """A client, made or edited."""
        type_ = "ClientCreated" if version == 1 else "ClientEdited"
        await self.tell(type_, f"client/{id_}", version, **{"name": f"Client {id_}", **content})

    async def invoice(self, id_: str = "i1", version: int = 1, **content: Any) -> None:  # noqa: ANN401
        """An invoice of client c1, made or edited."""
        type_ = "InvoiceCreated" if version == 1 else "InvoiceEdited"
        await self.tell(type_, f"invoice/{id_}", version, **an_invoice(number=id_.upper(), **content))

    # --- the worker ---

    async def turn(self, *, worker: Worker | None = None) -> None:
        """One turn of the tenant's owner, and every call that it started, answered and settled."""
        at_work = worker or self.worker
        if self.lease is None:
            self.lease = next((one for one in await at_work.keeper.claim() if one.tenant == self.tenant), None)
            assert self.lease is not None, "the tenant cannot be claimed: nothing is due, or somebody owns it"
        owner = Owner(lease=self.lease, parts=at_work.parts)
        await owner.take_turn()
        await owner.drained()
        owner.collect()

    async def turns(self, count: int = 8) -> None:
        """Turns until a further one changes nothing."""
        before: list[str] = []
        for _ in range(count):
            await self.turn()
            now = await self.rows("SELECT kind, klipboard_id, revision, settled_revision, state FROM sync_record")
            attempts = await self.rows("SELECT id, outcome, repeats FROM attempt")
            if (state := sorted(map(str, now + attempts))) == before:
                return
            before = state

    async def poll(self) -> None:
        """The owner's timer has come: one turn that polls."""
        await self.rows("UPDATE tenant SET next_poll_at = NULL RETURNING 1")
        await self.turn()

    async def crash(self) -> None:
        """The worker is gone and another one of its name takes over."""
        if self.lease is not None:
            self.worker.keeper.forget(self.lease)
        self.lease = None
        await self.rows("UPDATE lease SET expires_at = '-infinity' RETURNING 1")
        await self.rows("UPDATE tenant SET next_poll_at = NULL RETURNING 1")

    async def pass_time(self, **passed: float) -> None:
        """So much time passes, for klipsync and in QuickBooks (timedelta's words)."""
        seconds = timedelta(**passed).total_seconds()
        async with self.database.transaction() as connection:
            for statement in _PASS_TIME:
                await connection.execute(text(statement.format(by=f"interval '{seconds} seconds'")))
        self.running.sandbox.clock.advance(seconds)

    # --- what came of it ---

    async def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as connection:
            return [tuple(row) for row in await connection.execute(text(statement), values)]

    async def record(self, subject: str) -> dict[str, Any]:
        """A record's row."""
        kind, _, id_ = subject.partition("/")
        statement = text("SELECT * FROM sync_record WHERE tenant_id = :t AND kind = :k AND klipboard_id = :i")
        async with self.database.transaction() as connection:
            row = (await connection.execute(statement, {"t": self.tenant, "k": kind, "i": id_})).mappings().one()
        return dict(row)

    async def told(self, *types: str) -> list[Event]:
        """What stands in the outbox, in its order."""
        found = await self.rows("SELECT topic, key, headers, value FROM outbox ORDER BY id")
        events = [decode(Message(topic=t, key=k, headers=headers_of(_json(h)), value=v)) for t, k, h, v in found]
        return [event for event in events if not types or event.type in types]

    # --- QuickBooks ---

    def books(self, entity: str) -> list[dict[str, Any]]:
        """Every object of that entity, as QuickBooks shows it."""
        found: list[dict[str, Any]] = exact.loads(write_json(books.books(self.realm)[entity]))
        return found

    def one(self, entity: str, **where: object) -> dict[str, Any]:
        """The only object of that entity (with these values)."""
        found = [row for row in self.books(entity) if all(row.get(name) == value for name, value in where.items())]
        assert len(found) == 1, f"{len(found)} {entity} with {where}"
        return found[0]

    def edit(self, entity: str, id_: str, **fields: Any) -> None:  # noqa: ANN401
        """A bookkeeper edits an object."""
        bookkeeper.edit(self.realm, entity, id_, fields)

    def delete(self, entity: str, id_: str) -> None:
        """A bookkeeper deletes a transaction."""
        bookkeeper.remove(self.realm, entity, id_)

    def pay(self, invoice: Mapping[str, Any], amount: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """A bookkeeper records a payment of one invoice."""
        lines = [{"invoice": invoice["Id"], "amount": Decimal(amount)}]
        body = {"customer": invoice["CustomerRef"]["value"], "amount": Decimal(amount), "lines": lines, **more}
        return dict(bookkeeper.record_payment(self.realm, body))

    def break_calls(self, kind: str, **conditions: Any) -> FaultRule:  # noqa: ANN401
        """A rule that breaks calls: lose_answer, cut_before, delay, status; `count` says how many."""
        return self.running.sandbox.fault_rules.add(kind=kind, **conditions)

    def mend(self) -> None:
        """No call is broken any more."""
        self.running.sandbox.fault_rules.remove()

    def calls(self, operation: str | None = None, *, entity: str | None = None) -> list[Entry]:
        """The calls that QuickBooks got, oldest first."""
        found = self.running.sandbox.journal.after(0, realm=self.realm.realm)
        return [one for one in found if operation in (None, one.operation) and entity in (None, one.entity)]

    def writes(self) -> list[Entry]:
        """The calls that wanted to change something."""
        return [entry for entry in self.calls() if entry.operation in ("create", "update", "void", "delete")]


def an_event(
    type_: str, subject: str, version: int | None, content: Mapping[str, Any], *, tenant: str = TENANT
) -> Message:
    """A message as an upstream publishes it."""
    attributes: dict[str, Any] = {
        "id": f"{type_}-{subject}-{version}",
        "source": "klipboard",
        "type": type_,
        "subject": subject,
        "tenantid": tenant,
        "time": datetime(2026, 3, 2, tzinfo=UTC),
        "aggregateversion": version,
    }
    present = {name: value for name, value in attributes.items() if value is not None}
    return encode(of_attributes(present, exact.dumps(dict(content)).encode(), strict=True))


def an_invoice(*lines: Mapping[str, Any], **content: Any) -> dict[str, Any]:  # noqa: ANN401
    """An invoice's content with a total that fits its lines; one line over 80.00 unless others are given."""
    given = list(lines) or content.pop("lines", None) or [a_line()]
    total = sum((Decimal(line["quantity"]) * Decimal(line["unit_price"]) for line in given), Decimal(0))
    usual = {
        "number": "INV-17",
        "client_id": "c1",
        "status": "Sent",
        "currency": "USD",
        "created_on": "2026-03-02",
        "issued_on": "2026-03-05",
        "due_on": "2026-04-04",
    }
    return {**usual, "lines": given, "total": str(total.quantize(Decimal("0.01"))), **content}


def a_line(id_: str = "a", **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """A line over 2 x 40.00."""
    return {"id": id_, "name": "Boiler service", "quantity": "2", "unit_price": "40.00", **changes}


@asynccontextmanager
async def line(
    database_url: str,
    *,
    switches: Switches | None = None,
    wrap: bootstrap.Wrap = bootstrap.as_it_is,
    **settings: object,
) -> AsyncIterator[Line]:
    """An empty database, a sandbox with one company, its tenant connected, and a worker to take turns with."""
    async with AsyncExitStack() as stack:
        running = await serve(clock=SystemClock(), switches=switches or Switches(limits="off"))
        stack.push_async_callback(running.close)
        chosen = settings_for(database_url, running, **settings)
        database = Database(database_url, connections=5)
        stack.push_async_callback(database.close)
        await migrate(database)
        realm = await _connected(database, chosen, running)
        worker = await stack.enter_async_context(bootstrap.worker(chosen, wrap=wrap))
        yield Line(database=database, running=running, realm=realm, settings=chosen, worker=worker)


def settings_for(database_url: str, running: RunningSandbox, **changes: Any) -> Settings:  # noqa: ANN401
    """Quick ones, at the sandbox; Kafka's address is nobody's, and nothing here calls it."""
    usual = {
        **QUICK,
        "kafka": "127.0.0.1:1",
        "database": SecretStr(database_url),
        "worker_name": "w1",
        "token_keys": SecretStr(Fernet.generate_key().decode()),
        "quickbooks_api": running.base_url,
        "quickbooks_token_url": running.token_url,
        "client_id": running.client_id,
        "client_secret": SecretStr(running.client_secret),
    }
    return Settings(**{**usual, **changes})


async def _connected(database: Database, settings: Settings, running: RunningSandbox) -> Realm:
    sandbox = running.sandbox
    realm = sandbox.open_company(name="Acme", realm=None, zone=ZoneInfo("UTC"))
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO tenant (id, name, time_zone, currency, income_account, settings)"
                " VALUES (:t, :t, 'UTC', 'USD', '79', '{}')"
            ),
            {"t": TENANT},
        )
    await consent(database, settings, running, realm)
    return realm


async def consent(database: Database, settings: Settings, running: RunningSandbox, realm: Realm) -> None:
    """A person lets klipsync into the company, for the first time or once more."""
    _, refresh = running.sandbox.tokens.grant(realm.realm, running.sandbox.switches)
    async with HttpTransport() as transport:
        tokens = bootstrap.tokens_of(settings, database, transport)
        await tokens.connect(tenant=TENANT, realm=RealmId(realm.realm), environment="production", refresh_token=refresh)


def _json(stored: Any) -> Sequence[Sequence[str]]:  # noqa: ANN401
    found: Sequence[Sequence[str]] = json.loads(stored) if isinstance(stored, str) else stored
    return found
