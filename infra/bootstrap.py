"""The one place that chooses the real things. A test's own main may wrap any of them by name before they are joined."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from consumers.finder import Finder
from consumers.intake import Intake, IntakeSettings
from consumers.patience import Patience
from consumers.ports import Log
from consumers.reconcile import Reconciler
from consumers.reopen import Reopening
from consumers.settle import Settler
from consumers.writes import Writes
from infra.clock import SystemClock
from infra.database.books import StoredBooks
from infra.database.calls import Calls
from infra.database.engine import Database
from infra.database.feed import FeedStore
from infra.database.intake import DUE_CHANNEL, PostgresIntakeStore
from infra.database.leases import Leases
from infra.database.outbox import CHANNEL as OUTBOX_CHANNEL
from infra.database.outbox import PostgresOutbox
from infra.database.schedule import Schedule
from infra.database.wakes import GatheredWakes, NotifiedWakes
from infra.kafka.consumer import KafkaLog
from infra.kafka.producer import PatientProducer
from infra.quickbooks.addresses import App, QuickBooksAddresses
from infra.quickbooks.cipher import TokenCipher
from infra.quickbooks.client import QuickBooksClient
from infra.quickbooks.pacing import Pace
from infra.quickbooks.token_endpoint import TokenEndpoint
from infra.quickbooks.tokens import Tokens
from infra.quickbooks.transport import HttpTransport, Transport
from infra.quickbooks.windows import Limit, Limits
from infra.settings import Settings
from infra.telemetry.backlog import Backlog
from infra.telemetry.counted import CountedKafka, CountedTransport, WatchedLog
from infra.telemetry.health import Health
from infra.telemetry.server import serve
from infra.telemetry.vitals import LONGEST_PASS, Vitals
from infra.telemetry.vitals import Patience as Silence
from infra.worker.keeper import Keeper, new_session
from infra.worker.owner import Parts
from infra.worker.worker import Rhythm, Worker
from producers.kafka import Kafka
from producers.outbox import Bell
from producers.poller import Poller
from producers.relay import Relay, RelaySettings

Wrap = Callable[[str, Any], Any]
"""Name of a port and the real thing -> what is used: the seam at which tests kill a process at one exact effect."""

BELL_SECONDS = 0.1
"""A relay is told of messages no more often than this: a look costs a transaction, and every worker has a relay."""


def as_it_is(_name: str, real: Any) -> Any:  # noqa: ANN401 - any port
    """Wrap nothing."""
    return real


class NotConfigured(Exception):  # noqa: N818 - the name says what is wrong
    """A setting is missing: its name and what it should hold follow."""


def patience_of(settings: Settings) -> Patience:
    """The waits of the reconciler."""
    return Patience(
        first=settings.retry_first,
        longest=settings.retry_longest,
        give_up=settings.retry_give_up,
        quickbooks_lag=settings.quickbooks_lag,
        repeat_after=settings.repeat_after,
        give_up_open_after=settings.give_up_open_after,
        throttle_pause=settings.throttle_pause,
        outage_pause=settings.outage_pause,
    )


def limits_of(settings: Settings) -> Limits:
    """The rate budget of a company."""
    return Limits(
        every_call=(
            Limit(calls=settings.calls_per_second, seconds=1.0),
            Limit(calls=settings.calls_per_minute, seconds=60.0),
            Limit(calls=settings.calls_in_flight, seconds=0.0),
        )
    )


def tokens_of(settings: Settings, database: Database, transport: Transport) -> Tokens:
    """The keeper of tokens. Raises `NotConfigured` without keys."""
    if settings.token_keys is None:
        raise NotConfigured("KLIPSYNC_TOKEN_KEYS: Fernet keys, separated by commas; the first encrypts.")
    app = App(client_id=settings.client_id, client_secret=settings.client_secret.get_secret_value())
    return Tokens(
        database=database,
        endpoint=TokenEndpoint(address=settings.quickbooks_token_url, app=app, transport=transport),
        cipher=TokenCipher.of(settings.token_keys.get_secret_value()),
        clock=SystemClock(),
    )


def database_of(settings: Settings) -> Database:
    """The database. Raises `NotConfigured` without an address."""
    if settings.database is None:
        raise NotConfigured("KLIPSYNC_DATABASE: postgresql+asyncpg://user@host/name; `klipsync up` starts one for you.")
    idle = settings.seconds("idle_transaction")
    return Database(settings.database.get_secret_value(), connections=40, idle_limit=idle)


@asynccontextmanager
async def worker(settings: Settings, *, wrap: Wrap = as_it_is) -> AsyncIterator[Worker]:
    """A worker with everything it needs, closed in order afterwards."""
    if settings.kafka is None:
        raise NotConfigured("KLIPSYNC_KAFKA: host:port of Kafka; `klipsync up` starts one for you.")
    async with AsyncExitStack() as stack:
        database = database_of(settings)
        stack.push_async_callback(database.close)
        transport = CountedTransport(wrap("transport", await stack.enter_async_context(HttpTransport())))
        tokens = tokens_of(settings, database, transport)
        stack.push_async_callback(tokens.close)
        calls = Calls(database)
        client = _client(settings, transport, tokens, calls)
        log = await stack.enter_async_context(
            KafkaLog(settings.kafka, worker=settings.worker_name, prefix=settings.topic_prefix)
        )
        kafka = await stack.enter_async_context(PatientProducer(settings.kafka, prefix=settings.topic_prefix))
        session = new_session()
        vitals = Vitals(worker=settings.worker_name, session=session, clock=SystemClock())
        outbox = PostgresOutbox(database)
        leases = Leases(database, owner=settings.worker_name, session=session, seconds=settings.seconds("lease"))
        intake = _intake(
            settings, WatchedLog(wrap("log", log), vitals), wrap("intake_store", PostgresIntakeStore(database))
        )
        yield Worker(
            keeper=Keeper(leases, SystemClock(), seconds=settings.seconds("lease")),
            parts=_parts(settings, database, wrap("quickbooks", client), wrap),
            intake=intake,
            placed=intake.placed,
            relay=_relay(
                settings,
                session,
                wrap("outbox", outbox),
                CountedKafka(wrap("kafka", kafka)),
                bell=GatheredWakes(_wakes(database, OUTBOX_CHANNEL), seconds=BELL_SECONDS),
            ),
            wakes=_wakes(database, DUE_CHANNEL),
            enter=leases.enter,
            leave=leases.leave,
            prunes=(calls.prune, partial(outbox.prune, seconds=settings.seconds("keep_sent"))),
            rhythm=_rhythm(settings),
            vitals=vitals,
        )


@asynccontextmanager
async def telemetry(settings: Settings, worker: Worker) -> AsyncIterator[int | None]:
    """Metrics and health of this worker, where a port is set; yields the port. Raises `CannotListen`."""
    if settings.metrics_port is None:
        yield None
        return
    # One of its own: who looks must not wait for the worker's connections, least of all when they are all in use.
    database = database_of(settings)
    try:
        backlog = Backlog(database, clock=SystemClock())
        async with serve(port=settings.metrics_port, health=_health(settings, worker), backlog=backlog) as port:
            yield port
    finally:
        await database.close()


def _health(settings: Settings, worker: Worker) -> Health:
    # Nothing may be wrong with an intake that tries a message again and again until it is put aside.
    intake = max(LONGEST_PASS, 2 * settings.seconds("poison_retry"))
    return Health(
        vitals=worker.vitals,
        leases=lambda: len(worker.keeper.held),
        kafka=settings.kafka or "",
        patience=Silence(lease=settings.seconds("lease"), intake=intake),
        clock=SystemClock(),
    )


def _wakes(database: Database, channel: str) -> NotifiedWakes:
    return NotifiedWakes(database.url, channel=channel, backoff=1.0)


def _client(settings: Settings, transport: Transport, tokens: Tokens, calls: Calls) -> QuickBooksClient:
    timeout = settings.seconds("call_time_out")
    return QuickBooksClient(
        addresses=QuickBooksAddresses(api=settings.quickbooks_api, token=settings.quickbooks_token_url),
        transport=transport,
        tokens=tokens,
        calls=calls,
        pace=Pace(clock=SystemClock(), limits=limits_of(settings), timeout=timeout),
        clock=SystemClock(),
        worker=settings.worker_name,
        timeout=timeout,
    )


def _parts(settings: Settings, database: Database, client: QuickBooksClient, wrap: Wrap) -> Parts:
    books = wrap("books", StoredBooks(database))
    patience, clock = patience_of(settings), SystemClock()
    settler = Settler(books, patience)
    writes = Writes(
        books=books,
        quickbooks=client,
        settler=settler,
        finder=Finder(books, client),
        clock=clock,
        patience=patience,
    )
    return Parts(
        books=books,
        schedule=Schedule(database, every=settings.seconds("poll_every")),
        quickbooks=client,
        reconciler=Reconciler(books, client, settler, patience),
        writes=writes,
        reopening=Reopening(books, writes, patience),
        settler=settler,
        poller=_poller(settings, client, wrap("return_store", FeedStore(database))),
        clock=clock,
        idle_wait=settings.seconds("idle_wait"),
        at_once=settings.calls_in_flight,
    )


def _poller(settings: Settings, client: QuickBooksClient, store: FeedStore) -> Poller:
    overlap: timedelta = settings.poll_overlap
    return Poller(quickbooks=client, store=store, clock=SystemClock(), overlap=overlap)


def _intake(settings: Settings, log: Log, store: PostgresIntakeStore) -> Intake:
    chosen = IntakeSettings(
        batch=settings.intake_batch,
        poison=settings.seconds("poison_retry"),
        backoff_longest=settings.seconds("database_backoff"),
    )
    return Intake(log=log, store=store, clock=SystemClock(), settings=chosen)


def _relay(settings: Settings, session: str, store: PostgresOutbox, kafka: Kafka, *, bell: Bell) -> Relay:
    chosen = RelaySettings(
        owner=settings.worker_name,
        session=session,
        lease=settings.seconds("outbox_lease"),
        idle_wait=settings.seconds("idle_wait"),
    )
    return Relay(store=store, kafka=kafka, clock=SystemClock(), settings=chosen, bell=bell)


def _rhythm(settings: Settings) -> Rhythm:
    return Rhythm(
        renewal=settings.seconds("lease_renewal"),
        idle_wait=settings.seconds("idle_wait"),
        backoff=settings.seconds("database_backoff"),
        stop_grace=settings.seconds("stop_grace"),
        head_start=settings.seconds("head_start"),
    )
