"""Time and waiting, behind one small port, so that tests can move a clock instead of sleeping."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the product may ask of time. `consumers` and `producers` name the same shape in their own ports."""

    def now(self) -> datetime:
        """The wall clock, timezone-aware, UTC."""

    def boottime(self) -> float:
        """Seconds since the machine booted, counting the time it was suspended: for leases and waits."""

    async def sleep(self, seconds: float) -> None:
        """Wait; never less than zero."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def boottime(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class ManualClock:
    """A clock that stands still until somebody moves it; its sleep moves it and yields to other tasks once."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def boottime(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`."""
        self._elapsed += seconds
