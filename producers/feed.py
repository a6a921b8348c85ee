"""Reading everything that changed in one QuickBooks company, however much it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from mapping.outcomes import OutcomeKind, classify
from producers.changes import MOST, TYPES, Changes, Row, UnreadableFeed, page_of, parse, server_time
from producers.ports import ChangeFeed, Clock, ReturnStore
from schemas.kinds import TenantId
from schemas.quickbooks.answers import Accepted, Faulted, NeverLeft, Unanswered

REACH: Final = timedelta(days=29)
"""The feed reaches 30 days back by QuickBooks' clock; a day is kept for the difference between the clocks."""

LISTS: Final = frozenset({"Customer", "Vendor", "Item"})
"""Types of which QuickBooks hides the inactive ones from queries that do not ask for them."""

IDS_PER_QUERY: Final = 200

CHANGED: Final = "MetaData.LastUpdatedTime"
SECOND: Final = timedelta(seconds=1)
"""QuickBooks tells changes to the second."""


class FeedFailed(Exception):  # noqa: N818 - the name says what happened
    """QuickBooks did not give a whole answer. The cursor stays where it is, and the next poll reads the same again."""

    def __init__(self, answer: Faulted | NeverLeft | Unanswered) -> None:
        super().__init__(repr(answer))
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The change feed of one realm, read by its owner.

    Each reading raises FeedFailed, or UnreadableFeed where QuickBooks' answer has an unknown shape.
    """

    quickbooks: ChangeFeed
    store: ReturnStore
    clock: Clock
    tenant: TenantId
    realm: str
    fence: int

    async def read(self, *, since: datetime) -> Changes:
        """Everything that changed since then."""
        return await (self._compared(since) if since < self.clock.now() - REACH else self._fed(since))

    async def invoices(self, ids: Sequence[str]) -> list[Row]:
        """Those invoices as they are now; one that was deleted comes back as its stub."""
        return [await self._now("Invoice", id_) for id_ in sorted(ids)]

    async def methods(self) -> Mapping[str, str]:
        """The names of all payment methods, by id; one without a name has its id for one."""
        statement = f"select * from PaymentMethod where Active in (true, false) maxresults {MOST}"  # noqa: S608 - QuickBooks' query language
        return {row.id: str(row.object.get("Name") or row.id) for row in await self._query("PaymentMethod", statement)}

    async def _fed(self, since: datetime) -> Changes:
        whole = await self._asked(TYPES, since)
        if len(whole.rows) < MOST:
            return whole
        # Cut off somewhere: the cursor may still move to the first answer's time, as all that follows is read later.
        rows = [row for type_ in TYPES for row in await self._one_type(type_, since)]
        return replace(whole, rows=tuple(rows))

    async def _one_type(self, type_: str, since: datetime) -> list[Row]:
        part = await self._asked((type_,), since)
        return list(part.rows) if len(part.rows) < MOST else await self._compared_type(type_, since)

    async def _compared(self, since: datetime) -> Changes:
        """Without the feed: its reach is over, so deletions are found by comparing what is known with what is there."""
        # Asked before the rest, so that the cursor moves to a time before all of it.
        now = server_time(await self._accepted("select * from Item maxresults 1"))
        rows = [row for type_ in TYPES for row in await self._compared_type(type_, since)]
        return Changes(server_time=now, rows=tuple(rows))

    async def _compared_type(self, type_: str, since: datetime) -> list[Row]:
        live = await self._paged(type_, since)
        unheard = await self.store.known(realm=self.realm, type_=type_) - {row.id for row in live}
        read = [await self._now(type_, id_) for id_ in await self._absent(type_, sorted(unheard))]
        return [*(row for row in read if row.deleted), *live]

    async def _paged(self, type_: str, since: datetime) -> list[Row]:
        """Page by the time of the last change, never by position alone: rows move to the end while they are read."""
        found: dict[str, Row] = {}
        start = since
        while True:
            page = await self._page(type_, f"{CHANGED} >= '{start.isoformat()}'", order=CHANGED)
            found |= {row.id: row for row in page}
            if len(page) < MOST:
                return list(found.values())
            first, last = _moments(page)
            if first == last:
                found |= {row.id: row for row in await self._second(type_, last)}
            start = last if first < last else last + SECOND

    async def _second(self, type_: str, moment: datetime) -> list[Row]:
        """More rows than one page holds changed within that second: they are read by position, in the order of ids.

        One that changes meanwhile leaves the second, and those behind it move up, unseen. So the last row of a page is
        asked for again as the first of the next; when another stands in its place, the second is read once more.
        """
        within = f"{CHANGED} >= '{moment.isoformat()}' and {CHANGED} < '{(moment + SECOND).isoformat()}'"
        rows = page = await self._page(type_, within, order="Id")
        while len(page) == MOST:
            before = page[-1].id
            page = await self._page(type_, within, order="Id", position=len(rows))
            if [row.id for row in page[:1]] == [before]:
                rows = [*rows, *page[1:]]
            else:
                rows = page = await self._page(type_, within, order="Id")
        return rows

    async def _page(self, type_: str, where: str, *, order: str, position: int = 1) -> list[Row]:
        statement = f"select * from {type_} where {where}{_inactive(type_)} orderby {order}"  # noqa: S608 - QuickBooks' query language
        return await self._query(type_, f"{statement} startposition {position} maxresults {MOST}")

    async def _absent(self, type_: str, ids: Sequence[str]) -> list[str]:
        """Those that a query does not show: deleted, or so new that it does not show them yet."""
        absent: list[str] = []
        for some in _portions(ids):
            listed = ", ".join(f"'{id_}'" for id_ in some)
            there = await self._query(
                type_,
                f"select * from {type_} where Id in ({listed}){_inactive(type_)} maxresults {MOST}",  # noqa: S608 - QuickBooks' query language
            )
            absent += sorted(set(some) - {row.id for row in there})
        return absent

    async def _now(self, type_: str, id_: str) -> Row:
        """One object as it is at this moment, or its stub. A query may show the company as it was a minute ago."""
        answer = await self.quickbooks.read(tenant=self.tenant, realm=self.realm, type=type_, id=id_, fence=self.fence)
        if isinstance(answer, Accepted):
            return Row(type=type_, id=id_, object=answer.body[type_])
        if classify(answer, operation="read").kind is OutcomeKind.NOT_FOUND:
            return Row(type=type_, id=id_, object={"Id": id_, "status": "Deleted"})
        raise FeedFailed(answer)

    async def _asked(self, types: Sequence[str], since: datetime) -> Changes:
        answer = await self.quickbooks.changes(
            tenant=self.tenant, realm=self.realm, types=types, since=since, fence=self.fence
        )
        if not isinstance(answer, Accepted):
            raise FeedFailed(answer)
        return parse(answer.body)

    async def _query(self, type_: str, statement: str) -> list[Row]:
        return page_of(type_, await self._accepted(statement))

    async def _accepted(self, statement: str) -> Mapping[str, Any]:
        answer = await self.quickbooks.query(
            tenant=self.tenant, realm=self.realm, statement=statement, fence=self.fence
        )
        if not isinstance(answer, Accepted):
            raise FeedFailed(answer)
        return answer.body


def _inactive(type_: str) -> str:
    """The condition that asks for inactive ones too."""
    return " and Active in (true, false)" if type_ in LISTS else ""


def _moments(page: Sequence[Row]) -> tuple[datetime, datetime]:
    """The seconds in which the first and the last row of a page changed. Raises UnreadableFeed."""
    found = [row.updated_at for row in page if row.flaw is None and row.updated_at is not None]
    if not found:
        raise UnreadableFeed("no row of a page tells when it changed, so the next page cannot be asked for")
    return found[0].replace(microsecond=0), found[-1].replace(microsecond=0)


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), IDS_PER_QUERY):
        yield ids[start : start + IDS_PER_QUERY]
