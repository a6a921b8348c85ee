"""Store what a call did: one transaction each, entered only under a current fence.

Attempt, record, link, outcome event and dependants change together. A crash before the transaction leaves the attempt
open, and it is looked into later; a crash after it leaves nothing to do.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from consumers import settled
from consumers.attempts import Attempt, Closed, Closing, Lease, Verb
from consumers.books import Books, Settling, Taken
from consumers.operations import Create, Nothing, Refuse, Wait
from consumers.patience import Patience
from consumers.plan import FAILED, FAILED_NEXT
from consumers.records import RESTING, Link, RealmId, Record, RecordKey, State, SyncToken
from mapping.difference import agreed, overwritten
from mapping.outcomes import Outcome
from schemas.outcomes import SyncConflicted, SyncFailed, SyncSucceeded, SyncWaiting
from schemas.quickbooks.answers import Faulted

log = structlog.get_logger()

Shown = Mapping[str, Any]

OVERWRITTEN: Final = "Klipboard and QuickBooks both changed {fields}. Klipboard's values were written to QuickBooks."
OVERWRITTEN_NEXT: Final = "If QuickBooks' values were right, enter them in Klipboard."
TAKEN: Final = "QuickBooks has one {type} for two records of Klipboard: {type} {id} belongs to {owner} already."
TAKEN_NEXT: Final = "Rename one of the two in Klipboard; the edit is tried at once."
LINE_IN_DOUBT: Final = Outcome.for_a_person(
    cause="QuickBooks did not answer an update that added a line, and the invoice was edited there since: "
    "a line of it may be ours, or somebody else's.",
    next_step="Look at its lines in QuickBooks. With its number and note as they were, `klipsync records recreate` "
    "takes the invoice that is there and pairs its lines with Klipboard's; `klipsync records ignore` leaves it alone.",
)


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles attempts and plans into the books."""

    books: Books
    patience: Patience
    jitter: Callable[[], float] = random.random

    async def executed(self, lease: Lease, attempt: Attempt, shown: Shown, *, closing: Closing, tid: str = "") -> None:
        """QuickBooks has what the attempt asked for, unless that belongs to another record already (R-30)."""
        try:
            await self._executed(lease, attempt, shown, closing=closing, tid=tid)
        except Taken as taken:
            cause = TAKEN.format(type=attempt.type, id=shown["Id"], owner=taken.owner)
            await self.refused(lease, attempt, Outcome.for_a_person(cause=cause, next_step=TAKEN_NEXT))

    async def _executed(self, lease: Lease, attempt: Attempt, shown: Shown, *, closing: Closing, tid: str) -> None:
        async with self.books.settling(lease) as books:
            await _store_executed(books, attempt, shown, closing=closing, tid=tid)

    async def stale(self, lease: Lease, attempt: Attempt, shown: Shown, answer: Faulted | None = None) -> None:
        """What became of an update is to be read off the object: its token was stale, or it was never answered.

        Where it was not executed, what the object shows now is merged, and the update is planned afresh.
        """
        async with self.books.settling(lease) as books:
            match settled.judged(await books.record(attempt.key), attempt, shown):
                case Closing.ADOPTED:
                    tid = answer.intuit_tid if answer else ""
                    await _store_executed(books, attempt, shown, closing=Closing.ADOPTED, tid=tid)
                case Closing.UNKNOWN:
                    await _rest(books, attempt, LINE_IN_DOUBT)
                case closing if await books.close(attempt, _fault(closing, answer)):
                    await _count_refusal(books, attempt)
                    await books.read_back(attempt.key, shown)

    async def refused(self, lease: Lease, attempt: Attempt, outcome: Outcome, answer: Faulted | None = None) -> None:
        """Nothing more happens until somebody changes something; the next event heals it."""
        if outcome.bug:
            tid = answer.intuit_tid if answer else ""
            log.error(
                "QuickBooks refused what klipsync should not have sent",
                tenant=attempt.key.tenant,
                subject=attempt.key.subject,
                code=outcome.code,
                intuit_tid=tid,
            )
        async with self.books.settling(lease) as books:
            if not await books.close(attempt, _fault(Closing.REFUSED, answer)):
                return
            record = await books.record(attempt.key)
            done = replace(settled.attempted(record, attempt), refusals=record.refusals + 1)
            await books.store(settled.explained(done, state=State.REFUSED, outcome=outcome))
            await _tell_failed(books, attempt, outcome, answer)

    async def retried(
        self, lease: Lease, attempt: Attempt, outcome: Outcome, answer: Faulted | None, now: datetime
    ) -> None:
        """One record's trouble: again later, and given up after a day."""
        async with self.books.settling(lease) as books:
            if not await books.close(attempt, _fault(Closing.NOT_EXECUTED, answer)):
                return
            record = await books.record(attempt.key)
            failed = self._failed(replace(record, refusals=record.refusals + 1), outcome, now)
            if failed.next_attempt_at is None:
                ended = settled.attempted(failed, attempt)
                failed = settled.explained(ended, state=State.FAILED, outcome=outcome)
                await _tell_failed(books, attempt, outcome, answer)
            await books.store(failed)

    async def put_off(self, lease: Lease, planned: Record, outcome: Outcome, now: datetime) -> None:
        """What must be known before anything leaves could not be had for this one record: as `retried`."""
        async with self.books.settling(lease) as books:
            failed = self._failed(await books.record(planned.key), outcome, now)
            if failed.next_attempt_at is not None:
                await books.store(failed)
                return
        refusal = Refuse(cause=outcome.cause, next_step=outcome.next_step)
        await self.without_a_call(lease, planned, refusal, state=State.FAILED)

    async def paused(self, lease: Lease, attempt: Attempt, outcome: Outcome, answer: Faulted | None = None) -> None:
        """The tenant's trouble, not the record's: it costs no try."""
        async with self.books.settling(lease) as books:
            await books.pause(lease.tenant, cause=outcome.cause, seconds=self.patience.pause_after(outcome))
            if await books.close(attempt, _fault(Closing.NOT_EXECUTED, answer)):
                await _count_refusal(books, attempt)

    async def hold(self, lease: Lease, outcome: Outcome) -> None:
        """Pause the tenant; nothing is known of any attempt that was not known before."""
        async with self.books.settling(lease) as books:
            await books.pause(lease.tenant, cause=outcome.cause, seconds=self.patience.pause_after(outcome))

    async def postponed(self, lease: Lease, attempt: Attempt, after: timedelta) -> None:
        """This attempt alone could not be looked into: it stays open until its next step."""
        async with self.books.settling(lease) as books:
            await books.postpone(attempt, seconds=after.total_seconds())

    async def not_executed(self, lease: Lease, attempt: Attempt) -> None:
        """It never left, or was absent in QuickBooks for long enough: planned afresh under a new request id."""
        async with self.books.settling(lease) as books:
            if await books.close(attempt, Closed(closing=Closing.NOT_EXECUTED)):
                await _count_refusal(books, attempt)

    async def unknown(self, lease: Lease, attempt: Attempt, cause: str, next_step: str) -> None:
        """Nobody can tell whether it happened: a person decides; the record never repeats it by itself."""
        async with self.books.settling(lease) as books:
            await _rest(books, attempt, Outcome.for_a_person(cause=cause, next_step=next_step))

    async def stopped_by_bug(self, lease: Lease, key: RecordKey, error: Exception) -> None:
        """Something unforeseen: this record stops until its next event or a replay mark; the rest goes on."""
        async with self.books.settling(lease) as books:
            record = await books.record(key)
            stopped = settled.settled(record, revision=record.revision, version=record.desired.newest_version)
            cause = FAILED.format(bug=type(error).__name__)
            await books.store(replace(stopped, state=State.FAILED, cause=cause, next_step=FAILED_NEXT))

    async def without_a_call(
        self, lease: Lease, planned: Record, operation: Nothing | Wait | Refuse, *, state: State = State.REFUSED
    ) -> None:
        """Settle a plan that needs no call: nothing to write, something to wait for, or a refusal by the rules."""
        async with self.books.settling(lease) as books:
            record = await books.record(planned.key)
            # Folded meanwhile: the newer revision stays due and is planned again.
            done = settled.settled(record, revision=planned.revision, version=planned.desired.newest_version)
            match operation:
                case Nothing():
                    await books.store(_with_nothing(done, operation))
                case Wait():
                    await books.store(_waiting(done, operation))
                case Refuse():
                    state = record.state if record.state in RESTING else state
                    await books.store(replace(done, state=state, cause=operation.cause, next_step=operation.next_step))
            if planned.desired.newest_version > record.settled_version:
                await _tell_plan(books, planned, record, operation)

    async def adopt(self, lease: Lease, planned: Record, create: Create, shown: Shown, realm: RealmId) -> None:
        """A record without an attempt is found in QuickBooks: link it, and let what differs be planned as an update."""
        async with self.books.settling(lease) as books:
            record = await books.record(planned.key)
            sent = agreed(type=create.type, fields=create.fields, object=shown)
            await books.store(replace(record, sent=sent))
            await books.bind(planned.key, _link(create.type, shown, realm), shown)
            await books.wake_dependants(planned.key)

    def _failed(self, record: Record, outcome: Outcome, now: datetime) -> Record:
        return settled.failed(record, outcome=outcome, patience=self.patience, now=now, jitter=self.jitter())


def _link(type_: str, shown: Shown, realm: RealmId) -> Link:
    return Link(realm=realm, type=type_, id=str(shown["Id"]), token=SyncToken(str(shown["SyncToken"])))


def _with_nothing(record: Record, operation: Nothing) -> Record:
    shown = operation.fields or {}
    sent = {name: value for name, value in {**record.sent, **shown}.items() if value is not None}
    unreturned = settled.without(record.unreturned, shown)
    return replace(record, state=State.SYNCED, sent=sent, unreturned=unreturned, cause=operation.note)


def _waiting(record: Record, operation: Wait) -> Record:
    needs = (operation.kind, operation.id) if operation.kind and operation.id else None
    return replace(record, state=State.WAITING, cause=operation.cause, next_step=operation.next_step, waits_for=needs)


async def _store_executed(books: Settling, attempt: Attempt, shown: Shown, *, closing: Closing, tid: str) -> None:
    link, found = _link(attempt.type, shown, attempt.realm), closing is Closing.ADOPTED
    # Nobody knows which token of an object that was found was the answer to us; none of them is then an echo.
    token = None if found else link.token
    if not await books.close(attempt, Closed(closing=closing, quickbooks_id=link.id, token=token, intuit_tid=tid)):
        return
    record = await books.record(attempt.key)
    await books.store(settled.executed(record, attempt, shown, found=found))
    await books.bind(attempt.key, link, shown)
    if attempt.verb is Verb.CREATE:
        await books.wake_dependants(attempt.key)
    await _tell_overwritten(books, attempt, record)
    await books.tell(
        attempt.key,
        SyncSucceeded,
        first_version=attempt.first_version,
        last_version=attempt.last_version,
        operation=str(attempt.verb),
        quickbooks_type=link.type,
        quickbooks_id=link.id,
        intuit_tid=tid or None,
    )


async def _rest(books: Settling, attempt: Attempt, outcome: Outcome) -> None:
    # The request id stays spent: only a person's decision, a new generation, makes another.
    if not await books.close(attempt, Closed(closing=Closing.UNKNOWN)):
        return
    done = settled.attempted(await books.record(attempt.key), attempt)
    await books.store(settled.explained(done, state=State.UNKNOWN, outcome=outcome))
    await _tell_failed(books, attempt, outcome, None)


def _fault(closing: Closing, answer: Faulted | None) -> Closed:
    if answer is None:
        return Closed(closing=closing)
    fault = {"status": answer.status, "errors": [asdict(error) for error in answer.errors]}
    return Closed(closing=closing, fault=fault, intuit_tid=answer.intuit_tid)


async def _count_refusal(books: Settling, attempt: Attempt) -> None:
    """A new request id for the next try: a healed record must not be answered with its old fault."""
    record = await books.record(attempt.key)
    await books.store(replace(record, refusals=record.refusals + 1))


async def _tell_failed(books: Settling, attempt: Attempt, outcome: Outcome, answer: Faulted | None) -> None:
    await books.tell(
        attempt.key,
        SyncFailed,
        first_version=attempt.first_version,
        last_version=attempt.last_version,
        operation=str(attempt.verb),
        cause=outcome.cause,
        next_step=outcome.next_step,
        intuit_tid=(answer.intuit_tid or None) if answer else None,
    )


async def _tell_overwritten(books: Settling, attempt: Attempt, before: Record) -> None:
    """Tell whose work an update went over. What a reading met before the update left was told then."""
    if before.link is None or before.seen is None:
        return
    names = overwritten(type=attempt.type, fields=attempt.fields, base=before.sent, seen=before.seen)
    noted = [name for name in names if name in before.unreturned]
    if noted:
        await books.tell(
            attempt.key,
            SyncConflicted,
            last_version=attempt.last_version,
            operation=str(attempt.verb),
            quickbooks_type=before.link.type,
            quickbooks_id=before.link.id,
            cause=OVERWRITTEN.format(fields=", ".join(noted)),
            next_step=OVERWRITTEN_NEXT,
        )


async def _tell_plan(books: Settling, planned: Record, before: Record, operation: Nothing | Wait | Refuse) -> None:
    """Tell once per range of versions; looking again for another reason tells nothing."""
    outcome = {Nothing: SyncSucceeded, Wait: SyncWaiting, Refuse: SyncFailed}[type(operation)]
    await books.tell(
        planned.key,
        outcome,
        first_version=before.settled_version + 1 if before.settled_version >= 0 else None,
        last_version=planned.desired.newest_version,
        operation=type(operation).__name__.lower(),
        cause=operation.note if isinstance(operation, Nothing) else operation.cause,
        next_step=None if isinstance(operation, Nothing) else operation.next_step,
    )
