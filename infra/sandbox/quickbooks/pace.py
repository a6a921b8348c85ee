"""How long one call takes: waits before and after it is executed, up to the moment when QuickBooks cuts it off."""

from infra.sandbox.quickbooks.fault_rules import FaultRule
from infra.sandbox.quickbooks.moved_clock import MovedClock


class CutOff(Exception):  # noqa: N818 - what happens to a call, not an error of the sandbox
    """The call took longer than QuickBooks allows: its connection is closed. What was executed by then, is."""


class Pace:
    """The time of one call, in real seconds: a client must feel it whatever the sandbox's clock shows."""

    def __init__(self, clock: MovedClock, rule: FaultRule | None, *, longest: float) -> None:
        self._clock = clock
        self._left = longest
        self._before = rule.seconds if rule is not None and rule.kind == "delay" else 0.0
        self._after = rule.seconds if rule is not None and rule.kind == "delay_after" else 0.0

    async def before(self) -> None:
        """Until it is executed. Raises CutOff."""
        await self.rest(self._before)

    async def after(self) -> None:
        """Until its answer goes out. Raises CutOff."""
        await self.rest(self._after)

    async def rest(self, seconds: float) -> None:
        """So long, or until the call is cut off, which raises CutOff."""
        if seconds <= 0:
            return
        if seconds >= self._left:
            await self._clock.rest(self._left)
            raise CutOff
        self._left -= seconds
        await self._clock.rest(seconds)
