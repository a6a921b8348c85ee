"""Store what a call did: one transaction each, entered only under a current fence.

Attempt, record, link, outcome event and dependants change together. A crash before the transaction leaves the attempt
open, and it is looked into later; a crash after it leaves nothing to do.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from consumers.attempts import Attempt, Closed, Closing, Lease, Verb
from consumers.books import Books, Settling
from consumers.operations import Create, Nothing, Refuse, Wait
from consumers.patience import Patience, next_try
from consumers.records import RESTING, Link, RealmId, Record, RecordKey, State, SyncToken
from mapping.difference import agreed, lay_over
from mapping.foreign import unlike
from mapping.outcomes import Outcome
from schemas.outcomes import SyncFailed, SyncSucceeded, SyncWaiting
from schemas.quickbooks.answers import Faulted

Shown = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles attempts and plans into the books."""

    books: Books
    patience: Patience
    jitter: Callable[[], float] = random.random

    async def executed(self, lease: Lease, attempt: Attempt, shown: Shown, *, closing: Closing, tid: str = "") -> None:
        """QuickBooks has what the attempt asked for."""
        link = _link(attempt.type, shown, attempt.realm)
        async with self.books.settling(lease) as books:
            if not await books.close(
                attempt, Closed(closing=closing, quickbooks_id=link.id, token=link.token, intuit_tid=tid)
            ):
                return
            record = await books.record(attempt.key)
            base = {} if attempt.verb is Verb.CREATE else record.sent
            sent = lay_over(type=attempt.type, sent=base, fields=attempt.fields, answered=shown)
            foreign = (
                unlike(type=attempt.type, fields=attempt.fields, object=shown) if closing is Closing.ADOPTED else {}
            )
            await books.store(
                replace(
                    _settled(record, attempt.planned_revision, attempt.last_version),
                    state=State.SYNCED,
                    cause=attempt.note,
                    sent=sent,
                    unreturned={**_without(record.unreturned, attempt.fields), **foreign},
                )
            )
            await books.bind(attempt.key, link, shown)
            if attempt.verb is Verb.CREATE:
                await books.wake_dependants(attempt.key)
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

    async def stale(self, lease: Lease, attempt: Attempt, shown: Shown, answer: Faulted) -> None:
        """The object moved on before our update: merge what it shows now, then plan afresh."""
        async with self.books.settling(lease) as books:
            if not await books.close(attempt, _fault(Closing.STALE, answer)):
                return
            await _count_refusal(books, attempt)
            await books.read_back(attempt.key, shown)

    async def refused(self, lease: Lease, attempt: Attempt, outcome: Outcome, answer: Faulted | None = None) -> None:
        """Nothing more happens until somebody changes something; the next event heals it."""
        async with self.books.settling(lease) as books:
            if not await books.close(attempt, _fault(Closing.REFUSED, answer)):
                return
            record = await books.record(attempt.key)
            settled = _settled(record, attempt.planned_revision, attempt.last_version)
            await books.store(_explained(settled, State.REFUSED, outcome, refusals=record.refusals + 1))
            await self._tell_failed(books, attempt, outcome, answer)

    async def retried(
        self, lease: Lease, attempt: Attempt, outcome: Outcome, answer: Faulted | None, now: datetime
    ) -> None:
        """One record's trouble: again later, and given up after a day."""
        async with self.books.settling(lease) as books:
            if not await books.close(attempt, _fault(Closing.NOT_EXECUTED, answer)):
                return
            record = await books.record(attempt.key)
            since = record.first_failed_at or now
            again = next_try(
                patience=self.patience,
                tries=record.tries + 1,
                first_failed_at=since,
                now=now,
                jitter=self.jitter(),
            )
            failed = replace(record, tries=record.tries + 1, first_failed_at=since, next_attempt_at=again)
            if again is None:
                failed = _settled(failed, attempt.planned_revision, attempt.last_version)
                await self._tell_failed(books, attempt, outcome, answer)
            await books.store(_explained(failed, State.FAILED, outcome, refusals=record.refusals + 1))

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

    async def not_executed(self, lease: Lease, attempt: Attempt) -> None:
        """It never left, or was absent in QuickBooks for long enough: planned afresh under a new request id."""
        async with self.books.settling(lease) as books:
            if await books.close(attempt, Closed(closing=Closing.NOT_EXECUTED)):
                await _count_refusal(books, attempt)

    async def unknown(self, lease: Lease, attempt: Attempt, cause: str, next_step: str) -> None:
        """Nobody can tell whether it happened: a person decides; the record never repeats it by itself."""
        outcome = Outcome.for_a_person(cause=cause, next_step=next_step)
        async with self.books.settling(lease) as books:
            if not await books.close(attempt, Closed(closing=Closing.UNKNOWN)):
                return
            record = await books.record(attempt.key)
            settled = _settled(record, attempt.planned_revision, attempt.last_version)
            await books.store(_explained(settled, State.UNKNOWN, outcome, refusals=record.refusals))
            await self._tell_failed(books, attempt, outcome, None)

    async def stopped_by_bug(self, lease: Lease, key: RecordKey, error: Exception) -> None:
        """Something unforeseen: this record stops until its next event or a replay mark; the rest goes on."""
        async with self.books.settling(lease) as books:
            record = await books.record(key)
            stopped = _settled(record, record.revision, record.desired.newest_version)
            cause = f"klipsync itself failed on this record ({type(error).__name__})."
            step = "Report it with the worker's log; after the correction mark the record for replay."
            await books.store(replace(stopped, state=State.FAILED, cause=cause, next_step=step))

    async def without_a_call(self, lease: Lease, planned: Record, operation: Nothing | Wait | Refuse) -> None:
        """Settle a plan that needs no call: nothing to write, something to wait for, or a refusal by the rules."""
        async with self.books.settling(lease) as books:
            record = await books.record(planned.key)
            # Folded meanwhile: the newer revision stays due and is planned again.
            settled = _settled(record, planned.revision, planned.desired.newest_version)
            news = planned.desired.newest_version > record.settled_version
            match operation:
                case Nothing():
                    shown = operation.fields or {}
                    await books.store(
                        replace(
                            settled,
                            state=State.SYNCED,
                            sent={name: value for name, value in {**record.sent, **shown}.items() if value is not None},
                            unreturned=_without(record.unreturned, shown),
                            cause=operation.note,
                        )
                    )
                case Wait():
                    waiting = replace(
                        settled, state=State.WAITING, cause=operation.cause, next_step=operation.next_step
                    )
                    needs = (operation.kind, operation.id) if operation.kind and operation.id else None
                    await books.store(replace(waiting, waits_for=needs))
                case Refuse():
                    state = record.state if record.state in RESTING else State.REFUSED
                    await books.store(
                        replace(settled, state=state, cause=operation.cause, next_step=operation.next_step)
                    )
            if news:
                await _tell_plan(books, planned, record, operation)

    async def adopt(self, lease: Lease, planned: Record, create: Create, shown: Shown, realm: RealmId) -> None:
        """A record without an attempt is found in QuickBooks: link it, and let what differs be planned as an update."""
        async with self.books.settling(lease) as books:
            record = await books.record(planned.key)
            sent = agreed(type=create.type, fields=create.fields, object=shown)
            await books.store(replace(record, sent=sent))
            await books.bind(planned.key, _link(create.type, shown, realm), shown)
            await books.wake_dependants(planned.key)

    async def _tell_failed(self, books: Settling, attempt: Attempt, outcome: Outcome, answer: Faulted | None) -> None:
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


def _link(type_: str, shown: Shown, realm: RealmId) -> Link:
    return Link(realm=realm, type=type_, id=str(shown["Id"]), token=SyncToken(str(shown["SyncToken"])))


def _settled(record: Record, revision: int, version: int) -> Record:
    """The record with this revision behind it; a revision that a fold raised meanwhile stays due."""
    return replace(
        record,
        settled_revision=max(record.settled_revision, revision),
        settled_version=max(record.settled_version, version),
        cause=None,
        next_step=None,
        waits_for=None,
        next_attempt_at=None,
        first_failed_at=None,
        tries=0,
    )


def _explained(record: Record, state: State, outcome: Outcome, *, refusals: int) -> Record:
    return replace(record, state=state, cause=outcome.cause, next_step=outcome.next_step, refusals=refusals)


def _without(fields: Shown, names: Shown) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _fault(closing: Closing, answer: Faulted | None) -> Closed:
    if answer is None:
        return Closed(closing=closing)
    fault = {"status": answer.status, "errors": [asdict(error) for error in answer.errors]}
    return Closed(closing=closing, fault=fault, intuit_tid=answer.intuit_tid)


async def _count_refusal(books: Settling, attempt: Attempt) -> None:
    """A new request id for the next try: a healed record must not be answered with its old fault."""
    record = await books.record(attempt.key)
    await books.store(replace(record, refusals=record.refusals + 1))


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
