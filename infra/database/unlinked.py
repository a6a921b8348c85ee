"""Objects of QuickBooks that belong to no record: counted, listed, and claimed when a record turns out to be theirs."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from producers.changes import Row
from schemas import exact
from schemas.kinds import TenantId

_NAME_FIELDS: Final = {
    "Customer": "DisplayName",
    "Vendor": "DisplayName",
    "Item": "Name",
    "Invoice": "DocNumber",
    "Payment": "PaymentRefNum",
}

# Served by the primary key. Rows are written in key order, so that two transactions never wait for each other in a
# ring. What did not change is not written: the overlap brings most rows again and again.
_KEEP: Final = text("""
INSERT INTO quickbooks_only AS o (realm, type, quickbooks_id, tenant_id, name, token, seen)
SELECT :realm, n.type, n.id, :tenant, n.name, n.token, CAST(n.seen AS jsonb)
  FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]), CAST(:names AS text[]), CAST(:tokens AS text[]),
              CAST(:seen AS text[])) AS n (type, id, name, token, seen)
 ORDER BY n.type, n.id
ON CONFLICT (realm, type, quickbooks_id) DO UPDATE
   SET name = excluded.name, token = excluded.token, seen = excluded.seen
 WHERE o.seen <> excluded.seen AND CAST(o.token AS bigint) <= CAST(excluded.token AS bigint)
""")

# An object that was made and deleted between two polls is kept too: its create may be one whose answer was lost.
_MARK_DELETED: Final = text("""
INSERT INTO quickbooks_only AS o (realm, type, quickbooks_id, tenant_id, token, seen, deleted_at)
SELECT :realm, n.type, n.id, :tenant, '0', CAST(n.seen AS jsonb), clock_timestamp()
  FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]), CAST(:seen AS text[])) AS n (type, id, seen)
 ORDER BY n.type, n.id
ON CONFLICT (realm, type, quickbooks_id) DO UPDATE
   SET deleted_at = clock_timestamp()
 WHERE o.deleted_at IS NULL
""")

# Served by the primary key.
_KEPT: Final = text("""
SELECT quickbooks_id, seen FROM quickbooks_only
 WHERE realm = :realm AND type = :type AND deleted_at IS NULL
 ORDER BY quickbooks_id
""").columns(seen=JSONB)

_FORGET: Final = text("""
DELETE FROM quickbooks_only WHERE realm = :realm AND type = :type AND quickbooks_id = ANY(CAST(:ids AS text[]))
""")

_CLAIM: Final = text("""
DELETE FROM quickbooks_only
 WHERE realm = :realm AND type = :type AND quickbooks_id = :id
RETURNING seen, token, deleted_at
""").columns(seen=JSONB)


async def keep(connection: AsyncConnection, *, tenant: TenantId, realm: str, rows: Collection[Row]) -> None:
    """Remember live objects that belong to no record."""
    if not rows:
        return
    await connection.execute(
        _KEEP,
        {
            "realm": realm,
            "tenant": tenant,
            "types": [row.type for row in rows],
            "ids": [row.id for row in rows],
            "names": [_name(row) for row in rows],
            "tokens": [str(row.object["SyncToken"]) for row in rows],
            "seen": [exact.dumps(row.object) for row in rows],
        },
    )


async def mark_deleted(connection: AsyncConnection, *, tenant: TenantId, realm: str, rows: Collection[Row]) -> None:
    """Remember that objects which belong to no record were deleted."""
    if not rows:
        return
    await connection.execute(
        _MARK_DELETED,
        {
            "realm": realm,
            "tenant": tenant,
            "types": [row.type for row in rows],
            "ids": [row.id for row in rows],
            "seen": [exact.dumps(row.object) for row in rows],
        },
    )


async def kept(connection: AsyncConnection, *, realm: str, type: str) -> Sequence[Row]:  # noqa: A002 - QuickBooks' word
    """The live objects of that type that belong to no record."""
    found = await connection.execute(_KEPT, {"realm": realm, "type": type})
    return [Row(type=type, id=row.quickbooks_id, object=row.seen) for row in found]


async def forget(connection: AsyncConnection, *, realm: str, type: str, ids: Collection[str]) -> None:  # noqa: A002
    """These objects are kept elsewhere by now."""
    if ids:
        await connection.execute(_FORGET, {"realm": realm, "type": type, "ids": sorted(ids)})


async def claim_only(connection: AsyncConnection, *, realm: str, type: str, id: str) -> Mapping[str, Any] | None:  # noqa: A002 - QuickBooks' words
    """The object belongs to a record now: forget it here, and return how the feed showed it last (None: it did not).

    One that was deleted since comes back as the feed's stub (`status` "Deleted"), with the last known SyncToken.
    """
    found = (await connection.execute(_CLAIM, {"realm": realm, "type": type, "id": id})).one_or_none()
    if found is None:
        return None
    seen: Mapping[str, Any] = found.seen
    return seen if found.deleted_at is None else {"Id": id, "status": "Deleted", "SyncToken": found.token}


def _name(row: Row) -> str | None:
    name = row.object.get(_NAME_FIELDS[row.type])
    return None if name is None else str(name)
