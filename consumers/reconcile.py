"""Due records become work: planned, settled where no call is needed, and looked up before anything is made twice."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog

from consumers.attempts import Lease, TenantView
from consumers.books import Books, QuickBooks
from consumers.finder import Shown, rows_of
from consumers.operations import Create, Operation, Refuse, Update
from consumers.patience import Patience
from consumers.plan import Surroundings, needs, plan
from consumers.records import Record, RecordKey
from consumers.settle import Settler
from mapping import identity
from mapping.lookups import adoptable, lookup_query, name_of
from mapping.names import normalised
from mapping.outcomes import Outcome, OutcomeKind, classify, refused_alone
from schemas.quickbooks.answers import Accepted, Answer

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
            operation = _planned(record, around)
            if not isinstance(operation, Create) or view.may_create(after=self.patience.repeat_after):
                planned.append((record, operation))
        return planned

    async def _paid(self, view: TenantView, record: Record) -> bool | None:
        """Paid by payments: asked where Klipboard said Paid; a balance of zero may be a void too (R-44, R-45)."""
        if record.desired.paid is None or record.link is None or record.seen is None:
            return None
        return record.seen.get("Balance") == 0 and await self.books.paid(view.realm, record.link.id)

    async def _looked_up(self, lease: Lease, view: TenantView, work: Sequence[Work]) -> list[Work]:
        """The work without the creates that QuickBooks already has; one query serves all of one type."""
        found: dict[str, list[Shown]] = defaultdict(list)
        left = list(work)
        for type_, names in _asked_for(work).items():
            for asked, answer in await self._answers(lease, view, type_, sorted(names)):
                outcome = classify(answer, operation="query")
                if isinstance(answer, Accepted):
                    found[type_] += rows_of(answer, type_)
                elif refused_alone(answer, outcome):
                    left = await self._without_answer(lease, view, left, (type_, asked), outcome)
                else:
                    await self.settler.hold(lease, outcome)
                    return []
        forgotten = await self._forgotten(view, left)
        return [w for w in left if not await self._is_there(lease, view, w, found, forgotten)]

    async def _answers(
        self, lease: Lease, view: TenantView, type_: str, names: Sequence[str]
    ) -> list[tuple[Sequence[str], Answer]]:
        """One query for all the names; where QuickBooks refuses that, one for each: a single name stops no other."""
        answer = await self.quickbooks.query(
            tenant=view.id, realm=view.realm, statement=lookup_query(type=type_, names=names), fence=lease.fence
        )
        if len(names) == 1 or not refused_alone(answer, classify(answer, operation="query")):
            return [(names, answer)]
        return [one for name in names for one in await self._answers(lease, view, type_, [name])]

    async def _without_answer(
        self, lease: Lease, view: TenantView, work: Sequence[Work], about: tuple[str, Sequence[str]], outcome: Outcome
    ) -> list[Work]:
        """The work without the creates of these names: nothing is made that could not be looked up."""
        type_, names = about
        stopped = [w.record for w in work if _is_asked_for(w) and w.operation.type == type_ and _name(w) in names]
        for record in stopped:
            if outcome.bug:
                log.error("A name cannot be looked up", tenant=view.id, subject=record.key.subject, code=outcome.code)
            if outcome.kind is OutcomeKind.RETRY:
                await self.settler.put_off(lease, record, outcome, view.now)
            else:
                told = Refuse(cause=outcome.cause, next_step=outcome.next_step)
                await self.settler.without_a_call(lease, record, told)
        keys = {record.key for record in stopped}
        return [w for w in work if w.record.key not in keys]

    async def _forgotten(self, view: TenantView, work: Sequence[Work]) -> Mapping[str, Sequence[Shown]]:
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
        found: Mapping[str, Sequence[Shown]],
        forgotten: Mapping[str, Sequence[Shown]],
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
        if _is_asked_for(one):
            names[one.operation.type].add(_name(one))
    return names


def _is_asked_for(work: Work) -> bool:
    create = work.operation
    return isinstance(create, Create) and (create.type in LOOKED_UP_FIRST or work.record.generation > 0)


def _name(work: Work) -> str:
    return work.operation.lookup_name if isinstance(work.operation, Create) else ""


def _same_name(create: Create, row: Shown) -> bool:
    return normalised(name_of(create.type, row)) == normalised(create.lookup_name)


def _planned(record: Record, around: Surroundings) -> Operation:
    """The plan of one record. A bug in its mapping stops that record, loudly, and no other."""
    operation = plan(record=record, around=around)
    if isinstance(operation, Refuse) and operation.bug is not None:
        log.error(
            "A record cannot be planned", tenant=record.key.tenant, subject=record.key.subject, exc_info=operation.bug
        )
    return operation
