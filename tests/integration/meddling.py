"""Somebody who acts at one exact moment: just before a request leaves, or while there is no connection at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from consumers.attempts import Lease
from infra.quickbooks.transport import NotSent, Reply, Request, Transport
from schemas import exact
from tests.integration.line import Line

LOOK_AGAIN = 186  # seconds: a call without an answer is looked into after 185
SHOWN_AFTER = 61  # seconds: what was done in QuickBooks may show only after 60

Act = Callable[[Request], Awaitable[None]]


@dataclass
class Meddler:
    """Stands where the transport does: `line(…, wrap=meddler.wrap)`."""

    cut_off: bool = False
    """No connection: nothing leaves."""
    answers: dict[str, Reply] = field(default_factory=dict)
    """What requests with this in their method and address are answered; they go no further."""
    _real: Transport | None = None
    _acts: list[tuple[str, Act]] = field(default_factory=list)

    def wrap(self, name: str, real: Any) -> Any:  # noqa: ANN401 - any port
        if name != "transport":
            return real
        self._real = real
        return self

    def before(self, part: str, act: Act) -> None:
        """Act once, just before the next request with `part` in its method and address leaves."""
        self._acts.append((part, act))

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109 - as the transport's
        assert self._real is not None
        if self.cut_off and "/v3/company/" in request.url:
            raise NotSent("no connection to localhost (in a test)")
        asked = f"{request.method} {request.url}"
        for number, (part, act) in enumerate(self._acts):
            if part in asked:
                del self._acts[number]
                await act(request)
                break
        told = next((reply for part, reply in self.answers.items() if part in asked), None)
        return told or await self._real.send(request, timeout=timeout)


@dataclass
class Stumbler:
    """Loses the database in the middle of settling, right after a step of it: `line(…, wrap=stumbler.wrap)`."""

    after: str | None = None
    """The method of `consumers.books.Settling` that is the last to be done; None: all of them are."""

    def wrap(self, name: str, real: Any) -> Any:  # noqa: ANN401 - any port
        return _StumblingBooks(real, self) if name == "books" else real


@dataclass
class _StumblingBooks:
    real: Any
    stumbler: Stumbler

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real ones have
        return getattr(self.real, name)

    @asynccontextmanager
    async def settling(self, lease: Lease) -> AsyncIterator[Any]:
        async with self.real.settling(lease) as books:
            yield _StumblingTransaction(books, self.stumbler)


@dataclass
class _StumblingTransaction:
    real: Any
    stumbler: Stumbler

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real one has
        method = getattr(self.real, name)

        async def step(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the method's
            found = await method(*args, **named)
            if name == self.stumbler.after:
                raise ConnectionResetError("the database is gone (in a test)")
            return found

        return step


async def no_connection(_: Request) -> None:
    """An act: this one does not leave."""
    raise NotSent("no connection (in a test)")


def a_fault(code: str) -> str:
    """The body of a fault."""
    error = {"Message": "Some text", "Detail": "Its detail", "code": code}
    return exact.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}})


async def look_again(here: Line, *, seconds: float = LOOK_AGAIN) -> None:
    """So much time passes; then turns until nothing changes."""
    await here.pass_time(seconds=seconds)
    await here.turns()


async def executed_late(here: Line, entity: str) -> None:
    """QuickBooks has finished what it was still at work on: there is an object of that entity."""
    while not here.books(entity):  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.05)


async def attempts(here: Line, id_: str) -> list[tuple[Any, ...]]:
    """(operation, outcome, repeats) of a record's attempts, oldest first."""
    statement = "SELECT operation, outcome, repeats FROM attempt WHERE klipboard_id = :id ORDER BY first_sent_at"
    return await here.rows(statement, id=id_)


async def how(here: Line, subject: str) -> tuple[str, str | None]:
    """A record's state and its cause."""
    record = await here.record(subject)
    return record["state"], record["cause"]


async def a_lost_invoice(here: Line) -> dict[str, Any]:
    """An invoice that QuickBooks has, though its answer was lost."""
    await here.client()
    await here.turns()
    here.break_calls("lose_answer", entity="invoice", method="POST", count=1)
    await here.invoice()
    await here.turns()
    return here.one("Invoice")


async def a_lost_client(here: Line, **content: Any) -> dict[str, Any]:  # noqa: ANN401
    """A client that QuickBooks has, though its answer was lost."""
    here.break_calls("lose_answer", entity="customer", method="POST", count=1)
    await here.client(**content)
    await here.turns()
    return here.one("Customer")
