"""What QuickBooks' change feed showed, as values: rows of objects, deletions before the rest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Self

TYPES: Final = ("Customer", "Vendor", "Item", "Invoice", "Payment")
"""The types that are asked for, in the order in which they need each other."""

MOST: Final = 1000
"""Objects in one answer; as many mean that there is more (Intuit: learn/explore, change data capture)."""


class UnreadableFeed(ValueError):  # noqa: N818 - the name says what happened
    """QuickBooks' change feed answered in a shape that is not known. The cursor stays; report it with the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One object as the feed showed it. Of a deleted one it shows little more than the id."""

    type: str
    id: str
    object: Mapping[str, Any]

    @property
    def deleted(self) -> bool:
        """Whether this is the stub of a deleted object."""
        return self.object.get("status") == "Deleted"

    @property
    def updated_at(self) -> datetime | None:
        """When QuickBooks last changed it."""
        told = (self.object.get("MetaData") or {}).get("LastUpdatedTime")
        return datetime.fromisoformat(told) if told else None

    @property
    def flaw(self) -> str | None:
        """Why the row cannot be stored, in a sentence: it does not say which object it is, as of when. None: it can."""
        try:
            int(self.id)
            int(self.object["SyncToken"]) if not self.deleted else None
            aware = self.updated_at is None or self.updated_at.tzinfo is not None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return f"{self.type} {self.id}: {error!r}"
        return None if aware else f"{self.type} {self.id}: its time has no offset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Everything that changed since a cursor, complete, and QuickBooks' own time when it was asked."""

    server_time: datetime
    rows: tuple[Row, ...]
    read_after: Mapping[str, Row] = field(default_factory=dict)
    """Invoices read after the feed, by id, because the feed's rows did not tell their balance."""
    methods: Mapping[str, str] | None = None
    """Payment methods, id → name, when they had to be read."""

    @property
    def deletions(self) -> tuple[Row, ...]:
        """What was deleted: looked at first, because a name or number may have been used again since."""
        return tuple(row for row in self.rows if row.deleted)

    def sound(self) -> tuple[Self, tuple[str, ...]]:
        """The same changes without rows that have a flaw, and a sentence for each of those."""
        flaws = [row.flaw for row in self.rows]
        kept = tuple(row for row, flaw in zip(self.rows, flaws, strict=True) if flaw is None)
        return replace(self, rows=kept), tuple(flaw for flaw in flaws if flaw is not None)

    def live(self, *types: str) -> tuple[Row, ...]:
        """The rows of these types that are not deleted."""
        return tuple(row for row in self.rows if row.type in types and not row.deleted)

    def with_invoices(self, rows: Iterable[Row]) -> Self:
        """The same changes, with invoices read afterwards."""
        return replace(self, read_after={**self.read_after, **{row.id: row for row in rows}})

    def with_methods(self, methods: Mapping[str, str]) -> Self:
        """The same changes, with all payment methods."""
        return replace(self, methods=methods)


def parse(body: Mapping[str, Any]) -> Changes:
    """Read the answer of `/cdc`. Its counters are not looked at: they do not agree with its lists.

    Raises UnreadableFeed.
    """
    try:
        blocks = [_unfaulted(block) for answer in body["CDCResponse"] for block in answer["QueryResponse"]]
        rows = [row for block in blocks for type_ in TYPES for row in rows_of(type_, block.get(type_) or ())]
        return Changes(server_time=server_time(body), rows=tuple(rows))
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableFeed(f"the change feed's answer lacks {error}") from error


def rows_of(type_: str, objects: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows of one type. One without an id is a row too: it has a flaw, and the others have none for it."""
    return [Row(type=type_, id=str(shown.get("Id")), object=shown) for shown in objects]


def page_of(type_: str, body: Mapping[str, Any]) -> list[Row]:
    """Rows of a query's answer. Raises UnreadableFeed."""
    try:
        return rows_of(type_, _unfaulted(body["QueryResponse"]).get(type_) or ())
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableFeed(f"a query's answer lacks {error}") from error


def _unfaulted(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """A block that holds a fault is not one without changes: a cursor that moved on would lose them.

    Intuit: learn/explore, data queries (a QueryResponse may hold a Fault).
    """
    if "Fault" in block:
        raise UnreadableFeed(f"QuickBooks failed over a part of its answer: {block['Fault']!r}")
    return block


def server_time(body: Mapping[str, Any]) -> datetime:
    """QuickBooks' own clock. Raises UnreadableFeed."""
    try:
        told = datetime.fromisoformat(body["time"])
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableFeed("the answer does not tell QuickBooks' time; the cursor cannot move") from error
    if told.tzinfo is None:
        raise UnreadableFeed(f"QuickBooks' time {told} has no offset; the cursor cannot move")
    return told
