"""How long a record is tried again, and when it is given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mapping.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The waits between tries; every one is a setting."""

    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(hours=1)
    give_up: timedelta = timedelta(hours=24)
    quickbooks_lag: timedelta = timedelta(seconds=60)
    """What a lookup may miss: everything that QuickBooks has done in so long a time."""
    repeat_after: timedelta = timedelta(seconds=185)
    """From then on a lookup decides: whatever left before is done, and shown."""
    give_up_open_after: timedelta = timedelta(minutes=10)
    throttle_pause: timedelta = timedelta(seconds=60)
    outage_pause: timedelta = timedelta(seconds=30)

    def pause_after(self, outcome: Outcome) -> float:
        """Seconds until a tenant is tried again: QuickBooks' own trouble passes sooner than its limits or a consent."""
        throttled = outcome.pauses and not outcome.everybody
        return (self.throttle_pause if throttled else self.outage_pause).total_seconds()


def next_try(
    *, patience: Patience, tries: int, first_failed_at: datetime, now: datetime, jitter: float
) -> datetime | None:
    """When a record that failed `tries` times is due again; None when it has been given up.

    Exponential, with `jitter` (0 to 1) spreading each wait over its upper half, so that many do not return at once.
    """
    if now - first_failed_at >= patience.give_up:
        return None
    wait = min(patience.first * 2.0 ** min(tries - 1, 30), patience.longest)
    return now + wait * (0.5 + jitter / 2)
