"""How many calls each of QuickBooks' windows holds: pure accounting, seconds in, seconds out.

We see when a call leaves and when it is answered; QuickBooks counts it at some moment between. So a call occupies a
window from its leaving until one window after its answer: whenever the server looked, it cannot have seen more calls
in one window than were here at once.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass

SOON = 0.001  # s; the shortest wait worth a look, longer than the rounding of a float clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `calls` within any `seconds`; 0 seconds: at the same moment."""

    calls: int
    seconds: float

    def __post_init__(self) -> None:
        if self.calls < 1 or self.seconds < 0:
            raise ValueError("a limit lets at least one call pass, in a window that is not negative")

    @property
    def holds(self) -> float:
        """How long an answered call stays counted: the window, and a little for two clocks that differ."""
        return self.seconds * 1.001 + SOON if self.seconds else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Intuit's limits per company (learn/limits-and-throttles): of every call, and of batch calls besides."""

    every_call: tuple[Limit, ...] = (
        Limit(calls=10, seconds=1.0),
        Limit(calls=500, seconds=60.0),
        Limit(calls=10, seconds=0.0),
    )
    batches: tuple[Limit, ...] = (Limit(calls=40, seconds=60.0),)

    @property
    def longest(self) -> float:
        """Seconds after which an answered call no longer matters."""
        return max(limit.holds for limit in (*self.every_call, *self.batches))


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A call that a former owner made: how many seconds ago it left and was answered (None: it was not)."""

    left_ago: float
    answered_ago: float | None
    batch: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """The calls that one set of limits counts: those under way, and the ends of those that are over."""

    limits: tuple[Limit, ...]
    under_way: list[None]
    ends: list[float]

    def ready_in(self, now: float) -> float | None:
        waits = [self._wait(limit, now) for limit in self.limits]
        return None if None in waits else max((wait for wait in waits if wait is not None), default=0.0)

    def _wait(self, limit: Limit, now: float) -> float | None:
        first = bisect_right(self.ends, now - limit.holds)
        over = len(self.under_way) + len(self.ends) - first + 1 - limit.calls
        if over <= 0:
            return 0.0
        if first + over > len(self.ends):
            return None
        return max(SOON, self.ends[first + over - 1] + limit.holds - now)

    def end(self, at: float, *, forget: float) -> None:
        insort(self.ends, at)
        del self.ends[: bisect_right(self.ends, forget)]


class Windows:
    """The windows of one company. All times are seconds of one clock that never runs backwards."""

    def __init__(self, limits: Limits, *, timeout: float) -> None:
        self._timeout = timeout
        self._longest = limits.longest
        self._every_call = _Line(limits.every_call, [], [])
        self._batches = _Line(limits.batches, [], [])

    def ready_in(self, now: float, *, batch: bool = False) -> float | None:
        """Seconds until another call may leave (0: now); None while that depends on the answer to one under way."""
        waits = [line.ready_in(now) for line in self._lines(batch=batch)]
        return None if None in waits else max(wait for wait in waits if wait is not None)

    def begin(self, *, batch: bool = False) -> None:
        """A call leaves, or is about to."""
        for line in self._lines(batch=batch):
            line.under_way.append(None)

    def answered(self, now: float, *, batch: bool = False) -> None:
        """A call under way was answered."""
        self._end(now, now=now, batch=batch)

    def unanswered(self, now: float, *, left: float, batch: bool = False) -> None:
        """A call that left then will not be answered: it may arrive, and be worked on, until its time-out."""
        self._end(max(now, left + self._timeout), now=now, batch=batch)

    def never_left(self, *, batch: bool = False) -> None:
        """A call under way did not leave after all."""
        for line in self._lines(batch=batch):
            line.under_way.pop()

    def rebuild(self, now: float, past: Iterable[PastCall]) -> None:
        """Count what was called before this company was ours; calls of our own that are under way stay counted."""
        for line in (self._every_call, self._batches):
            line.ends.clear()
        for call in past:
            lasted = call.answered_ago if call.answered_ago is not None else call.left_ago - self._timeout
            for line in self._lines(batch=call.batch):
                line.end(now - lasted, forget=now - self._longest)

    def _lines(self, *, batch: bool) -> tuple[_Line, ...]:
        return (self._every_call, self._batches) if batch else (self._every_call,)

    def _end(self, at: float, *, now: float, batch: bool) -> None:
        for line in self._lines(batch=batch):
            line.under_way.pop()
            line.end(at, forget=now - self._longest)
