"""Look for an object in QuickBooks: the one that a lost answer may have made, or the one that has our name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consumers.attempts import Attempt, Lease
from consumers.books import Books, QuickBooks
from mapping import identity
from mapping.lookups import adoptable, doubtful, lookup_query, made_since, name_of
from mapping.outcomes import OutcomeKind, classify
from schemas import exact
from schemas.quickbooks.answers import Accepted, Answer

Shown = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """The object, as QuickBooks shows it now."""

    shown: Shown


@dataclass(frozen=True, slots=True)
class Absent:
    """QuickBooks answered, and it is not there."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """This object was made since the attempt left, and then changed: it may be ours under another name or number."""

    shown: Shown


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """QuickBooks did not answer the question; nothing follows from it."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Finder:
    """Reads that decide about an open attempt, each noted in the budget."""

    books: Books
    quickbooks: QuickBooks

    async def read(self, lease: Lease, attempt: Attempt) -> Found | NotAnswered:
        """The object that an update was for; its stub where it was deleted."""
        object_id = str(attempt_object_id(attempt))
        answer = await self.quickbooks.read(
            tenant=lease.tenant, realm=attempt.realm, type=attempt.type, id=object_id, fence=lease.fence
        )
        if isinstance(answer, Accepted):
            return Found(answer.body[attempt.type])
        if classify(answer, operation="read").kind is OutcomeKind.NOT_FOUND:
            return Found({"Id": object_id, "status": "Deleted"})
        return NotAnswered(answer)

    async def find(self, lease: Lease, attempt: Attempt) -> Found | Doubtful | Absent | NotAnswered:
        """The object that a create may have made: by name or number, then among the unlinked ones of the change feed.

        Its customer, amount and our marker decide as well; the marker alone never does.
        """
        statement = lookup_query(type=attempt.type, names=[name_of(attempt.type, attempt.fields)])
        answer = await self.quickbooks.query(
            tenant=lease.tenant, realm=attempt.realm, statement=statement, fence=lease.fence
        )
        if not isinstance(answer, Accepted):
            return NotAnswered(answer)
        rows = list(rows_of(answer, attempt.type))
        since = attempt.first_sent_at
        younger = [] if since is None else await self.books.unlinked(attempt.realm, attempt.type, since=since)
        taken = await self.books.linked(attempt.realm, attempt.type, [str(row["Id"]) for row in (*rows, *younger)])
        free = [row for row in (*rows, *younger) if str(row["Id"]) not in taken]
        found = next((Found(row) for row in free if _ours(attempt, row)), None)
        return found or next((Doubtful(row) for row in free if _may_be(attempt, row)), Absent())

    async def name_holder(self, lease: Lease, attempt: Attempt) -> str:
        """Who has the name we were refused, in a person's words; empty when QuickBooks does not show it."""
        types = ("Customer", "Vendor") if attempt.type in {"Customer", "Vendor"} else (attempt.type,)
        for type_ in types:
            statement = lookup_query(type=type_, names=[name_of(attempt.type, attempt.fields)])
            answer = await self.quickbooks.query(
                tenant=lease.tenant, realm=attempt.realm, statement=statement, fence=lease.fence
            )
            for row in rows_of(answer, type_) if isinstance(answer, Accepted) else ():
                return f"It belongs to {type_} {row['Id']} “{name_of(type_, row)}”."
        return ""


def rows_of(answer: Accepted, type_: str) -> list[Shown]:
    """The rows of a query's answer; the counters beside them are never looked at."""
    return list(answer.body.get("QueryResponse", {}).get(type_, []))


def attempt_object_id(attempt: Attempt) -> str:
    """The QuickBooks id inside an update's stored body."""
    return str(exact.loads(attempt.body)["Id"])


def _ours(attempt: Attempt, row: Shown) -> bool:
    """An entry of a list that has our name from before is somebody else's; an item is used wherever it comes from."""
    old = attempt.type in {"Customer", "Vendor"} and not _as_young(attempt, row)
    mark = _marker(attempt)
    return not old and adoptable(type=attempt.type, fields=attempt.fields, marker=mark, object=row, sure=False)


def _may_be(attempt: Attempt, row: Shown) -> bool:
    return _as_young(attempt, row) and doubtful(
        type=attempt.type, fields=attempt.fields, marker=_marker(attempt), object=row
    )


def _as_young(attempt: Attempt, row: Shown) -> bool:
    """Whether it was made since the attempt left first; before that, it cannot be what the attempt made."""
    return attempt.first_sent_at is None or made_since(object=row, moment=attempt.first_sent_at)


def _marker(attempt: Attempt) -> str:
    return identity.marker(tenant=attempt.key.tenant, kind=attempt.key.kind, id=attempt.key.id)
