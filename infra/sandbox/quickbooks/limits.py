"""QuickBooks' limits per company, and per company and app, as exact sliding windows (learn/limits-and-throttles)."""

from collections import Counter, deque
from dataclasses import dataclass

from infra.sandbox.quickbooks.switches import Switches

SECOND, MINUTE, DAY = 1.0, 60.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many calls of a kind in any window of so many seconds."""

    switch: str  # which switch says how many
    seconds: float
    per_app: bool
    operation: str | None = None  # None: every call


PER_SECOND = Limit("calls_per_second", SECOND, per_app=True)
MAILS = Limit("mails_per_day", DAY, per_app=False, operation="send")  # counts what was sent, not what was asked for
LIMITS = (
    Limit("calls_per_minute", MINUTE, per_app=False),
    Limit("app_calls_per_minute", MINUTE, per_app=True),
    PER_SECOND,
    Limit("batches_per_minute", MINUTE, per_app=False, operation="batch"),
    Limit("app_batches_per_minute", MINUTE, per_app=True, operation="batch"),
    MAILS,
)

Window = tuple[Limit, str, str | None]  # of a realm, and of an app where the limit is per app


class Limiter:
    """Counts the calls that were let in; a refused call occupies nothing."""

    def __init__(self) -> None:
        self._calls: dict[Window, deque[float]] = {}  # when each was let in, in seconds
        self._running: Counter[tuple[str, str]] = Counter()

    def admits(self, *, realm: str, app: str, operation: str, at: float, switches: Switches) -> bool:
        """Whether a call at `at` is within the limits; if so it is counted, and runs until `ended`."""
        if switches.limits == "on" and not self._fits(realm, app, operation, at, switches):
            return False
        self._running[realm, app] += 1
        return True

    def ended(self, *, realm: str, app: str) -> None:
        """A call that was let in runs no more."""
        self._running[realm, app] -= 1

    def mailed(self, *, realm: str, at: float) -> None:
        """A form was sent."""
        self._calls.setdefault((MAILS, realm, None), deque()).append(at)

    def _fits(self, realm: str, app: str, operation: str, at: float, switches: Switches) -> bool:
        concurrent = switches.rate_form == "concurrent"
        if concurrent and self._running[realm, app] >= switches.concurrent_calls:
            return False
        windows = []
        for limit in LIMITS:
            if limit.operation in (None, operation) and not (concurrent and limit is PER_SECOND):
                calls = self._calls.setdefault((limit, realm, app if limit.per_app else None), deque())
                while calls and calls[0] <= at - limit.seconds:
                    calls.popleft()
                if len(calls) >= getattr(switches, limit.switch):
                    return False
                windows.append((limit, calls))
        for limit, calls in windows:
            if limit is not MAILS:
                calls.append(at)
        return True
