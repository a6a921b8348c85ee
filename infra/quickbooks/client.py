"""The QuickBooks client: rings around one transport. Pace, then a token, then leave, then send; an answer, never an
exception, says what came of it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from consumers.records import RealmId
from infra.clock import Clock
from infra.quickbooks import queries
from infra.quickbooks.addresses import QuickBooksAddresses
from infra.quickbooks.answers_reader import read_answer
from infra.quickbooks.errors import Disconnected, TokenTrouble
from infra.quickbooks.pacing import Pace, Slot
from infra.quickbooks.queries import Operation
from infra.quickbooks.transport import CONNECT_SECONDS, NoReply, NotSent, Request, Transport
from infra.quickbooks.windows import PastCall
from schemas.kinds import TenantId
from schemas.quickbooks.answers import Accepted, Answer, Faulted, FaultError, NeverLeft, Unanswered

UNAUTHORIZED = 401
TRIES = 3  # of what never left; then the record or the tenant waits its longer wait
FIRST_WAIT, LONGEST_WAIT = 0.2, 2.0  # seconds between them

Leave = Callable[[], Awaitable[bool]]


class AccessTokens(Protocol):
    """What the client asks of the keeper of tokens."""

    async def access_token(self, tenant: TenantId, *, not_this: str | None = None) -> str:
        """A token other than `not_this`. Raises `TokenTrouble`."""


class NotedCalls(Protocol):
    """What the client asks of the store of calls."""

    async def note_read(self, *, tenant: TenantId, realm: RealmId, path: str, fence: int) -> str | None:
        """Before a read leaves; its id, or None where somebody else owns the tenant: then it must not leave."""

    async def read_answered(self, ids: Sequence[str]) -> None:
        """After it."""

    async def recent(self, realm: RealmId, *, seconds: float) -> Sequence[PastCall]:
        """Every call of a company, of whichever worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    tenant: TenantId
    realm: RealmId
    operation: Operation
    fence: int
    leave: Leave


class _Held(Exception):  # noqa: N818
    """`leave` said no."""


class QuickBooksClient:
    """One per worker. `timeout`: seconds, as long as QuickBooks may be at work on a call."""

    def __init__(
        self,
        *,
        addresses: QuickBooksAddresses,
        transport: Transport,
        tokens: AccessTokens,
        calls: NotedCalls,
        pace: Pace,
        clock: Clock,
        worker: str,
        timeout: float = 120.0,
    ) -> None:
        self._api = addresses.api
        self._transport = transport
        self._tokens = tokens
        self._calls = calls
        self._pace = pace
        self._clock = clock
        self._worker = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in worker)
        self._timeout = timeout

    async def write(
        self,
        *,
        tenant: TenantId,
        realm: RealmId,
        path: str,
        query: Mapping[str, str],
        body: bytes,
        fence: int,
        leave: Leave,
    ) -> Answer:
        """Post `body` as it is to `path` ("/invoice"); `query` carries the request id.

        `leave` is awaited right before every sending, the first and each repeat of what was not executed (a 401, no
        connection): it stores the attempt and checks the lease. When it says no nothing is sent: `NeverLeft`.
        """
        operation = Operation(method="POST", path=path, query=query, body=body)
        return await self._call(_Call(tenant=tenant, realm=realm, operation=operation, fence=fence, leave=leave))

    async def query(self, *, tenant: TenantId, realm: RealmId, statement: str, fence: int) -> Answer:
        """Run one statement of QuickBooks' query language."""
        return await self._read(tenant, realm, queries.statement(statement), fence)

    async def read(self, *, tenant: TenantId, realm: RealmId, type: str, id: str, fence: int) -> Answer:  # noqa: A002
        """Read one object; `Accepted.body` holds it under its type."""
        return await self._read(tenant, realm, queries.one(type=type, id=id), fence)

    async def changes(
        self, *, tenant: TenantId, realm: RealmId, types: Sequence[str], since: datetime, fence: int
    ) -> Answer:
        """The change feed; `Accepted.body` is the whole answer with the server's `time`."""
        return await self._read(tenant, realm, queries.changes(types=types, since=since), fence)

    async def rebuild_pace(self, realm: RealmId) -> None:
        """Count what former owners called: to be awaited between claiming a tenant and its first call."""
        self._pace.rebuild(realm, await self._calls.recent(realm, seconds=self._pace.reach))

    async def _read(self, tenant: TenantId, realm: RealmId, operation: Operation, fence: int) -> Answer:
        noted: list[str] = []

        async def note() -> bool:
            id_ = await self._calls.note_read(tenant=tenant, realm=realm, path=operation.path, fence=fence)
            noted.extend([id_] if id_ is not None else [])
            return id_ is not None

        call = _Call(tenant=tenant, realm=realm, operation=operation, fence=fence, leave=note)
        answer = await self._call(call)
        # A crash before this leaves the read unanswered: a new owner then counts it for longer, never for less.
        if noted and isinstance(answer, Accepted | Faulted):
            await self._calls.read_answered(noted)
        return answer

    async def _call(self, call: _Call) -> Answer:
        try:
            return await self._authorised(call)
        except Disconnected as error:  # answered as the gateway would: it would let nothing through
            return Faulted(status=UNAUTHORIZED, errors=(FaultError(code="3200", message=str(error)),), gateway=True)
        except TokenTrouble as error:
            return NeverLeft(reason=str(error))

    async def _authorised(self, call: _Call) -> Answer:
        """The ring of tokens: what the gateway refused with a 401 did not execute, and goes once more."""
        token = await self._tokens.access_token(call.tenant)
        answer = await self._paced(call, token)
        if isinstance(answer, Faulted) and answer.status == UNAUTHORIZED:
            token = await self._tokens.access_token(call.tenant, not_this=token)
            answer = await self._paced(call, token)
        return answer

    async def _paced(self, call: _Call, token: str) -> Answer:
        """The ring of pacing; inside it what never left is tried again for a moment."""
        repeating = AsyncRetrying(
            retry=retry_if_exception_type(NotSent),
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT),
            sleep=self._clock.sleep,
            reraise=True,
        )
        async with self._pace.slot(call.realm, batch=call.operation.batch) as slot:
            try:
                return await repeating(self._sent, call, token, slot)
            except NotSent as error:
                return NeverLeft(reason=str(error))
            except _Held:
                return NeverLeft(reason="this worker may no longer act for the tenant")

    async def _sent(self, call: _Call, token: str, slot: Slot) -> Answer:
        """The order counts: stored and still ours, then counted as left, then sent."""
        if not await call.leave():
            raise _Held
        request = self._request(call, token, allowed_at=self._clock.boottime())
        slot.leaves()
        try:
            # A cancellation or crash here leaves the call unanswered, in our windows and in its stored row.
            reply = await self._transport.send(request, timeout=self._timeout)
        except NotSent:
            slot.never_left()
            raise
        except NoReply as error:
            return Unanswered(reason=str(error), status=error.status)
        answer = read_answer(reply)
        slot.answered = True
        return answer

    def _request(self, call: _Call, token: str, *, allowed_at: float) -> Request:
        """What is not on the wire soon after it was allowed to leave is asked for again: we may have been suspended."""
        operation = call.operation
        within = min(CONNECT_SECONDS, self._timeout / 2)
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "User-Agent": f"klipsync/0.1 (worker={self._worker}; fence={call.fence})",
        }
        if operation.body is not None:
            headers["Content-Type"] = operation.content_type
        url = operation.url(api=self._api, realm=call.realm)
        return Request(
            method=operation.method,
            url=url,
            headers=headers,
            body=operation.body,
            may_leave=lambda: self._clock.boottime() - allowed_at < within,
        )
