"""When a body that was not taken is sent again. Intuit's published policies, as a table."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Policy = Literal["new", "immediate", "old"]

TAKEN = 200  # nothing else counts as taken
_MINUTE, _HOUR = 60.0, 3600.0
_NEW = (10.0, 20.0, 30.0, 5 * _MINUTE, 20 * _MINUTE, 2 * _HOUR, 4 * _HOUR, 6 * _HOUR)


@dataclass(frozen=True, slots=True)
class Retries:
    """`waits` are seconds from one attempt to the next."""

    waits: tuple[float, ...]
    afterwards: float | None  # each wait after those; None: the body is dropped
    statuses: frozenset[int] | None  # only these, and silence, are worth another attempt; None: whatever is not taken
    patience: timedelta | None  # after so long without a body taken the endpoint is off; None: never


POLICIES: dict[Policy, Retries] = {
    "new": Retries(waits=_NEW, afterwards=6 * _HOUR, statuses=None, patience=None),
    # One announcement of the new schedule begins with an immediate attempt.
    "immediate": Retries(waits=(0.0, *_NEW), afterwards=6 * _HOUR, statuses=None, patience=None),
    "old": Retries(
        waits=(20 * _MINUTE, 30 * _MINUTE, 50 * _MINUTE),
        afterwards=None,
        statuses=frozenset({408, 500, 502, 503, 504}),
        patience=timedelta(days=1),
    ),
}


def wait_after(policy: Policy, *, failures: int, status: int | None) -> float | None:
    """Seconds until the next attempt, after so many that failed (at least 1); None when the body is dropped.

    `status` is what was answered last, None for no answer in time or no connection.
    """
    retries = POLICIES[policy]
    if status is not None and retries.statuses is not None and status not in retries.statuses:
        return None
    return retries.waits[failures - 1] if failures <= len(retries.waits) else retries.afterwards


def is_off(policy: Policy, *, failing_for: timedelta) -> bool:
    """Whether an endpoint that has taken nothing for so long is given up."""
    patience = POLICIES[policy].patience
    return patience is not None and failing_for >= patience
