"""`python -m tests.acceptance.doomed NAME`: a worker that dies by SIGKILL at one exact effect, or whose fold fails.

The product has no code for tests: its bootstrap takes wrapped ports, and this main wraps them. By environment:

    DOOM_EFFECT   folded, remembered, sent, answered, settled, published, marked, polled: the effect to die at
    DOOM_MOMENT   before or after it; "at work" (sent): while QuickBooks is at work on the call
    DOOM_COUNT    at the so manieth time (1)
    DOOM_SIGNAL   the signal (KILL); STOP makes a zombie, to be woken with SIGCONT
    DOOM_RATE     instead: the share of folds of one event that fail with an error, at random
    DOOM_MAPPING  instead: "memo" maps an invoice's message wrongly, as a klipsync with a mistake would
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from consumers import wanted
from infra.cli.worker import run
from infra.quickbooks.transport import Reply, Request
from infra.settings import Settings
from mapping.difference import Fields
from mapping.invoices import invoice_fields

WRITTEN = 0.05
"""Seconds after which a request has left this process."""


class Doom:
    """Counts how often the effect happens, and ends the process at its moment."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.effect = environment.get("DOOM_EFFECT", "")
        self.moment = environment.get("DOOM_MOMENT", "")
        self.rate = float(environment.get("DOOM_RATE", "0"))
        self.dice = Random(environment.get("DOOM_SEED", "1"))
        self._left = int(environment.get("DOOM_COUNT", "1"))
        self._signal = signal.Signals[f"SIG{environment.get('DOOM_SIGNAL', 'KILL')}"]

    def comes(self, effect: str) -> bool:
        """Whether this is the time; asked once for each time that the effect happens."""
        if effect != self.effect:
            return False
        self._left -= 1
        return self._left == 0

    def strike(self) -> None:
        """End here, at once."""
        os.kill(os.getpid(), self._signal)

    async def around(self, effect: str, act: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401
        """Do it, unless we die right before or right after."""
        now = self.comes(effect)
        if now and self.moment == "before":
            self.strike()
        found = await act()
        if now and self.moment == "after":
            self.strike()
        return found


class Port:
    """A port as it is, but for what a subclass changes."""

    def __init__(self, real: Any, doom: Doom) -> None:  # noqa: ANN401
        self.real = real
        self.doom = doom

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.real, name)


class DoomedTransport(Port):
    """The wire to QuickBooks."""

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109 - the port's word
        writes = request.method == "POST" and "/v3/company/" in request.url and "/query" not in request.url
        if not writes:
            return await self._real(request, timeout)
        now = self.doom.comes("sent")
        if now and self.doom.moment == "before":
            self.doom.strike()
        reply = asyncio.ensure_future(self._real(request, timeout))
        if now and self.doom.moment in {"after", "at work"}:
            # The bytes are out; nobody here will ever see the answer.
            await asyncio.sleep(WRITTEN)
            self.doom.strike()
        answered = await reply
        if self.doom.comes("answered"):
            self.doom.strike()
        return answered

    async def _real(self, request: Request, timeout: float) -> Reply:  # noqa: ASYNC109
        reply: Reply = await self.real.send(request, timeout=timeout)
        return reply


class DoomedIntake(Port):
    """The fold's transaction."""

    @asynccontextmanager
    async def intaking(self) -> AsyncIterator[Any]:
        async with self.real.intaking() as transaction:
            folding = Folding(transaction, self.doom)
            yield folding
            now = folding.stored and self.doom.comes("folded")
            if now and self.doom.moment == "before":
                self.doom.strike()
        if now and self.doom.moment == "after":
            self.doom.strike()


class Folding(Port):
    """Knows whether anything was stored, and fails now and then where so asked."""

    stored = False

    async def store(self, records: Any, *, items: Any) -> None:  # noqa: ANN401
        if any(self.doom.dice.random() < self.doom.rate for _ in records):
            sys.stderr.write("a fold fails on purpose\n")
            raise ZeroDivisionError
        await self.real.store(records, items=items)
        self.stored = True


class DoomedBooks(Port):
    """Attempts are remembered and settled here."""

    async def remember(self, attempt: Any, *, next_step_in: float) -> None:  # noqa: ANN401
        await self.doom.around("remembered", lambda: self.real.remember(attempt, next_step_in=next_step_in))

    @asynccontextmanager
    async def settling(self, lease: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        async with self.real.settling(lease) as transaction:
            settling = Settling(transaction, self.doom)
            yield settling
            now = settling.closed and self.doom.comes("settled")
            if now and self.doom.moment == "before":
                self.doom.strike()
        if now and self.doom.moment == "after":
            self.doom.strike()


class Settling(Port):
    """Knows whether an attempt was closed."""

    closed = False

    async def close(self, attempt: Any, closed: Any) -> bool:  # noqa: ANN401
        self.closed = True
        ended: bool = await self.real.close(attempt, closed)
        return ended


class DoomedKafka(Port):
    """The relay's producer."""

    async def send(self, messages: Any) -> None:  # noqa: ANN401
        await self.doom.around("published", lambda: self.real.send(messages))


class DoomedOutbox(Port):
    """The outbox, where what was published is marked."""

    async def mark_sent(self, ids: Any) -> None:  # noqa: ANN401
        await self.doom.around("marked", lambda: self.real.mark_sent(ids))


class DoomedReturns(Port):
    """The way back: a poll with payments in it is stored, and the cursor moves."""

    async def store(self, *, changes: Any, **rest: Any) -> Any:  # noqa: ANN401
        async def act() -> Any:  # noqa: ANN401
            return await self.real.store(changes=changes, **rest)

        return await (self.doom.around("polled", act) if changes.live("Payment") else act())


def wrong_memo(**parts: Any) -> Fields:  # noqa: ANN401
    """An invoice's fields with a mistake in the message."""
    fields = invoice_fields(**parts)
    memo = fields.get("CustomerMemo")
    return fields if memo is None else {**fields, "CustomerMemo": {"value": f"{memo['value']}!!"}}


WRAPS: dict[str, type[Port]] = {
    "transport": DoomedTransport,
    "intake_store": DoomedIntake,
    "books": DoomedBooks,
    "kafka": DoomedKafka,
    "outbox": DoomedOutbox,
    "return_store": DoomedReturns,
}


def main() -> None:
    """Run the worker."""
    doom = Doom(dict(os.environ))
    if os.environ.get("DOOM_MAPPING") == "memo":
        wanted.invoice_fields = wrong_memo  # type: ignore[attr-defined]

    def wrap(name: str, real: Any) -> Any:  # noqa: ANN401
        return WRAPS[name](real, doom) if name in WRAPS else real

    asyncio.run(run(Settings(worker_name=sys.argv[1]), wrap=wrap))


if __name__ == "__main__":
    main()
