"""The sandbox's clock: it can be set, moved forward, sped up and stopped, and everything inside obeys it.

It starts at the base clock's time and then counts the base clock's seconds, so that it never falls, even where the
machine's own time is corrected. What a client must feel, such as a slow answer, takes real seconds: see `rest`.
"""

import asyncio
import math
from datetime import datetime, timedelta

from infra.clock import Clock

LOOK_AGAIN = 0.1  # real seconds: the base clock may jump too, when a test moves it or the machine wakes up
SOON = 1e-6  # seconds: less than this is now, for sums of fractions come out a little short
FASTEST = 1_000_000.0  # sandbox seconds in a real one: a year in half a minute


class MovedClock:
    """A Clock on top of another one."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._speed = 1.0
        self._marked_at = self._mark = base.boottime()  # the base's seconds when ours were last set, and ours then
        self._origin = base.now() - timedelta(seconds=self._mark)
        self._waiting: set[asyncio.Event] = set()

    def now(self) -> datetime:
        """The sandbox's time, UTC."""
        return self._origin + timedelta(seconds=self.boottime())

    def boottime(self) -> float:
        """The sandbox's seconds, which only grow."""
        return self._mark + (self._base.boottime() - self._marked_at) * self._speed

    @property
    def speed(self) -> float:
        """Sandbox seconds in a real one; 0 when it stands still."""
        return self._speed

    # Moving

    def advance(self, seconds: float) -> None:
        """Move forward. Raises ValueError for a move back: change feeds and sync tokens only grow."""
        if not seconds >= 0:
            raise ValueError(f"the clock only moves forward, and it is {self.now().isoformat()} already")
        try:
            self.now() + timedelta(seconds=seconds)
        except OverflowError as error:
            raise ValueError(f"{seconds} seconds from now lie beyond the calendar") from error
        self._count_from(self.boottime() + seconds)

    def set(self, moment: datetime) -> None:
        """It is that moment now. Raises ValueError for one that has passed."""
        self.advance((moment - self.now()).total_seconds())

    def run_at(self, speed: float) -> None:
        """Count so many sandbox seconds in a real one from now on; 0 stands still. Raises ValueError."""
        checked = checked_speed(speed)
        self._count_from(self.boottime())
        self._speed = checked

    def _count_from(self, seconds: float) -> None:
        self._mark, self._marked_at = seconds, self._base.boottime()
        for waiter in self._waiting:
            waiter.set()

    # Waiting

    async def sleep(self, seconds: float) -> None:
        """Wait in sandbox time: a clock that is moved or sped up meanwhile ends it early."""
        due, woken = self.boottime() + max(0.0, seconds), asyncio.Event()
        while (left := due - self.boottime()) > SOON:
            await self.pause(woken, left)

    async def pause(self, woken: asyncio.Event, seconds: float | None) -> None:
        """Wait for the event or so many sandbox seconds (None: as long as it takes).

        May end before either, for instance because the clock was moved: whoever waits looks again. Clears the event.
        """
        self._waiting.add(woken)
        try:
            # Not the base's sleep: one that stands still would be moved by it, for everybody.
            async with asyncio.timeout(None if seconds is None else self._real(seconds)):
                await woken.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(woken)
            woken.clear()

    async def rest(self, seconds: float) -> None:
        """Wait real seconds, as the base clock counts them: what a client must feel, whatever the sandbox's time."""
        await self._base.sleep(seconds)

    def _real(self, seconds: float) -> float:
        return min(LOOK_AGAIN, seconds / self._speed) if self._speed else LOOK_AGAIN


def checked_speed(speed: float) -> float:
    """The same number. Raises ValueError where no clock can run so."""
    if not (math.isfinite(speed) and 0 <= speed <= FASTEST):
        raise ValueError(f"the speed is a number from 0 (frozen) to {FASTEST:,.0f}")
    return speed
