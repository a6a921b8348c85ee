"""The embedded parts, really started: data, ports, locks, and every way to end."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO, cast

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from infra.embedded.errors import AlreadyRunning, GuardianEnded, PartEnded, PartNotStarted
from infra.embedded.lock import refuse_survivor
from infra.embedded.parts import Addresses, Parts, start
from infra.embedded.programs import command_line

pytestmark = pytest.mark.timeout(120)
TOPIC = "letters"
GONE = 20.0  # seconds within which nothing may be left; an orderly end takes 1 to 2


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded")


@contextlib.asynccontextmanager
async def connection(addresses: Addresses) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(addresses.postgres)
    try:
        async with engine.begin() as opened:
            yield opened
    finally:
        await engine.dispose()


async def cluster_id(addresses: Addresses) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=addresses.kafka)
    await admin.start()
    try:
        return str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()


async def leave(letter: str, addresses: Addresses) -> None:
    """Commit a row, and publish a message that Kafka acknowledges."""
    async with connection(addresses) as sql:
        await sql.execute(text("CREATE TABLE IF NOT EXISTS letters (words text)"))
        await sql.execute(text("INSERT INTO letters VALUES (:letter)"), {"letter": letter})
    admin = AIOKafkaAdminClient(bootstrap_servers=addresses.kafka)
    await admin.start()
    if TOPIC not in await admin.list_topics():
        await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=addresses.kafka, acks="all") as producer:
        await producer.send_and_wait(TOPIC, letter.encode(), partition=0)


async def found(addresses: Addresses) -> tuple[list[str], list[str]]:
    """The letters in the table, and those in the topic."""
    async with connection(addresses) as sql:
        rows = [words for (words,) in await sql.execute(text("SELECT words FROM letters"))]
    where = TopicPartition(TOPIC, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=addresses.kafka, isolation_level="read_committed")
    async with consumer:
        consumer.assign([where])
        await consumer.seek_to_beginning(where)
        end = (await consumer.end_offsets([where]))[where]
        messages = [(await consumer.getone()).value.decode() for _ in range(end)]
    return rows, messages


@contextlib.contextmanager
def holder(state: Path, *, stdin: int = subprocess.DEVNULL) -> Iterator[tuple[subprocess.Popen[str], Addresses]]:
    """A process of its own that runs the parts, as a person's klipsync would."""
    words = [sys.executable, "-m", "infra.embedded", "--state", str(state)]
    with subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, Addresses(**json.loads(process.stdout.readline()))
        finally:
            process.kill()


def family(pid: int) -> list[psutil.Process]:
    """The guardian, the JVM and every process of PostgreSQL."""
    return psutil.Process(pid).children(recursive=True)


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=GONE)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def guardian_of(pid: int) -> psutil.Process:
    """The one guardian that this process started; pytest itself may have other children."""
    children = psutil.Process(pid).children()
    (guardian,) = [child for child in children if "infra.embedded.guardian" in child.cmdline()]
    return guardian


async def started(state: Path) -> Parts:
    return await start(state, report=lambda _: None)


async def test_both_parts_start_and_tell_where_they_are(root: Path) -> None:
    """A program gets a broker and a database that answer, each the real thing, and commits are durable."""
    said: list[str] = []

    async with await start(root / "plain", report=said.append) as parts:
        await leave("first", parts.addresses)
        letters = await found(parts.addresses)
        async with connection(parts.addresses) as sql:
            settings = [
                (await sql.execute(text(f"SHOW {name}"))).scalar_one()
                for name in ("server_version_num", "fsync", "synchronous_commit", "max_connections")
            ]

    assert letters == (["first"], ["first"])
    assert parts.addresses.kafka.startswith("127.0.0.1:")
    assert int(settings[0]) >= 180000
    assert settings[1:3] == ["on", "on"]
    assert int(settings[3]) >= 200


async def test_a_restart_keeps_data_cluster_and_ports(root: Path) -> None:
    """What was acknowledged is there after a stop; an address somebody noted down still holds."""
    async with await started(root / "plain") as parts:
        before = parts.addresses, await cluster_id(parts.addresses)
        await leave("second", parts.addresses)

    async with await started(root / "plain") as parts:
        after = parts.addresses, await cluster_id(parts.addresses)
        letters = await found(parts.addresses)

    assert after == before
    assert [words[-1] for words in letters] == ["second", "second"]
    assert (root / "plain" / "logs" / "kafka.log").stat().st_size > 0
    assert (root / "plain" / "logs" / "postgres.log").stat().st_size > 0


async def test_two_run_at_once_and_a_taken_port_is_no_hindrance(root: Path) -> None:
    """Two folders are two worlds; parts whose ports somebody took meanwhile come back on others with their data."""
    async with await started(root / "plain") as parts:
        identity = await cluster_id(parts.addresses)
        count = len((await found(parts.addresses))[1])
    ports = json.loads((root / "plain" / "ports.json").read_text())

    with contextlib.ExitStack() as taken:
        for port in ports.values():
            other = taken.enter_context(socket.socket())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
        one, two = await asyncio.gather(started(root / "plain"), started(root / "other ü,1"))
    async with one, two:
        await leave("elsewhere", two.addresses)
        moved = set(ports.values()).isdisjoint(json.loads((root / "plain" / "ports.json").read_text()).values())
        identities = await cluster_id(one.addresses), await cluster_id(two.addresses)
        letters = (await found(one.addresses))[1], (await found(two.addresses))[1]

    assert moved
    assert identities[0] == identity != identities[1]
    assert len(letters[0]) == count
    assert letters[1] == ["elsewhere"]


async def test_a_folder_in_use_is_refused_with_the_process_that_uses_it(root: Path) -> None:
    """Two at one folder would destroy it: the second is told whom to stop, and the first is not disturbed."""
    async with await start(root / "plain", report=lambda _: None, kafka=False) as parts:
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()} "):
            await started(root / "plain")

        async with connection(parts.addresses) as sql:
            assert (await sql.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_killed_parent_leaves_nothing_and_loses_nothing(root: Path) -> None:
    """SIGKILL of the process that runs the parts: no JVM, no postgres, no guardian stay; a start right after works."""
    with holder(root / "plain") as (process, addresses):
        await leave("before the kill", addresses)
        identity = await cluster_id(addresses)
        left = family(process.pid)
        process.kill()

        async with await started(root / "plain") as parts:
            assert_gone(left)
            letters = await found(parts.addresses)
            same = await cluster_id(parts.addresses) == identity

    assert len(left) > 5
    assert [words[-1] for words in letters] == ["before the kill"] * 2
    assert same


async def test_a_killed_guardian_leaves_nothing_and_its_parent_hears_of_it(root: Path) -> None:
    """SIGKILL of the guardian: the kernel ends its parts, and whoever started them is told."""
    parts = await started(root / "plain")
    guardian = guardian_of(os.getpid())
    left = family(guardian.pid)

    guardian.kill()
    end = await parts.ended()

    assert isinstance(end, GuardianEnded)
    assert_gone(left)
    await parts.stop()


async def test_parent_and_guardian_killed_together_leave_nothing(root: Path) -> None:
    """With nobody left to tidy up, the kernel does; what was acknowledged is there at the next start."""
    with holder(root / "plain") as (process, addresses):
        await leave("both killed", addresses)
        left = family(process.pid)
        for victim in (psutil.Process(process.pid), guardian_of(process.pid)):
            victim.kill()

        async with await started(root / "plain") as parts:
            letters = await found(parts.addresses)
            assert_gone(left)

    assert [words[-1] for words in letters] == ["both killed"] * 2


async def test_a_part_that_ends_by_itself_ends_the_other_and_names_its_log(root: Path) -> None:
    """Half of the parts are none: the rest is stopped, and the message says where to read why."""
    parts = await started(root / "plain")
    left = family(guardian_of(os.getpid()).pid)
    jvm = next(process for process in left if "java" in process.name())

    jvm.kill()
    end = await parts.ended()

    assert isinstance(end, PartEnded)
    assert str(root / "plain" / "logs" / "kafka.log") in str(end)
    assert_gone(left)


async def test_first_starts_killed_half_way_are_no_hindrance(tmp_path: Path) -> None:
    """Data folders take their names when they are whole, so a kill at any moment leaves none or a good one."""
    for moment in (0.4, 0.8, 1.2, 2.0):  # while PostgreSQL's data is made, then Kafka's, then while they start
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "infra.embedded", "--json", "--state", str(tmp_path)),
            stdout=asyncio.subprocess.DEVNULL,
        )
        await asyncio.sleep(moment)
        process.kill()
        await process.wait()

    async with await started(tmp_path) as parts:
        await leave("whole", parts.addresses)
        assert await found(parts.addresses) == (["whole"], ["whole"])


async def test_locks_of_the_dead_are_cleaned_away(root: Path) -> None:
    """Lock and pid files of a machine that lost its power, their numbers since given to somebody else, stop nobody."""
    state = root / "plain"
    (state / "embedded.lock").write_text(json.dumps({"owner": os.getpid(), "guardian": 2**22 + 1}))
    (state / "kafka.pid").write_text(f"{os.getpid()}\n")
    (state / "kafka" / ".lock").touch()
    lines = [str(os.getpid()), str(state / "postgres"), str(int(time.time())), "5432", "", "", "1 1", "ready   "]
    (state / "postgres" / "postmaster.pid").write_text("\n".join(lines) + "\n")

    async with await started(state) as parts:
        assert (await found(parts.addresses))[0]


def test_a_survivor_of_an_earlier_run_is_named(tmp_path: Path) -> None:
    """A broker or server that nobody watches over still works on the data: starting another would destroy it."""
    words = [sys.executable, "-c", "import time; time.sleep(60)", str(tmp_path / "kafka.properties")]
    with subprocess.Popen(words) as survivor:
        try:
            while not command_line(survivor.pid):  # the kernel shows it a moment after the program has begun
                time.sleep(0.001)

            with pytest.raises(AlreadyRunning, match=f"kill {survivor.pid}"):
                refuse_survivor(survivor.pid, of=tmp_path / "kafka.properties", name="Kafka", patience=0.2)
        finally:
            survivor.kill()


@pytest.mark.parametrize("ending", ["SIGTERM", "end of input"])
async def test_the_main_ends_in_order_when_asked(root: Path, ending: str) -> None:
    """A signal, or the end of the one who held its standard input, ends everything and is no failure."""
    with holder(root / "plain", stdin=subprocess.PIPE) as (process, _):
        left = family(process.pid)

        if ending == "SIGTERM":
            process.terminate()
        else:
            cast("IO[str]", process.stdin).close()

        assert process.wait(timeout=GONE) == 0
        assert_gone(left)


async def test_a_path_too_long_for_a_socket_still_works(tmp_path: Path) -> None:
    """A socket's path has about 100 bytes; a state folder deeper than that gets its socket elsewhere."""
    deep = tmp_path / ("deep" * 20) / ("deeper" * 10)

    async with await start(deep, report=lambda _: None, kafka=False) as parts:
        async with connection(parts.addresses) as sql:
            assert (await sql.execute(text("SELECT 1"))).scalar_one() == 1
        assert parts.addresses.kafka == ""


async def test_a_state_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A file where the folder should be, say: the message names the place, and there is no traceback."""
    (tmp_path / "file").touch()

    with pytest.raises(PartNotStarted, match="file"):
        await started(tmp_path / "file" / "state")
