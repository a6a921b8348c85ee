"""When a record that failed is tried again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from consumers.patience import Patience, next_try
from mapping.outcomes import Outcome, OutcomeKind

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATIENCE = Patience()
DAY = timedelta(hours=24)


@given(tries=st.integers(1, 2000), jitter=st.floats(0, 1), passed=st.timedeltas(timedelta(0), DAY * 3))
def test_a_try_comes_between_half_a_minute_and_an_hour_or_never_after_a_day(
    tries: int, jitter: float, passed: timedelta
) -> None:
    """Twice as long each time, an hour at most, spread over the upper half; given up a day after the first failure."""
    again = next_try(patience=PATIENCE, tries=tries, first_failed_at=NOW - passed, now=NOW, jitter=jitter)

    longest = min(timedelta(seconds=30) * 2 ** min(tries - 1, 20), timedelta(hours=1))
    assert (again is None) == (passed >= DAY)
    assert again is None or longest / 2 <= again - NOW <= longest


@given(tries=st.integers(1, 2000), jitter=st.floats(0, 1))
def test_a_later_try_is_never_sooner(tries: int, jitter: float) -> None:
    """However often it failed, with the same jitter."""
    waits = [
        next_try(patience=PATIENCE, tries=number, first_failed_at=NOW, now=NOW, jitter=jitter)
        for number in (tries, tries + 1)
    ]

    assert waits[0] is not None
    assert waits[1] is not None
    assert waits[0] <= waits[1]


def test_quickbooks_own_trouble_passes_sooner_than_a_limit() -> None:
    """A minute where we were throttled or disconnected, half of that where QuickBooks is away for everybody."""
    throttled = Outcome(kind=OutcomeKind.PAUSE)
    unauthorised = Outcome(kind=OutcomeKind.REAUTHORISE)
    away = Outcome(kind=OutcomeKind.PAUSE, everybody=True)

    assert [PATIENCE.pause_after(one) for one in (throttled, unauthorised, away)] == [60.0, 60.0, 30.0]
