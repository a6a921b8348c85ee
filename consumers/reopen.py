"""Open attempts: nobody knows yet whether they were executed. Each is looked into until that is known.

open --update--> repeated as stored (QuickBooks plays back, or says stale, which a reading decides)
                 or, when it says neither for too long, read and decided by that
open --create--> looked up: found -> adopted; absent -> repeated as stored; absent too long -> not executed
                 or, when something unlinked of its type was deleted or changed meanwhile -> unknown, for a person
"""

from dataclasses import dataclass, replace
from datetime import datetime

from consumers.attempts import Attempt, Closing, Lease, Verb
from consumers.books import Books
from consumers.finder import Doubtful, Found, NotAnswered
from consumers.patience import Patience
from consumers.writes import Writes
from mapping.lookups import name_of
from mapping.outcomes import classify, refused_alone
from schemas.quickbooks.answers import Answer

DELETED_MEANWHILE = "QuickBooks did not answer a create, and an object of that type was deleted there since."
DELETED_NEXT = "Look in QuickBooks whether it was made and deleted; then `klipsync records recreate`, or `ignore`."
DOUBTFUL = "QuickBooks did not answer a create, and {type} {id} “{name}”, made and changed there since, may be it."
DOUBTFUL_NEXT = (
    "Look in QuickBooks. If it is this one, give it back its name or number, and its place under its parent; "
    "`klipsync records recreate` then finds it. If it is another one, `klipsync records recreate` makes this one; "
    "if it is not wanted there, `klipsync records ignore`."
)
NOT_TOLD = "QuickBooks did not answer a create, and refuses to say whether it was made. {cause}"
NOT_TOLD_NEXT = "Look in QuickBooks; then `klipsync records recreate`, or `ignore`."


@dataclass(frozen=True, slots=True)
class Reopening:
    """Takes the next step of an open attempt, once its wait is over and the change feed was read."""

    books: Books
    writes: Writes
    patience: Patience

    async def step(self, lease: Lease, attempt: Attempt, *, now: datetime) -> None:
        """One step; `now` is the database's clock. The caller has polled the change feed just before."""
        if attempt.verb is Verb.UPDATE:
            await self._update(lease, attempt, now)
            return
        found = await self.writes.finder.find(lease, attempt)
        match found:
            case Found():
                await self.writes.settler.executed(lease, attempt, found.shown, closing=Closing.ADOPTED)
            case NotAnswered():
                await self._not_told(lease, attempt, found.answer, now)
            case Doubtful():
                await self.writes.settler.unknown(lease, attempt, doubt_of(attempt, found), DOUBTFUL_NEXT)
            case _:
                await self._absent(lease, attempt, now)

    async def _update(self, lease: Lease, attempt: Attempt, now: datetime) -> None:
        """Its token lets it happen once only. But QuickBooks may answer a known request id as it did first, for ever.

        So after a while the object itself is asked: reads by id show it as it is.
        """
        if now - (attempt.first_sent_at or now) >= self.patience.give_up_open_after:
            read = await self.writes.finder.read(lease, attempt)
            if isinstance(read, Found):
                await self.writes.settler.stale(lease, attempt, read.shown)
                return
        await self.writes.send(lease, again(attempt, lease))

    async def _not_told(self, lease: Lease, attempt: Attempt, answer: Answer, now: datetime) -> None:
        """Nothing follows from a lookup that was not answered; one that is refused all the time is for a person."""
        outcome = classify(answer, operation="query")
        if not refused_alone(answer, outcome):
            await self.writes.settler.hold(lease, outcome)
        elif now - (attempt.first_sent_at or now) >= self.patience.give_up_open_after:
            cause = NOT_TOLD.format(cause=outcome.cause)
            await self.writes.settler.unknown(lease, attempt, cause, NOT_TOLD_NEXT)
        else:
            await self.writes.settler.postponed(lease, attempt, self.patience.repeat_after)

    async def _absent(self, lease: Lease, attempt: Attempt, now: datetime) -> None:
        since = attempt.first_sent_at or now
        if await self.books.deleted_since(attempt.realm, attempt.type, since=since):
            await self.writes.settler.unknown(lease, attempt, DELETED_MEANWHILE, DELETED_NEXT)
        elif now - since >= self.patience.give_up_open_after:
            await self.writes.settler.not_executed(lease, attempt)
        else:
            await self.writes.send(lease, again(attempt, lease))


def again(attempt: Attempt, lease: Lease) -> Attempt:
    """The same attempt, leaving once more under the present fence: same path, same bytes, same request id."""
    return replace(attempt, fence=lease.fence, repeats=attempt.repeats + 1)


def doubt_of(attempt: Attempt, found: Doubtful) -> str:
    """What a person is told about an object that may be ours under another name."""
    return DOUBTFUL.format(type=attempt.type, id=found.shown["Id"], name=name_of(attempt.type, found.shown))
