"""Several workers: they share, one finishes for another, a zombie does no harm, and each ends in order."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.journal import fallen, sender
from tests.acceptance.world import DAY, World, portions, world

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(180)]


@pytest.fixture
async def here(kafka_address: str, postgres_address: str, tmp_path: Path) -> AsyncIterator[World]:
    """A world in which QuickBooks remembers no request id, so that nothing hides behind that."""
    async with world(kafka=kafka_address, postgres=postgres_address, state=tmp_path, mode="none") as found:
        yield found


async def test_two_workers_share_and_when_one_is_killed_the_other_finishes(here: World) -> None:
    """R-40: the tenants of a dead worker go to the living one; no record is ever written under an older fence."""
    parts = portions(DAY.read_text().splitlines())
    for name in ("w1", "w2"):
        await here.start(name)
    await here.publish(line for part in parts[:12] for line in part)
    await here.until_right()
    shared = {sender(one).worker for one in await here.writes()}

    await here.publish(line for part in parts[12:18] for line in part)
    await asyncio.sleep(1)
    await here.kill("w1")
    await here.until_right()

    assert shared == {"w1", "w2"}
    assert fallen(await here.writes()) == []
    assert await here.stop("w2") == 0


async def test_a_zombie_owner_sends_and_stores_nothing(here: World) -> None:
    """R-40: stopped between storing its attempt and sending it, woken when its lease has long been another's."""
    parts = portions(DAY.read_text().splitlines())
    await here.publish(line for part in parts[:4] for line in part)
    zombie = await here.start("w1", effect="remembered", moment="after", count="6", signal="STOP")
    await _until_stopped(zombie.pid)
    await here.start("w2")
    await here.until_right()
    await here.publish(line for part in parts[4:6] for line in part)
    await here.until_right()
    before = await here.reached()

    os.kill(zombie.pid, signal.SIGCONT)
    await asyncio.sleep(2)

    assert [one for one in await here.writes(after=before) if sender(one).worker == "w1"] == []
    assert fallen(await here.writes()) == []
    await here.until_right()
    assert [await here.stop(name) for name in ("w1", "w2")] == [0, 0]


async def test_a_worker_that_is_asked_to_stop_lets_its_calls_finish_and_ends_with_zero(here: World) -> None:
    """SIGTERM in the middle of slow calls: what is answered in time is settled, the rest stays open for the next."""
    await here.control.ask("POST", "faults", {"kind": "delay", "method": "POST", "seconds": 0.7, "count": 12})
    await here.publish(line for part in portions(DAY.read_text().splitlines())[:3] for line in part)
    await here.start()
    while not await here.writes():  # noqa: ASYNC110 - what is waited for happens in another process
        await asyncio.sleep(0.05)

    code = await here.stop()
    await here.start("w2")

    assert code == 0
    await here.until_right()
    assert await here.stop("w2") == 0


async def test_clean_stops_and_restarts_under_load_lose_and_double_nothing(here: World) -> None:
    """R-40: a deployment restarts every worker, again and again, while events come and answers are lost."""
    await here.control.lose_answers(count=8, rate=0.1, seed=3)
    codes = []
    for part in portions(DAY.read_text().splitlines())[:5]:
        await here.publish(part)
        await here.start()
        await here.ready()
        await asyncio.sleep(1.5)
        codes.append(await here.stop())

    await here.start()

    await here.until_right()
    assert [*codes, await here.stop()] == [0] * 6


async def test_a_fold_that_fails_on_one_event_in_a_hundred_loses_and_doubles_nothing(here: World) -> None:
    """R-40: the batch is halved until the offender stands alone; it is tried again, and the rest goes on."""
    await here.start(rate="0.01")
    await here.publish(DAY.read_text().splitlines()[:400])
    for _ in range(3):
        await here.publish(DAY.read_text().splitlines()[:400], again=True)

    await here.until_quiet()
    await here.publish(DAY.read_text().splitlines()[400:])

    await here.until_right()
    assert await here.stop() == 0
    log = here.log("w1").read_text()
    assert "a fold fails" in log
    assert "put aside" not in log


async def test_of_two_processes_with_one_name_the_older_stops(here: World) -> None:
    """An operator starts a worker twice under one name: the newer goes on, the older says why it ends."""
    older = await here.start("w1")
    await here.publish(portions(DAY.read_text().splitlines())[0])
    await here.until_right()

    await here.start("w1")

    assert await asyncio.wait_for(older.wait(), 20) == 3
    await here.publish(portions(DAY.read_text().splitlines())[1])
    await here.until_right()
    assert await here.stop("w1") == 0


async def _until_stopped(pid: int) -> None:
    """Until the process stands still (SIGSTOP)."""
    async with asyncio.timeout(60):
        stat = Path("/proc") / str(pid) / "stat"
        while stat.read_text().rpartition(")")[2].split()[0] != "T":  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
