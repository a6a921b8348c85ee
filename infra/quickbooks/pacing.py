"""The outermost ring: a call waits here until its company's windows have room. First come, first served."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from consumers.records import RealmId
from infra.clock import Clock
from infra.quickbooks.windows import Limits, PastCall, Windows


class Slot:
    """The room of one call. Without a word it counts as never left; once left, as unanswered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.left: float | None = None
        self.answered = False

    def leaves(self) -> None:
        """The request goes out now."""
        self.left = self._clock.boottime()

    def never_left(self) -> None:
        """It did not go out after all."""
        self.left = None


class _Gate:
    """The line before one company's windows."""

    def __init__(self, windows: Windows, clock: Clock) -> None:
        self.windows = windows
        self._clock = clock
        self._turn = asyncio.Lock()  # asyncio's lock is fair: its waiters go in the order in which they came
        self._changed = asyncio.Event()

    async def enter(self, *, batch: bool) -> None:
        async with self._turn:
            while (wait := self.windows.ready_in(self._clock.boottime(), batch=batch)) != 0.0:
                await self._room(wait)
            self.windows.begin(batch=batch)

    def leave(self, slot: Slot, *, batch: bool) -> None:
        now = self._clock.boottime()
        if slot.left is None:
            self.windows.never_left(batch=batch)
        elif slot.answered:
            self.windows.answered(now, batch=batch)
        else:
            self.windows.unanswered(now, left=slot.left, batch=batch)
        self._changed.set()

    def rebuild(self, past: Sequence[PastCall]) -> None:
        self.windows.rebuild(self._clock.boottime(), past)
        self._changed.set()

    async def _room(self, wait: float | None) -> None:
        """Until so many seconds passed, or a call ended."""
        self._changed.clear()
        waiting: set[asyncio.Future[object]] = {asyncio.ensure_future(self._changed.wait())}
        if wait is not None:
            waiting.add(asyncio.ensure_future(self._clock.sleep(wait)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for future in waiting:
                future.cancel()


class Pace:
    """Every company's gate."""

    def __init__(self, *, clock: Clock, limits: Limits, timeout: float) -> None:
        self._clock = clock
        self._limits = limits
        self._timeout = timeout
        self._gates: dict[RealmId, _Gate] = {}

    @property
    def reach(self) -> float:
        """Seconds for which a call can matter after it left: its time-out, then the longest window."""
        return self._timeout + self._limits.longest

    @asynccontextmanager
    async def slot(self, realm: RealmId, *, batch: bool = False) -> AsyncIterator[Slot]:
        """Wait for room, and hold it until the block ends."""
        gate = self._gate(realm)
        await gate.enter(batch=batch)
        slot = Slot(self._clock)
        try:
            yield slot
        finally:
            gate.leave(slot, batch=batch)

    def rebuild(self, realm: RealmId, past: Sequence[PastCall]) -> None:
        """A new owner counts what the former one called."""
        self._gate(realm).rebuild(past)

    def _gate(self, realm: RealmId) -> _Gate:
        if realm not in self._gates:
            self._gates[realm] = _Gate(Windows(self._limits, timeout=self._timeout), self._clock)
        return self._gates[realm]
