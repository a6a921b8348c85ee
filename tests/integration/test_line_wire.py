"""The last moment before a request is on the wire: whoever slept until now sends nothing."""

from datetime import UTC, datetime

import pytest

from infra.clock import ManualClock, SystemClock
from infra.quickbooks.transport import HttpTransport, NotSent, Request
from infra.sandbox.quickbooks.server import serve
from infra.sandbox.quickbooks.switches import Switches


class Asleep(ManualClock):
    """A clock of a process that is suspended between asking for a connection and having it."""

    def __init__(self, *, seconds: float) -> None:
        super().__init__(datetime(2026, 3, 2, tzinfo=UTC))
        self.asleep = seconds

    def boottime(self) -> float:
        now = super().boottime()
        self.advance(self.asleep)
        return now


@pytest.mark.parametrize("kept_alive", [False, True])
async def test_what_slept_before_it_left_does_not_leave(*, kept_alive: bool) -> None:
    """R-40: a suspended owner that was about to send wakes with its lease long gone: with a connection, new or kept."""
    running = await serve(clock=SystemClock(), switches=Switches())
    request = Request(method="POST", url=f"{running.base_url}/v3/company/1/invoice", body=b"{}")
    clock = Asleep(seconds=0.0)
    async with HttpTransport(clock=clock) as transport:
        if kept_alive:
            await transport.send(request, timeout=120)
        clock.asleep = 6.0

        with pytest.raises(NotSent):
            await transport.send(request, timeout=120)

        clock.asleep = 4.0
        await transport.send(request, timeout=120)
    seen = len(list(running.sandbox.journal.after(0)))
    await running.close()

    assert seen == (2 if kept_alive else 1)
