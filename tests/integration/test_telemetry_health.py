"""Whether a worker is well: what it says of itself while all is in order, and what when something is away."""

import asyncio
import json
import secrets
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from consumers.ports import Arrived, Place, Standing
from infra import bootstrap
from infra.clock import ManualClock
from infra.kafka.topics import ensure_topics
from infra.telemetry.counted import WatchedLog
from infra.telemetry.health import Health
from infra.telemetry.recent import Recent
from infra.telemetry.vitals import Loop, Patience, Vitals
from schemas import topics
from tests.integration.at_work import LIVELY, at_work, database_away, until, until_owned, until_synced
from tests.integration.line import Line, line, settings_for
from tests.integration.looked import Counted, Looker, looking
from tests.integration.shell import KLIPSYNC, Shell

pytestmark = pytest.mark.postgres

NOBODY: Final = "127.0.0.1:1"
"""An address at which no Kafka answers."""
PATIENCE: Final = Patience(lease=10, intake=60)


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Line]:
    async with line(database_url) as found:
        yield found


def manual() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, tzinfo=UTC))


def health_of(vitals: Vitals, clock: ManualClock) -> Health:
    return Health(vitals=vitals, leases=lambda: 2, kafka=NOBODY, patience=PATIENCE, clock=clock)


# --- a worker at work ---


@asynccontextmanager
async def topics_of_its_own(kafka: str) -> AsyncIterator[str]:
    """A prefix with topics."""
    prefix = f"telemetry-{secrets.token_hex(3)}."
    names = await ensure_topics(kafka, partitions=1, prefix=prefix)
    try:
        yield prefix
    finally:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        await admin.delete_topics(list(names))
        await admin.close()


@pytest.mark.kafka
async def test_a_worker_with_everything_in_reach_is_well(here: Line, kafka_address: str) -> None:
    """Who it is, how many tenants it has, and that database and Kafka answer; what it relays is counted."""
    relayed = Counted("relayed_messages", {"topic": topics.OUTCOMES})
    url, keys = here.database.url, here.settings.token_keys
    async with topics_of_its_own(kafka_address) as prefix:
        chosen = settings_for(url, here.running, token_keys=keys, kafka=kafka_address, topic_prefix=prefix, **LIVELY)
        async with bootstrap.worker(chosen) as worker, looking(chosen, worker) as looker:
            stop = asyncio.Event()
            running = asyncio.create_task(worker.run(stop))
            await here.client()
            await until_synced(here, "client/c1")
            await until(lambda: relayed.grown[0] >= 1)
            status, told = await looker.health()
            stop.set()
            await running

    assert status == 200
    session = worker.vitals.session
    assert told == {"worker": "w1", "session": session, "leases": 1, "database": "ok", "kafka": "ok"}


async def until_told(looker: Looker, status: int) -> Mapping[str, Any]:
    """What health says once its status is that."""
    told: list[Mapping[str, Any]] = []

    async def so() -> bool:
        found, said = await looker.health()
        told.append(said)
        return found == status

    await until(so)
    return told[-1]


async def test_a_database_that_is_away_for_longer_than_a_lease_is_told_until_it_is_back(here: Line) -> None:
    """Others may act for its tenants by then, if they reach the database; who keeps workers running must know."""
    async with at_work(here, "w2") as running:
        settings = here.settings.model_copy(update={"lease": LIVELY["lease"]})
        async with looking(settings, running.worker) as looker:
            await until_owned(here, "w2")
            before = await until_told(looker, 200)
            async with database_away(here):
                during = await until_told(looker, 503)
            after = await until_told(looker, 200)

    assert before["database"] == "ok"
    assert during["database"].startswith("no answer for ")
    assert "The database has been out of reach for " in during["reason"]
    assert "reason" not in after


# --- what silence means ---


@pytest.mark.parametrize(
    ("seconds", "worry"),
    [(10, None), (11, "The database has been out of reach for 11 s, longer than a lease (10 s)")],
)
async def test_the_database_may_be_silent_for_as_long_as_a_lease(seconds: float, worry: str | None) -> None:
    """A renewal that fails is repeated: until the lease runs out nobody else has the tenants."""
    clock = manual()
    vitals = Vitals(worker="w1", session="s", clock=clock)
    vitals.beat(Loop.RENEWALS)
    clock.advance(seconds)

    report = await health_of(vitals, clock).report()

    assert (report.reason or "").startswith(worry or "")
    assert (report.reason is None) is (worry is None)
    assert report.database == f"no answer for {seconds} s"


@pytest.mark.parametrize(
    ("seconds", "worry"), [(60, None), (61, "Intake has completed no pass for 61 s: events are not folded.")]
)
async def test_intake_may_be_silent_for_a_minute(seconds: float, worry: str | None) -> None:
    """From the worker's start on, so that one that never comes to read is noticed too."""
    clock = manual()
    vitals = Vitals(worker="w1", session="s", clock=clock)
    clock.advance(seconds)
    vitals.beat(Loop.RENEWALS)

    report = await health_of(vitals, clock).report()

    assert (report.reason or "").startswith(worry or "")
    assert (report.reason is None) is (worry is None)
    assert (report.database, report.leases) == ("ok", 2)


async def test_a_kafka_that_is_away_is_told_and_is_no_illness_by_itself() -> None:
    """The worker writes to QuickBooks all the same, and a new start would not bring Kafka back."""
    clock = manual()
    vitals = Vitals(worker="w1", session="s", clock=clock)

    report = await health_of(vitals, clock).report()

    assert (report.kafka, report.reason) == ("no answer", None)


class EmptyLog:
    """A log in which nothing arrives."""

    cluster = "a-cluster"

    async def unplaced(self) -> Sequence[Standing]:
        return ()

    def start_from(self, starts: Mapping[Place, int]) -> None: ...

    async def take(self, *, limit: int, seconds: float) -> Sequence[Arrived]:
        del limit, seconds
        return ()

    async def commit(self, following: Mapping[Place, int]) -> None: ...

    def forget(self) -> None: ...


@pytest.mark.parametrize(
    ("steps", "silence"),
    [
        (["unplaced", "take", "unplaced"], 0),
        (["unplaced", "take"], 5),
        (["unplaced", "take", "forget", "unplaced"], 5),
        (["unplaced", "unplaced"], 5),
        (["unplaced", "take", "commit"], 0),
    ],
    ids=["round", "at work", "failed", "no answer", "folded"],
)
async def test_intake_came_round_when_what_it_took_is_folded(steps: list[str], silence: float) -> None:
    """A pass that failed and begins again is none; a message that is put aside within a long one is progress."""
    clock = manual()
    vitals = Vitals(worker="w1", session="s", clock=clock)
    log = WatchedLog(EmptyLog(), vitals)
    clock.advance(5)

    for step in steps:
        if step == "take":
            await log.take(limit=1, seconds=0)
        elif step == "commit":
            await log.commit({})
        elif step == "forget":
            log.forget()
        else:
            await log.unplaced()

    assert vitals.silence(Loop.INTAKE) == silence


async def test_an_answer_lasts_longer_the_longer_it_took() -> None:
    """However large the database, looking costs a bounded part of its time."""
    clock, asked = manual(), list[int]()

    async def ask() -> int:
        await clock.sleep(3)
        asked.append(1)
        return len(asked)

    recent = Recent(ask, seconds=5, rest=20, clock=clock)

    first = await recent.get()
    clock.advance(59)
    again = await recent.get()
    clock.advance(2)
    anew = await recent.get()

    assert (first, again, anew) == (1, 1, 2)


# --- the installed command ---


@asynccontextmanager
async def started(url: str, **settings: str) -> AsyncIterator[Process]:
    """`klipsync worker`, on a database and without a Kafka; ended by the test or else killed."""
    shell = Shell(url, {"KLIPSYNC_DATABASE": url, "KLIPSYNC_KAFKA": NOBODY})
    env = shell._env({"KLIPSYNC_TOKEN_KEYS": "A" * 43 + "=", **settings})
    process = await asyncio.create_subprocess_exec(KLIPSYNC, "worker", "--name", "w1", env=env, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_command_says_where_it_listens_and_logs_json_alone(database_url: str) -> None:
    """As KLIPSYNC_LOG_JSON and KLIPSYNC_METRICS_PORT want it, aiokafka's words included; SIGTERM ends it with 0."""
    lines: list[dict[str, Any]] = []
    async with started(database_url, KLIPSYNC_LOG_JSON="1", KLIPSYNC_METRICS_PORT="0") as process:
        assert process.stderr is not None
        async with asyncio.timeout(60):
            while not any("port" in told for told in lines):
                lines.append(json.loads(await process.stderr.readline()))
        status, told = await Looker(lines[-1]["port"]).health()
        process.terminate()
        rest = await process.stderr.read()
        code = await process.wait()

    assert (status, told["worker"], told["kafka"], code) == (200, "w1", "no answer", 0)
    lines += [json.loads(each) for each in rest.splitlines()]
    assert all({"timestamp", "level", "logger", "event"} <= each.keys() for each in lines)
    assert any(each["logger"].startswith("aiokafka") for each in lines)


def test_a_port_that_is_taken_is_one_sentence_and_exit_code_1(database_url: str) -> None:
    """It names the port, and how to choose another."""
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]

        ended = Shell.at(database_url).installed(
            "worker", "--metrics-port", str(port), settings={"KLIPSYNC_KAFKA": NOBODY}
        )

    assert ended.code == 1
    assert ended.err.splitlines()[-1] == (
        f"The worker cannot start. Port {port} for metrics and health cannot be used (address already in use):"
        " choose another with --metrics-port or KLIPSYNC_METRICS_PORT; 0 takes any free one."
    )
    assert "Traceback" not in ended.err
