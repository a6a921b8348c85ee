"""The sandbox's clock: another clock, moved forward on request. Token lives, limits and feeds all obey it."""

from datetime import datetime, timedelta

from infra.clock import Clock


class MovedClock:
    """A Clock that runs ahead of `base` by as much as was asked for."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._ahead = 0.0

    def now(self) -> datetime:
        """The wall clock, UTC, with the moves."""
        return self._base.now() + timedelta(seconds=self._ahead)

    def boottime(self) -> float:
        """Seconds since boot, with the moves."""
        return self._base.boottime() + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Wait by the base clock."""
        await self._base.sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Move forward; never back, because change feeds and sync tokens only grow."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._ahead += seconds
