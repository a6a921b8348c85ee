"""The waits of a worker's loops: an event, a time, or a cancellation, whatever comes together."""

import asyncio

import pytest

from infra.worker.keeper import sleep_or


async def test_the_event_or_the_time_ends_a_wait() -> None:
    """And it says which."""
    event = asyncio.Event()
    assert not await sleep_or(event, 0.0)

    event.set()

    assert await sleep_or(event, 3600.0)


@pytest.mark.parametrize("steps", range(5))
async def test_a_cancellation_that_comes_with_the_event_ends_the_loop(steps: int) -> None:
    """A worker whose name was taken, or that is told to stop, ends, though a wake-up came at the same moment."""
    event = asyncio.Event()

    async def loop() -> None:
        await sleep_or(event, 3600.0)
        await asyncio.Event().wait()

    task = asyncio.create_task(loop())
    await asyncio.sleep(0.01)
    event.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=1)

    ended = task.cancelled()
    task.cancel()
    assert ended
