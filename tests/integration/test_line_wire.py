"""The last moment before a call is on the wire: whoever slept until now sends nothing."""

from dataclasses import dataclass, field, replace

import pytest

from infra.clock import ManualClock, SystemClock
from infra.quickbooks.transport import HttpTransport, NotSent, Reply, Request, Transport
from infra.sandbox.quickbooks.server import serve
from infra.sandbox.quickbooks.switches import Switches
from schemas.quickbooks.answers import Accepted, NeverLeft
from tests.contract.quickbooks_wire import REALM, TENANT, http, world


@pytest.mark.parametrize("kept_alive", [False, True])
async def test_what_may_no_longer_leave_stays_here(*, kept_alive: bool) -> None:
    """It is asked with the connection in hand, new or kept alive, before the first byte is written."""
    running = await serve(clock=SystemClock(), switches=Switches())
    request = Request(method="POST", url=f"{running.base_url}/v3/company/1/invoice", body=b"{}")
    async with HttpTransport() as transport:
        for _ in range(int(kept_alive)):
            await transport.send(request, timeout=120)

        with pytest.raises(NotSent):
            await transport.send(replace(request, may_leave=lambda: False), timeout=120)

        await transport.send(request, timeout=120)
    seen = len(list(running.sandbox.journal.after(0)))
    await running.close()

    assert seen == 1 + int(kept_alive)


@dataclass
class Asleep:
    """The process is suspended for so long once a call has been allowed to leave, and before it has a connection."""

    inner: Transport
    clock: ManualClock
    seconds: list[float] = field(default_factory=list)

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109 - the port's word
        self.clock.advance(self.seconds.pop(0))
        return await self.inner.send(request, timeout=timeout)


@pytest.mark.parametrize(("asleep", "asked", "sent"), [(0.2, 1, 1), (0.3, 2, 0)])
async def test_an_owner_that_was_suspended_asks_again_before_it_sends(asleep: float, asked: int, sent: int) -> None:
    """R-40: it was allowed to send, slept, and wakes when its lease is another's: asked again, the answer is no."""
    answers = [True, False]
    async with world(http(200, '{"Invoice": {"Id": "1"}}')) as at:
        at.client._transport = Asleep(at.client._transport, at.clock, [asleep, 0.0])

        async def leave() -> bool:
            return answers.pop(0)

        answer = await at.client.write(
            tenant=TENANT, realm=REALM, path="/invoice", query={}, body=b"{}", fence=1, leave=leave
        )

        assert len(answers) == 2 - asked
        assert len(at.wire.requests) == sent
        assert isinstance(answer, Accepted if sent else NeverLeft)
