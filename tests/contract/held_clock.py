"""A clock on which who sleeps goes on sleeping until the test wakes him: a call then runs as long as a test wants."""

import asyncio

from infra.clock import ManualClock
from tests.contract.sandbox_company import START, Company


class HeldClock(ManualClock):
    """Stands still; its sleepers wait for `wake`."""

    def __init__(self) -> None:
        super().__init__(START)
        self.slept: list[float] = []  # seconds, in the order they were asked for
        self._fell_asleep = asyncio.Event()
        self._woken = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._fell_asleep.set()
        await self._woken.wait()
        self.advance(seconds)

    async def asleep(self, sleepers: int = 1) -> None:
        """Until so many have fallen asleep."""
        while len(self.slept) < sleepers:
            self._fell_asleep.clear()
            await self._fell_asleep.wait()

    def wake(self) -> None:
        """All who sleep, and all who will."""
        self._woken.set()


async def arrived(it: Company, calls: int) -> None:
    """Until the sandbox has taken so many calls."""
    while len((await it.control("GET", "journal"))["entries"]) < calls:  # noqa: ASYNC110 - no bell rings
        await asyncio.sleep(0.005)
    await asyncio.sleep(0)
