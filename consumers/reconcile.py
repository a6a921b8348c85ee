"""Due records become work: planned, settled where no call is needed, and looked up before anything is made twice."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from consumers.attempts import Lease, TenantView
from consumers.books import Books, QuickBooks
from consumers.finder import rows_of
from consumers.operations import Create, Operation, Refuse, Update
from consumers.patience import Patience
from consumers.plan import Surroundings, needs, plan
from consumers.records import Record, RecordKey
from consumers.settle import Settler
from mapping import identity
from mapping.lookups import adoptable, lookup_query, name_of
from mapping.names import normalised
from mapping.outcomes import classify
from schemas.quickbooks.answers import Accepted

log = structlog.get_logger()

LOOKED_UP_FIRST = ("Invoice", "Item")
"""QuickBooks takes a second invoice of one number without a word, and items are used where they exist."""

NUMBER_TAKEN = "Invoice number {name} is already used in QuickBooks by invoice {id}, which is not this one."
NUMBER_NEXT = "Give the invoice another number in Klipboard, or link it to that one."


@dataclass(frozen=True, slots=True)
class Work:
    """A record and the call it needs."""

    record: Record
    operation: Create | Update


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Plans due records of one tenant."""

    books: Books
    quickbooks: QuickBooks
    settler: Settler
    patience: Patience

    async def next_work(
        self, lease: Lease, view: TenantView, *, besides: Collection[RecordKey], limit: int
    ) -> tuple[list[Work], bool]:
        """Up to `limit` calls to make now, and whether anything was settled on the way (so it pays to ask again)."""
        records = await self.books.due(view.id, limit=limit, besides=besides)
        planned = await self._planned(view, records)
        work = [Work(record, operation) for record, operation in planned if isinstance(operation, Create | Update)]
        silent = [(record, operation) for record, operation in planned if not isinstance(operation, Create | Update)]
        for record, operation in silent:
            assert not isinstance(operation, Create | Update)  # noqa: S101 - narrows the type for mypy
            await self.settler.without_a_call(lease, record, operation)
        remaining = await self._looked_up(lease, view, work)
        return remaining, bool(silent) or len(remaining) < len(work)

    async def _planned(self, view: TenantView, records: Sequence[Record]) -> list[tuple[Record, Operation]]:
        wanted = {need for record in records for need in needs(record)}
        links = await self.books.links(view.id, view.realm, wanted)
        planned = []
        for record in records:
            around = Surroundings(
                realm=view.realm,
                tenant=view.id,
                income_account=view.income_account,
                currency=view.currency,
                links=links,
                paid_in_quickbooks=await self._paid(view, record),
            )
            operation = _plan_or_refuse(record, around)
            if not isinstance(operation, Create) or view.may_create:
                planned.append((record, operation))
        return planned

    async def _paid(self, view: TenantView, record: Record) -> bool | None:
        """Paid by payments: asked where Klipboard said Paid; a balance of zero may be a void too (R-44, R-45)."""
        if record.desired.paid is None or record.link is None or record.seen is None:
            return None
        return record.seen.get("Balance") == 0 and await self.books.paid(view.realm, record.link.id)

    async def _looked_up(self, lease: Lease, view: TenantView, work: Sequence[Work]) -> list[Work]:
        """The work without the creates that QuickBooks already has; one query serves all of one type."""
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for type_, names in _asked_for(work).items():
            answer = await self.quickbooks.query(
                tenant=view.id,
                realm=view.realm,
                statement=lookup_query(type=type_, names=sorted(names)),
                fence=lease.fence,
            )
            if not isinstance(answer, Accepted):
                await self.settler.hold(lease, classify(answer, operation="query"))
                return []
            found[type_] = rows_of(answer, type_)
        forgotten = await self._forgotten(view, work)
        return [w for w in work if not await self._is_there(lease, view, w, found, forgotten)]

    async def _forgotten(self, view: TenantView, work: Sequence[Work]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """What was made in QuickBooks in the time that the database lost, by type: it may be our own work."""
        if view.rewound_at is None or view.rewound_to is None:
            return {}
        types = {w.operation.type for w in work if isinstance(w.operation, Create)}
        since, until = view.rewound_to, view.rewound_at
        return {type_: await self.books.made_between(view.realm, type_, since=since, until=until) for type_ in types}

    async def _is_there(
        self,
        lease: Lease,
        view: TenantView,
        work: Work,
        found: Mapping[str, Sequence[Mapping[str, Any]]],
        forgotten: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> bool:
        create = work.operation
        if not isinstance(create, Create):
            return False
        named = [row for row in found.get(create.type, ()) if _same_name(create, row)]
        key = work.record.key
        mark = identity.marker(tenant=key.tenant, kind=key.kind, id=key.id)
        # Number or name first: an original is preferred to a copy of it that somebody numbered anew.
        rows = [*((row, True) for row in named), *((row, False) for row in forgotten.get(create.type, ()))]
        taken = await self.books.linked(view.realm, create.type, [str(row["Id"]) for row, _ in rows])
        for row, sure in rows:
            if str(row["Id"]) not in taken and adoptable(
                type=create.type, fields=create.fields, marker=mark, object=row, sure=sure
            ):
                await self.settler.adopt(lease, work.record, create, row, view.realm)
                return True
        if named and create.type == "Invoice":
            cause = NUMBER_TAKEN.format(name=create.lookup_name, id=named[0]["Id"])
            await self.settler.without_a_call(lease, work.record, Refuse(cause=cause, next_step=NUMBER_NEXT))
            return True
        return False


def _asked_for(work: Sequence[Work]) -> Mapping[str, set[str]]:
    """By type, the names and numbers that are looked up before they are created.

    A record that a person wants made again takes what bears its name: that is how a clash becomes a link.
    """
    names: dict[str, set[str]] = defaultdict(set)
    for one in work:
        create = one.operation
        if isinstance(create, Create) and (create.type in LOOKED_UP_FIRST or one.record.generation > 0):
            names[create.type].add(create.lookup_name)
    return names


def _same_name(create: Create, row: Mapping[str, Any]) -> bool:
    return normalised(name_of(create.type, row)) == normalised(create.lookup_name)


def _plan_or_refuse(record: Record, around: Surroundings) -> Operation:
    """The outer edge of planning one record: a bug in its mapping stops that record, loudly, and no other."""
    try:
        return plan(record=record, around=around)
    except Exception as error:
        log.exception("A record cannot be planned", tenant=record.key.tenant, subject=record.key.subject)
        return Refuse(
            cause=f"klipsync itself failed on this record ({type(error).__name__}).",
            next_step="Report it with the worker's log; after the correction mark the record for replay.",
        )
