"""QuickBooks' limits per company, as exact sliding windows (Intuit: learn/limits-and-throttles)."""

from collections import deque

from infra.sandbox.quickbooks.switches import Switches

MINUTE = 60.0
SECOND = 1.0


class Limiter:
    """Counts the calls a company was allowed; a refused call occupies nothing."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[float]] = {}

    def admits(self, *, realm: str, at: float, switches: Switches) -> bool:
        """Whether a call at `at` (seconds) is within the limits; if so it is counted."""
        if switches.limits == "off":
            return True
        calls = self._calls.setdefault(realm, deque())
        while calls and calls[0] <= at - MINUTE:
            calls.popleft()
        if len(calls) >= switches.calls_per_minute:
            return False
        last = switches.calls_per_second
        if len(calls) >= last and calls[-last] > at - SECOND:
            return False
        calls.append(at)
        return True
