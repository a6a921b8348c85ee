"""A wire on which writes come to grief, each thing's in its own way, and a worker that dies at exact moments."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any

from consumers.attempts import Attempt, Lease
from infra.quickbooks.transport import NoReply, Reply, Request, Transport
from schemas import exact

AT_WORK = 115  # seconds: QuickBooks may be at work on a call for 120, whatever became of our connection


class Grief(Enum):
    """What happens to one write."""

    LOST = auto()
    """It is executed, and its answer is lost."""
    CUT = auto()
    """It never arrives, and nobody is told."""
    LATE = auto()
    """It is still under way when we stop waiting for its answer, and is executed when `Trouble.arrive` says so."""
    UNAVAILABLE = auto()
    """A 503 comes instead of an answer, and nothing was executed."""
    EXECUTED_503 = auto()
    """A 503 comes instead of an answer, though it was executed."""


class Moment(Enum):
    """Where a worker dies."""

    REMEMBERING = auto()
    REMEMBERED = auto()
    SENT = auto()
    CLOSED = auto()
    """Inside of settling: nothing of it is stored."""
    SETTLED = auto()
    REFRESHED = auto()
    """Intuit has given new tokens, which are not stored yet."""


OF_A_CALL = tuple(moment for moment in Moment if moment is not Moment.REFRESHED)


class Died(ConnectionResetError):  # noqa: N818 - the name says what happened
    """The process is gone: for all that it does from here on, it might as well have lost its database."""


@dataclass
class Trouble:
    """`line(…, wrap=trouble.wrap)`. `of`: by a thing's name or number, or "customer 12", what its next writes meet."""

    of: dict[str, list[Grief]] = field(default_factory=dict)
    death: Moment | None = None
    _under_way: list[Request] = field(default_factory=list)
    _real: Transport | None = None

    def wrap(self, name: str, real: Any) -> Any:  # noqa: ANN401 - any port
        if name == "books":
            return _MortalBooks(real, self)
        if name == "transport":
            self._real = real
            return self
        return real

    def meets(self, *griefs: Grief, thing: str) -> None:
        """The next writes of that thing meet these, one after the other."""
        self.of[thing] = list(griefs)

    def dies(self, moment: Moment) -> None:
        """Die if this is the moment to. Once."""
        if self.death is moment:
            self.death = None
            raise Died

    async def arrive(self) -> None:
        """All that was late is executed now; nobody hears the answers."""
        assert self._real is not None
        for request in self._under_way:
            await self._real.send(replace(request, may_leave=lambda: True), timeout=10)
        self._under_way.clear()

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109 - as the transport's
        assert self._real is not None
        match self._next(request):
            case Grief.CUT:
                raise NoReply("it never arrived (in a test)")
            case Grief.LATE:
                self._under_way.append(request)
                raise NoReply("no answer in time (in a test)")
            case Grief.UNAVAILABLE:
                return Reply(status=503, headers={}, body=b"")
            case Grief.LOST:
                await self._real.send(request, timeout=timeout)
                raise NoReply("the answer was lost (in a test)")
            case Grief.EXECUTED_503:
                await self._real.send(request, timeout=timeout)
                return Reply(status=503, headers={}, body=b"")
        reply = await self._real.send(request, timeout=timeout)
        if _names(request):
            self.dies(Moment.SENT)
        elif not _to_a_company(request):
            self.dies(Moment.REFRESHED)
        return reply

    def _next(self, request: Request) -> Grief | None:
        left = next((self.of[name] for name in _names(request) if self.of.get(name)), None)
        return left.pop(0) if left else None


def _to_a_company(request: Request) -> bool:
    return "/v3/company/" in request.url


def _names(request: Request) -> list[str]:
    if request.body is None or not _to_a_company(request) or "/query" in request.url:
        return []
    body = exact.loads(request.body)
    entity = request.url.rpartition("/")[2].partition("?")[0]
    names = [str(body[name]) for name in ("DisplayName", "DocNumber", "Name") if name in body]
    return [f"{entity} {body['Id']}", *names] if "Id" in body else names


@dataclass
class _Mortal:
    real: Any
    trouble: Trouble

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real one has
        return getattr(self.real, name)


class _MortalBooks(_Mortal):
    async def remember(self, attempt: Attempt, *, next_step_in: float) -> None:
        self.trouble.dies(Moment.REMEMBERING)
        await self.real.remember(attempt, next_step_in=next_step_in)
        self.trouble.dies(Moment.REMEMBERED)

    @asynccontextmanager
    async def settling(self, lease: Lease) -> AsyncIterator[Any]:
        async with self.real.settling(lease) as books:
            yield _MortalTransaction(books, self.trouble)
        self.trouble.dies(Moment.SETTLED)


class _MortalTransaction(_Mortal):
    async def close(self, *args: Any) -> bool:  # noqa: ANN401 - as the real one's
        closed: bool = await self.real.close(*args)
        self.trouble.dies(Moment.CLOSED)
        return closed
