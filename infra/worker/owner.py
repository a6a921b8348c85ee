"""The owner's loop: one tenant, one lease; it polls, looks into open attempts, and writes what is due."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from consumers.attempts import Attempt, Lease, TenantView, Verb
from consumers.books import Books, Clock, FenceLost
from consumers.reconcile import Reconciler, Work
from consumers.records import RecordKey
from consumers.reopen import Reopening
from consumers.settle import Settler
from consumers.writes import Writes, attempt_of
from infra.database.intake import is_transient
from infra.database.schedule import Schedule
from infra.quickbooks.client import QuickBooksClient
from infra.worker.keeper import sleep_or
from mapping.outcomes import Outcome, OutcomeKind, classify
from producers.poller import Poller
from schemas.quickbooks.answers import Accepted

log = structlog.get_logger()


class _Paused(Exception):  # noqa: N818 - the name says what happened
    """QuickBooks lets no call of the tenant pass now. The turn ends: nothing else of it leaves in the pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every owner of a worker works with."""

    books: Books
    schedule: Schedule
    quickbooks: QuickBooksClient
    reconciler: Reconciler
    writes: Writes
    reopening: Reopening
    settler: Settler
    poller: Poller
    clock: Clock
    idle_wait: float
    at_once: int
    """Calls of one tenant under way at once; QuickBooks takes ten."""


@dataclass(slots=True, kw_only=True)
class Owner:
    """Acts for one tenant for as long as the lease is held."""

    lease: Lease
    parts: Parts
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _calls: dict[RecordKey, asyncio.Task[None]] = field(default_factory=dict)
    _paced: bool = False

    async def run(self) -> None:
        """Take turns until the lease is lost or `closing` is set; calls under way are then waited for.

        Cancelled, it cuts them off: what left stays open, and is looked into by the next owner.
        """
        try:
            while self._may_act():
                self.wake.clear()
                if not await self.take_turn():
                    await self._rest()
        except asyncio.CancelledError:
            self._cut_off()
            raise
        finally:
            await self.drained()
            self._tell_unsettled()

    def _may_act(self) -> bool:
        return not self.closing.is_set() and self.lease.held(self.parts.clock.boottime())

    async def _rest(self) -> None:
        """Until a call is answered, somebody wakes us, or it is time to look again."""
        waker = asyncio.create_task(sleep_or(self.wake, self.parts.idle_wait))
        closing = asyncio.create_task(self.closing.wait())
        waits = [waker, closing, *self._calls.values()]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        waker.cancel()
        closing.cancel()
        await asyncio.gather(waker, closing, return_exceptions=True)

    async def drained(self) -> None:
        """Every call under way has ended; when this is cancelled they are cut off."""
        try:
            await self._calls_ended()
        except asyncio.CancelledError:
            self._cut_off()
            await self._calls_ended()
            raise

    async def _calls_ended(self) -> None:
        if self._calls:
            await asyncio.wait(self._calls.values())

    def _cut_off(self) -> None:
        for call in self._calls.values():
            call.cancel()

    def _tell_unsettled(self) -> None:
        """What came of these calls could not be stored: their attempts stay open, for whoever owns the tenant next."""
        for key, call in self._calls.items():
            if not call.cancelled() and (error := call.exception()) is not None:
                log.warning("A call stays open", tenant=key.tenant, subject=key.subject, why=type(error).__name__)

    async def take_turn(self) -> bool:
        """One look at everything that may be due; whether it pays to look again at once."""
        self.collect()
        view = await self.parts.books.view(self.lease.tenant)
        if view is None:
            return False
        if not self._paced:
            # What the former owner sent still counts against QuickBooks' limits.
            await self.parts.quickbooks.rebuild_pace(view.realm)
            self._paced = True
        try:
            return await self._turn(view)
        except _Paused:
            return False

    async def _turn(self, view: TenantView) -> bool:
        reopened = await self.parts.books.open_attempts(view.id)
        idle = [attempt for attempt in reopened if attempt.key not in self._calls and self._may_judge(attempt, view)]
        polled = await self._poll(view, also=bool(idle))
        if polled:
            for attempt in idle:
                self._start(attempt.key, self._reopen(attempt, view))
        await self._reread(view)
        return await self._write(view) or (polled and not idle)

    def _may_judge(self, attempt: Attempt, view: TenantView) -> bool:
        """A create may have left again in the time that a restored database forgot: it waits as new ones do."""
        return attempt.verb is Verb.UPDATE or view.may_create(after=self.parts.reopening.patience.repeat_after)

    async def _poll(self, view: TenantView, *, also: bool) -> bool:
        """Poll when it is time, and before open attempts are judged: the feed shows what happened to them."""
        if not also and view.next_poll_at is not None and view.next_poll_at > view.now:
            return False
        polled = await self.parts.poller.poll(tenant=view.id, realm=view.realm, fence=self.lease.fence)
        for sentence in polled.unreadable:
            log.error("An object of the change feed could not be read", tenant=view.id, why=sentence)
        if polled.failure is not None:
            await self._hold(classify(polled.failure, operation="changes"))
            return False
        await self.parts.schedule.polled(self.lease, began=view.now)
        return True

    async def _reopen(self, attempt: Attempt, view: TenantView) -> None:
        await self.parts.reopening.step(self.lease, attempt, now=view.now)

    async def _reread(self, view: TenantView) -> None:
        """Read again what the feed showed while an attempt was open."""
        for key, link in await self.parts.books.rereads(view.id):
            answer = await self.parts.quickbooks.read(
                tenant=view.id, realm=view.realm, type=link.type, id=link.id, fence=self.lease.fence
            )
            outcome = classify(answer, operation="read")
            if outcome.kind is OutcomeKind.NOT_FOUND:
                shown: Mapping[str, Any] = {"Id": link.id, "status": "Deleted"}
            elif isinstance(answer, Accepted):
                shown = answer.body[link.type]
            else:
                await self._hold(outcome)
                return
            async with self.parts.books.settling(self.lease) as books:
                await books.read_back(key, shown)

    async def _hold(self, outcome: Outcome) -> None:
        """Pause the tenant. Where only this read failed, what else is due in this turn may still leave."""
        await self.parts.settler.hold(self.lease, outcome)
        if outcome.kind in (OutcomeKind.PAUSE, OutcomeKind.REAUTHORISE):
            raise _Paused

    async def _write(self, view: TenantView) -> bool:
        room = self.parts.at_once - len(self._calls)
        if room <= 0:
            return False
        work, settled = await self.parts.reconciler.next_work(self.lease, view, besides=self._calls.keys(), limit=room)
        for piece in work:
            self._start(piece.record.key, self._send(piece, view))
        return settled

    async def _send(self, work: Work, view: TenantView) -> None:
        attempt = attempt_of(record=work.record, operation=work.operation, view=view, lease=self.lease)
        await self.parts.writes.send(self.lease, attempt)

    def _start(self, key: RecordKey, call: Coroutine[Any, Any, None]) -> None:
        self._calls[key] = asyncio.create_task(self._guarded(key, call), name=f"{key.tenant}:{key.subject}")

    def collect(self) -> None:
        """Forget calls that ended. Only losing the fence or the database ends the turn: see `_guarded`."""
        ended = [key for key, task in self._calls.items() if task.done()]
        for key in ended:
            self._calls.pop(key).result()

    async def _guarded(self, key: RecordKey, call: Coroutine[Any, Any, None]) -> None:
        """The outer edge of one record's call: a bug stops that record, loudly, and the rest goes on."""
        try:
            await call
        except Exception as error:
            if isinstance(error, FenceLost) or is_transient(error):
                raise
            log.exception("A record stopped on a bug", tenant=key.tenant, subject=key.subject)
            await self.parts.settler.stopped_by_bug(self.lease, key, error)
