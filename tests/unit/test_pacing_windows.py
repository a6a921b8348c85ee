"""The accounting of QuickBooks' limits: whatever the network does, the server never sees a call too many."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.quickbooks.windows import Limit, Limits, PastCall, Windows

TIMEOUT = 3.0
LIMITS = Limits(
    every_call=(Limit(calls=3, seconds=1.0), Limit(calls=7, seconds=6.0), Limit(calls=2, seconds=0.0)),
    batches=(Limit(calls=2, seconds=6.0),),
)


class Fate(StrEnum):
    ANSWERED = "answered"
    CUT = "cut"
    NEVER_LEFT = "never_left"


@dataclass(frozen=True)
class Planned:
    """A call as the network will treat it; all but `gap` are parts of the time-out."""

    gap: float
    travel: float
    over: float
    fate: Fate
    batch: bool


@dataclass(frozen=True)
class Seen:
    """What the server saw of it."""

    arrived: float
    ended: float
    batch: bool


part = st.floats(min_value=0.0, max_value=1.0)
planned_calls = st.lists(
    st.builds(
        Planned,
        gap=st.sampled_from([0.0, 0.0, 0.0, 0.05, 0.4, 1.0, 2.5]),
        travel=part,
        over=part,
        fate=st.sampled_from([Fate.ANSWERED, Fate.ANSWERED, Fate.ANSWERED, Fate.CUT, Fate.NEVER_LEFT]),
        batch=st.booleans(),
    ),
    max_size=40,
)


class World:
    """One company, a clock of its own, and a server that counts."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.now = 0.0
        self.seen: list[Seen] = []
        self._order = itertools.count()
        self._endings: list[tuple[float, int, Callable[[], None]]] = []

    def call(self, planned: Planned) -> None:
        self._pass_to(self.now + planned.gap)
        while (wait := self.windows.ready_in(self.now, batch=planned.batch)) != 0.0:
            assert wait is not None or self._endings, "it waits for an answer, and no call is under way"
            ends = self._endings[0][0] if self._endings else float("inf")
            self._pass_to(ends if wait is None else min(ends, self.now + wait))
        self._leave(planned)

    def _pass_to(self, moment: float) -> None:
        while self._endings and self._endings[0][0] <= moment:
            self.now, _, end = heapq.heappop(self._endings)
            end()
        self.now = max(self.now, moment)

    def _leave(self, planned: Planned) -> None:
        left, batch, windows = self.now, planned.batch, self.windows
        windows.begin(batch=batch)
        arrived = left + planned.travel * TIMEOUT
        over = left + planned.over * TIMEOUT
        match planned.fate:
            case Fate.ANSWERED:
                over = max(arrived, over)
                self.seen.append(Seen(arrived, over, batch))
                self._end(over, lambda: windows.answered(over, batch=batch))
            case Fate.CUT:  # we stop waiting at `over`; it may arrive before that or after, and be worked on to the end
                self.seen.append(Seen(arrived, left + TIMEOUT, batch))
                self._end(over, lambda: windows.unanswered(over, left=left, batch=batch))
            case Fate.NEVER_LEFT:
                self._end(over, lambda: windows.never_left(batch=batch))

    def _end(self, moment: float, end: Callable[[], None]) -> None:
        heapq.heappush(self._endings, (moment, next(self._order), end))


def too_many(moments: list[float], limit: Limit) -> bool:
    """Whether some window, ends included, holds more moments than the limit lets pass."""
    ordered = sorted(moments)
    return any(
        later - earlier <= limit.seconds for earlier, later in zip(ordered, ordered[limit.calls :], strict=False)
    )


def most_at_once(seen: list[Seen]) -> int:
    steps = sorted([(call.arrived, 1) for call in seen] + [(call.ended, -1) for call in seen])
    most = at_once = 0
    for _, step in steps:
        at_once += step
        most = max(most, at_once)
    return most


@settings(max_examples=400, deadline=None)
@given(calls=planned_calls, drift=st.floats(min_value=-0.0005, max_value=0.0005))
def test_no_window_of_the_server_ever_holds_a_call_too_many(calls: list[Planned], drift: float) -> None:
    """500/min, 10/s and 10 in flight hold for any latency, cut or refusal, by a clock that runs a little off."""
    world = World(Windows(LIMITS, timeout=TIMEOUT))

    for planned in calls:
        world.call(planned)

    arrivals = [call.arrived * (1 + drift) for call in world.seen]
    batches = [call.arrived * (1 + drift) for call in world.seen if call.batch]
    per_second, per_minute, in_flight = LIMITS.every_call
    assert not too_many(arrivals, per_second)
    assert not too_many(arrivals, per_minute)
    assert not too_many(batches, LIMITS.batches[0])
    assert most_at_once(world.seen) <= in_flight.calls


@given(calls=planned_calls, past=st.lists(st.tuples(part, st.booleans(), st.booleans()), max_size=10))
def test_a_rebuilt_company_counts_what_the_former_owner_called(
    calls: list[Planned], past: list[tuple[float, bool, bool]]
) -> None:
    """Pacing is rebuilt when the owner changes: the calls of both together stay within the limits."""
    before = World(Windows(LIMITS, timeout=TIMEOUT))
    for travel, cut, batch in past:
        before.call(Planned(0.0, travel, travel, Fate.CUT if cut else Fate.ANSWERED, batch))
    rows = [
        PastCall(
            left_ago=before.now - call.ended + (TIMEOUT if cut else 0.0),
            answered_ago=None if cut else before.now - call.ended,
            batch=call.batch,
        )
        for call, (_, cut, _) in zip(before.seen, past, strict=True)
    ]
    after = World(Windows(LIMITS, timeout=TIMEOUT))
    after.now = before.now
    after.windows.rebuild(after.now, rows)

    for planned in calls:
        after.call(planned)

    arrivals = [call.arrived for call in (*before.seen, *after.seen)]
    assert not too_many(arrivals, LIMITS.every_call[0])
    assert not too_many(arrivals, LIMITS.every_call[1])


def test_a_rebuild_counts_stored_calls_once_and_keeps_those_under_way() -> None:
    """A tenant that comes back to its worker: what ended is in the store, what is under way only here."""
    windows = Windows(Limits(every_call=(Limit(calls=4, seconds=60.0),)), timeout=120.0)
    windows.begin()
    windows.begin()
    windows.begin()
    windows.answered(0.0)

    windows.rebuild(0.0, [PastCall(left_ago=0.0, answered_ago=0.0)])

    assert windows.ready_in(0.0) == 0.0
    windows.begin()
    assert windows.ready_in(0.0) == pytest.approx(60.0, abs=0.2)


def test_what_is_answered_at_once_uses_the_whole_limit() -> None:
    """An idle company lets ten calls go at once and the eleventh a second later: caution costs no throughput."""
    windows = Windows(Limits(), timeout=120.0)
    for _ in range(10):
        assert windows.ready_in(0.0) == 0.0
        windows.begin()
        windows.answered(0.0)

    assert windows.ready_in(0.0) == pytest.approx(1.0, abs=0.01)
    assert windows.ready_in(1.01) == 0.0


def test_only_an_answer_makes_room_while_all_room_is_under_way() -> None:
    """Ten in flight: how long the next waits is not known before one of them ends."""
    windows = Windows(Limits(every_call=(Limit(calls=2, seconds=0.0),)), timeout=120.0)
    windows.begin()
    windows.begin()

    assert windows.ready_in(5.0) is None
    windows.answered(6.0)
    assert windows.ready_in(6.0) == 0.0


def test_a_cut_call_is_counted_until_its_time_out_and_a_window_more() -> None:
    """Unanswered: QuickBooks may be at work on it for the whole time-out, and count it at the end of that."""
    windows = Windows(Limits(every_call=(Limit(calls=1, seconds=1.0),)), timeout=120.0)
    windows.begin()
    windows.unanswered(2.0, left=0.0)

    assert windows.ready_in(2.0) == pytest.approx(119.0, abs=0.01)


def test_a_call_that_never_left_leaves_its_room() -> None:
    """A refused connection costs nothing of the budget."""
    windows = Windows(Limits(every_call=(Limit(calls=1, seconds=60.0),)), timeout=120.0)
    windows.begin()
    windows.never_left()

    assert windows.ready_in(0.0) == 0.0


def test_batches_have_a_limit_of_their_own_besides() -> None:
    """40 batches a minute: a company that may send no more batches may still send single calls."""
    windows = Windows(Limits(batches=(Limit(calls=1, seconds=60.0),)), timeout=120.0)
    windows.begin(batch=True)
    windows.answered(0.0, batch=True)

    assert windows.ready_in(0.0, batch=True) == pytest.approx(60.0, abs=0.1)
    assert windows.ready_in(0.0) == 0.0


def test_old_calls_are_forgotten() -> None:
    """A worker that runs for months keeps a minute of calls, not all of them."""
    windows = Windows(Limits(), timeout=120.0)
    for second in range(5000):
        windows.begin()
        windows.answered(float(second))

    assert len(windows._every_call.ends) <= 62


@pytest.mark.parametrize(("calls", "seconds"), [(0, 1.0), (1, -1.0)])
def test_a_limit_that_lets_nothing_pass_is_refused(calls: int, seconds: float) -> None:
    """Settings that would stop a worker for ever are told at its start."""
    with pytest.raises(ValueError, match="at least one call"):
        Limit(calls=calls, seconds=seconds)
