"""One operation leaves, and what its answer means is settled. The order of effects is the promise of this file."""

from dataclasses import dataclass, replace
from typing import Any

from consumers.attempts import Attempt, Closing, Lease, TenantView, Verb
from consumers.books import Books, Clock, QuickBooks
from consumers.finder import Finder, Found, NotAnswered
from consumers.operations import Create, Update
from consumers.patience import Patience
from consumers.records import Record, RequestId
from consumers.settle import Settler
from mapping import identity
from mapping.outcomes import Outcome, OutcomeKind, classify
from schemas import exact
from schemas.quickbooks.answers import Accepted, Answer, Faulted, NeverLeft, Unanswered


def attempt_of(*, record: Record, operation: Create | Update, view: TenantView, lease: Lease) -> Attempt:
    """The attempt that carries an operation: its bytes and its request id are fixed here, once."""
    body = exact.dumps(operation.body).encode()
    request_id = _request_id(record=record, operation=operation, view=view, body=body)
    return Attempt(
        id=identity.attempt_id(request_id),
        key=record.key,
        verb=Verb.CREATE if isinstance(operation, Create) else Verb.UPDATE,
        type=operation.type,
        path=operation.path,
        request_id=request_id,
        body=body,
        fields=operation.fields,
        planned_revision=record.revision,
        first_version=record.settled_version + 1 if record.settled_version >= 0 else None,
        last_version=record.desired.newest_version,
        realm=view.realm,
        fence=lease.fence,
        note=operation.note,
    )


def _request_id(*, record: Record, operation: Create | Update, view: TenantView, body: bytes) -> RequestId:
    same: dict[str, Any] = {
        "realm": view.realm,
        "kind": record.key.kind,
        "id": record.key.id,
        "generation": record.generation,
        "refusals": record.refusals,
    }
    if isinstance(operation, Create):
        return RequestId(identity.create_request_id(**same))
    token = str(operation.body["SyncToken"])
    return RequestId(identity.update_request_id(**same, verb=Verb.UPDATE, token=token, body=body))


@dataclass(frozen=True, slots=True)
class Writes:
    """Sends attempts, first or again, and settles what came of it."""

    books: Books
    quickbooks: QuickBooks
    settler: Settler
    finder: Finder
    clock: Clock
    patience: Patience

    async def send(self, lease: Lease, attempt: Attempt) -> None:
        """Send the attempt exactly as it is stored, and settle its outcome. Raises `FenceLost`."""
        held_back = False

        async def leave() -> bool:
            nonlocal held_back
            # Stored before it leaves: after a crash here the same bytes go out again, and QuickBooks answers as it did.
            await self.books.remember(attempt, next_step_in=self.patience.repeat_after.total_seconds())
            # Asked last: an owner that slept past its lease must not send what the next owner may have changed.
            held_back = not lease.held(self.clock.boottime())
            return not held_back

        answer = await self.quickbooks.write(
            tenant=attempt.key.tenant,
            realm=attempt.realm,
            path=attempt.path,
            query={"requestid": attempt.request_id},
            body=attempt.body,
            fence=lease.fence,
            leave=leave,
        )
        # A crash here leaves the attempt open: it is looked up and repeated, under the same request id.
        if not held_back:
            await self._settle(lease, attempt, answer)
        elif attempt.repeats == 0:
            await self.settler.not_executed(lease, attempt)

    async def _settle(self, lease: Lease, attempt: Attempt, answer: Answer) -> None:
        outcome = classify(answer, operation=str(attempt.verb))
        if attempt.repeats > 0 and _never_tried(answer, outcome):
            # This sending did not reach the books, but an earlier one may have: the attempt stays open.
            await self.settler.hold(lease, outcome)
            return
        match answer:
            case Accepted():
                shown = answer.body[attempt.type]
                await self.settler.executed(lease, attempt, shown, closing=Closing.EXECUTED, tid=answer.intuit_tid)
            case Unanswered():
                return  # It may have happened: the attempt stays open until its next step.
            case NeverLeft():
                await self.settler.paused(lease, attempt, outcome)
            case Faulted():
                await self._settle_fault(lease, attempt, answer, outcome)

    async def _settle_fault(self, lease: Lease, attempt: Attempt, answer: Faulted, outcome: Outcome) -> None:
        match outcome.kind:
            case OutcomeKind.UNKNOWN:
                return
            case OutcomeKind.PAUSE | OutcomeKind.REAUTHORISE:
                await self.settler.paused(lease, attempt, outcome, answer)
            case OutcomeKind.RETRY:
                await self.settler.retried(lease, attempt, outcome, answer, self.clock.now())
            case OutcomeKind.STALE:
                await self._stale(lease, attempt, answer)
            case OutcomeKind.DUPLICATE_NAME | OutcomeKind.DUPLICATE_NUMBER:
                await self._duplicate(lease, attempt, answer, outcome)
            case _:
                await self.settler.refused(lease, attempt, outcome, answer)

    async def _stale(self, lease: Lease, attempt: Attempt, answer: Faulted) -> None:
        """A stale token on a repeat may be our own success: a reading is held against the attempt's fields first."""
        read = await self.finder.read(lease, attempt)
        # Without a reading the attempt stays open; its repeat will be told "stale" again.
        if isinstance(read, Found):
            await self.settler.stale(lease, attempt, read.shown, answer)

    async def _duplicate(self, lease: Lease, attempt: Attempt, answer: Faulted, outcome: Outcome) -> None:
        """A name or number that is taken may be taken by our own lost create; else it is a clash (R-30)."""
        if attempt.verb is Verb.CREATE and (attempt.repeats > 0 or attempt.type == "Item"):
            found = await self.finder.find(lease, attempt)
            if isinstance(found, NotAnswered):
                return
            if isinstance(found, Found):
                await self.settler.executed(lease, attempt, found.shown, closing=Closing.ADOPTED, tid=answer.intuit_tid)
                return
        holder = await self.finder.name_holder(lease, attempt)
        if not holder and attempt.type == "Item" and attempt.repeats == 0:
            return  # So new that it is not shown yet: the attempt stays open, and the item is found at its next step.
        clash = replace(outcome, cause=f"{outcome.cause} {holder}".strip())
        await self.settler.refused(lease, attempt, clash, answer)


def _never_tried(answer: Answer, outcome: Outcome) -> bool:
    """Whether the books never saw this sending, or were closed to it: that tells nothing of an earlier one."""
    return isinstance(answer, NeverLeft) or (isinstance(answer, Faulted) and outcome.pauses)
