"""One answer of QuickBooks' change feed, stored with everything that follows from it, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import Record, RecordKey, State
from infra.database import readings, receipts, returns, unlinked
from infra.database.books import check_fence
from infra.database.engine import Database
from infra.database.returns import Invoice
from infra.database.rows import key_of, record_of, select_records
from producers.changes import Changes, Row
from producers.ports import Lacking, Start, Stored
from schemas.kinds import TenantId

OBJECTS: Final = ("Customer", "Vendor", "Item", "Invoice")
"""Types that records are linked to; payments are kept apart."""

_START: Final = text("""
SELECT coalesce(k.changed_since, c.connected_at) AS at, k.changed_since IS NOT NULL AS is_cursor
  FROM connection c
  LEFT JOIN cursor k ON k.realm = c.realm AND k.feed = 'cdc'
 WHERE c.tenant_id = :tenant AND c.realm = :realm
""")

# By QuickBooks' clock; it never moves back.
_MOVE: Final = text("""
INSERT INTO cursor AS k (realm, feed, tenant_id, changed_since) VALUES (:realm, 'cdc', :tenant, :at)
ON CONFLICT (realm, feed) DO UPDATE SET changed_since = greatest(k.changed_since, excluded.changed_since)
""")

# One look into link_object for each, then into the primary key of sync_record. Locked in the one order in which
# everybody locks.
LINKED: Final = select_records("""
 WHERE l.realm = :realm
   AND (r.tenant_id, r.kind, r.klipboard_id) IN (
       SELECT found.tenant_id, found.kind, found.klipboard_id
         FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[])) AS shown (type, id)
        CROSS JOIN LATERAL (
              SELECT * FROM link
               WHERE link.ledger = 'quickbooks' AND link.realm = :realm
                 AND link.type = shown.type AND link.quickbooks_id = shown.id
               LIMIT 1) AS found)
 ORDER BY r.tenant_id COLLATE "C", r.kind COLLATE "C", r.klipboard_id COLLATE "C"
   FOR UPDATE OF r
""")

# Served by the partial index attempt_open.
_OPEN: Final = text("SELECT tenant_id, kind, klipboard_id FROM attempt WHERE tenant_id = :tenant AND outcome IS NULL")

# One look into attempt_echo for each.
_ECHOES: Final = text("""
SELECT shown.type, shown.id AS quickbooks_id
  FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]), CAST(:tokens AS text[])) AS shown (type, id, token)
 CROSS JOIN LATERAL (
       SELECT FROM attempt
        WHERE attempt.realm = :realm AND attempt.type = shown.type AND attempt.quickbooks_id = shown.id
          AND attempt.token_answered = shown.token
        LIMIT 1) AS answered
""")

_READ_AGAIN: Final = text("""
UPDATE sync_record SET reread = true
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id AND NOT reread
""")

# Both served by indexes that begin with realm (and type).
_KNOWN: Final = text("""
SELECT quickbooks_id FROM link WHERE ledger = 'quickbooks' AND realm = :realm AND type = :type
UNION
SELECT quickbooks_id FROM quickbooks_only WHERE realm = :realm AND type = :type AND deleted_at IS NULL
UNION
SELECT payment_id FROM payment_application
 WHERE realm = :realm AND payment_type = :type AND reason IS DISTINCT FROM 'deleted'
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the database knows of the objects in an answer; their records are locked."""

    linked: Mapping[tuple[str, str], Record]
    busy: frozenset[RecordKey]
    """Records of which an attempt is open, or its outcome unknown."""
    echoes: frozenset[tuple[str, str]]


class FeedStore:
    """`producers.ports.ReturnStore` over PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, *, tenant: TenantId, realm: str) -> Start:
        """The cursor, or when the company was connected."""
        async with self._database.transaction() as connection:
            row = (await connection.execute(_START, {"tenant": tenant, "realm": realm})).one_or_none()
        if row is None:
            raise LookupError(f"tenant {tenant} is not connected to QuickBooks company {realm}; connect it first")
        return Start(at=row.at, is_cursor=row.is_cursor)

    async def known(self, *, realm: str, type_: str) -> frozenset[str]:
        """Ids of that type which are believed to exist."""
        async with self._database.transaction() as connection:
            return frozenset((await connection.execute(_KNOWN, {"realm": realm, "type": type_})).scalars())

    async def store(self, *, tenant: TenantId, realm: str, fence: int, changes: Changes) -> Stored:
        """Deletions first, then payments, then the objects, then what is to be told, and the cursor last."""
        async with self._database.transaction() as connection:
            # Locked to the end: a settle of the same owner waits, so neither overlooks what the other links or stores.
            await check_fence(connection, tenant, fence)
            storing = _Storing(connection, tenant=tenant, realm=realm, changes=changes)
            stored = await storing.all()
            await connection.execute(_MOVE, {"realm": realm, "tenant": tenant, "at": changes.server_time})
            return stored


class _Storing:
    """One transaction's work on one answer."""

    def __init__(self, connection: AsyncConnection, *, tenant: TenantId, realm: str, changes: Changes) -> None:
        self._connection = connection
        self._tenant = tenant
        self._realm = realm
        self._changes, flaws = changes.sound()
        self._unreadable = list(flaws)
        self._paid_at: Mapping[str, datetime] = {}

    async def all(self) -> Stored:
        """Store it. Raises Lacking: the transaction is rolled back, and comes again with what it lacked."""
        received = await receipts.receive(
            self._connection, tenant=self._tenant, realm=self._realm, changes=self._changes
        )
        self._unreadable += received.unreadable
        self._paid_at = received.changed
        touched = await returns.store_payments(
            self._connection, tenant=self._tenant, realm=self._realm, found=received.found
        )
        known = await self._known(touched)
        await self._deleted(known)
        await self._alive(known)
        published = await self._told(known, touched)
        return Stored(rows=len(self._changes.rows), published=published, unreadable=tuple(self._unreadable))

    async def _known(self, touched: Iterable[str]) -> _Known:
        rows = [row for row in self._changes.rows if row.type in OBJECTS]
        wanted = sorted({(row.type, row.id) for row in rows} | {("Invoice", id_) for id_ in touched})
        objects = {"realm": self._realm, "types": [one for one, _ in wanted], "ids": [one for _, one in wanted]}
        records = [record_of(row) for row in (await self._connection.execute(LINKED, objects)).mappings()]
        open_ = (await self._connection.execute(_OPEN, {"tenant": self._tenant})).mappings()
        alive = [row for row in rows if not row.deleted]
        echoes = await self._connection.execute(
            _ECHOES,
            {
                "realm": self._realm,
                "types": [row.type for row in alive],
                "ids": [row.id for row in alive],
                "tokens": [str(row.object["SyncToken"]) for row in alive],
            },
        )
        return _Known(
            linked={(record.link.type, record.link.id): record for record in records if record.link is not None},
            busy=frozenset(map(key_of, open_)) | {record.key for record in records if record.state is State.UNKNOWN},
            echoes=frozenset((row.type, row.quickbooks_id) for row in echoes),
        )

    async def _deleted(self, known: _Known) -> None:
        gone = [row for row in self._changes.deletions if row.type in OBJECTS]
        strangers = [row for row in gone if (row.type, row.id) not in known.linked]
        await unlinked.mark_deleted(self._connection, tenant=self._tenant, realm=self._realm, rows=strangers)
        await self._apply(gone, known)

    async def _alive(self, known: _Known) -> None:
        rows = self._changes.live(*OBJECTS)
        strangers = [row for row in rows if (row.type, row.id) not in known.linked]
        await unlinked.keep(self._connection, tenant=self._tenant, realm=self._realm, rows=strangers)
        await self._apply(rows, known)

    async def _apply(self, rows: Sequence[Row], known: _Known) -> None:
        for row in rows:
            record = known.linked.get((row.type, row.id))
            if record is None:
                continue
            if record.key in known.busy:
                # Left alone: what the attempt did is not known, so nobody can say whose change this is.
                await self._connection.execute(_READ_AGAIN, _names(record.key))
                continue
            applied = await readings.apply(
                self._connection,
                record=record,
                object=row.object,
                server_time=self._changes.server_time,
                echo=(row.type, row.id) in known.echoes,
                tell=False,  # told below, once for the whole answer
            )
            self._unreadable += [applied.unreadable] if applied.unreadable else []

    async def _told(self, known: _Known, touched: frozenset[str]) -> int:
        rows = {row.id: row for row in self._changes.rows if row.type == "Invoice"}
        invoices = [
            self._invoice(known.linked["Invoice", id_], id_, rows.get(id_))
            for id_ in sorted(touched | rows.keys())
            if ("Invoice", id_) in known.linked
        ]
        telling = await returns.tell(self._connection, realm=self._realm, invoices=invoices)
        if telling.lacking:
            raise Lacking(invoices=telling.lacking)
        self._unreadable += telling.unreadable
        return telling.published

    def _invoice(self, record: Record, id_: str, row: Row | None) -> Invoice:
        read = self._changes.read_after.get(id_)
        if read is not None:
            return Invoice(key=record.key, id=id_, shown=read.object, certain=True)
        shown = _newest(row.object if row is not None else None, record.seen)
        # Its balance is not told before the last payment in this answer that is applied to it.
        return Invoice(key=record.key, id=id_, shown=shown, not_before=self._paid_at.get(id_))


def _newest(shown: Mapping[str, Any] | None, seen: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if shown is None or seen is None or shown.get("status") == "Deleted":
        return shown if shown is not None else seen
    return max(seen, shown, key=lambda one: int(one["SyncToken"]))


def _names(key: RecordKey) -> dict[str, Any]:
    return {"tenant": key.tenant, "kind": key.kind.value, "id": key.id}
