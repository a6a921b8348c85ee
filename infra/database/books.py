"""The stored records, attempts and links as the reconciler sees them."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.attempts import Attempt, Lease, TenantView, Verb
from consumers.books import FenceLost
from consumers.records import Fence, Link, RealmId, Record, RecordKey, RequestId, SyncToken
from infra.database.engine import Database
from infra.database.rows import key_arrays, key_of, record_of, select_records
from infra.database.settling import OwnerTransaction
from schemas import exact
from schemas.kinds import Kind, KlipboardId, TenantId

# The transactions under one fence go one after the other. A statement of its own: the next one must see the lease as
# it is once the lock is ours, and a statement sees what was committed when it began.
_TURN: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('owner/' || :tenant, CAST(:fence AS bigint)))")

# Held to the end of the transaction: a new owner's claim skips the locked row, so no settle of the old owner can
# commit after the claim; renewals pass, because what they change is no key. A lease that ran out is refused too: of a
# suspended worker's transactions, which the server ends one by one, none may lock the row anew. Served by the primary
# key.
_FENCE: Final = text("""
SELECT 1 FROM lease
 WHERE tenant_id = :tenant AND fence = CAST(:fence AS bigint) AND expires_at > clock_timestamp()
   FOR KEY SHARE
""")

_VIEW: Final = text("""
SELECT t.id, t.currency, t.income_account, t.polled_at, t.next_poll_at, t.rewound_at, t.rewound_to, t.settings, c.realm,
       clock_timestamp() AS now
  FROM tenant t
  JOIN connection c ON c.tenant_id = t.id AND c.state = 'connected'
 WHERE t.id = :tenant
   AND t.operator_pause IS NULL
   AND (t.paused_until IS NULL OR t.paused_until <= clock_timestamp())
""").columns(settings=JSONB)

# The order in which things need each other.
_ORDER: Final = """
 ORDER BY array_position(ARRAY['client', 'supplier', 'item', 'client_location', 'invoice'], r.kind),
          r.next_attempt_at NULLS FIRST, r.klipboard_id
"""

# The keys are chosen first, by the partial index sync_record_due and attempt_open; only what is taken is read whole.
# statement_timestamp, because an index cannot be entered by a clock that goes on while it is read.
DUE: Final = select_records(f"""
 WHERE (r.tenant_id, r.kind, r.klipboard_id) IN (
       SELECT r.tenant_id, r.kind, r.klipboard_id FROM sync_record r
        WHERE r.tenant_id = :tenant
          AND r.revision <> r.settled_revision
          AND coalesce(r.next_attempt_at, '-infinity') <= statement_timestamp()
          AND NOT EXISTS (SELECT FROM attempt a
                           WHERE a.tenant_id = r.tenant_id AND a.kind = r.kind AND a.klipboard_id = r.klipboard_id
                             AND a.outcome IS NULL)
          AND (r.tenant_id, r.kind, r.klipboard_id) NOT IN (
              SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:kinds AS text[]), CAST(:ids AS text[])))
        {_ORDER} LIMIT :limit)
 {_ORDER}
""")  # noqa: S608 - our own constant

# One look into the primary key of link for each; see `rows.select_records` about LIMIT 1.
_LINKS: Final = text("""
SELECT l.kind, l.klipboard_id, l.realm, l.type, l.quickbooks_id, l.token
  FROM unnest(CAST(:kinds AS text[]), CAST(:ids AS text[])) AS wanted (kind, id)
 CROSS JOIN LATERAL (
       SELECT * FROM link
        WHERE link.ledger = 'quickbooks' AND link.realm = :realm AND link.tenant_id = :tenant
          AND link.kind = wanted.kind AND link.klipboard_id = wanted.id
        LIMIT 1) AS l
""")

# Served by link_object.
_LINKED: Final = text("""
SELECT quickbooks_id FROM link
 WHERE ledger = 'quickbooks' AND realm = :realm AND type = :type AND quickbooks_id = ANY(CAST(:ids AS text[]))
""")

_PAID: Final = text("""
SELECT EXISTS (SELECT FROM payment_application
                WHERE realm = :realm AND txn_type = 'Invoice' AND txn_id = :invoice AND state = 'applied')
""")

_REMEMBER: Final = text("""
INSERT INTO attempt (id, call_id, tenant_id, kind, klipboard_id, operation, note, type, path, request_id, body, fields,
                     planned_revision, first_version, last_version, realm, fence, first_sent_at, sent_at, repeats,
                     next_step_at, quickbooks_id)
VALUES (:id, :id, :tenant, :kind, :klipboard_id, :verb, :note, :type, :path, :request_id, :body,
        CAST(:fields AS jsonb), :planned_revision, :first_version, :last_version, :realm, :fence, clock_timestamp(),
        clock_timestamp(), :repeats, clock_timestamp() + make_interval(secs => :next_step_in), :quickbooks_id)
ON CONFLICT (id) DO UPDATE
   SET sent_at = clock_timestamp(), fence = excluded.fence, repeats = excluded.repeats,
       next_step_at = excluded.next_step_at
 WHERE attempt.outcome IS NULL
RETURNING id
""")

# What it waited for, or was refused for, is over: a person must not read that while an answer is awaited.
_ON_ITS_WAY: Final = text("""
UPDATE sync_record SET state = 'pending', cause = NULL, next_step = NULL
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :klipboard_id
   AND state IN ('waiting', 'failed', 'refused')
""")

# Served by the partial unique index attempt_open.
_OPEN: Final = text("""
SELECT * FROM attempt
 WHERE tenant_id = :tenant AND outcome IS NULL AND next_step_at <= clock_timestamp()
 ORDER BY next_step_at
""").columns(fields=JSONB)

_UNLINKED: Final = text("""
SELECT seen FROM quickbooks_only
 WHERE realm = :realm AND type = :type AND first_seen_at >= :since AND deleted_at IS NULL
""").columns(seen=JSONB)

# The two moments are of our clock, the objects' of QuickBooks': five minutes are allowed between them.
_MADE_BETWEEN: Final = text("""
SELECT seen FROM quickbooks_only
 WHERE realm = :realm AND type = :type AND deleted_at IS NULL
   AND CAST(seen -> 'MetaData' ->> 'CreateTime' AS timestamptz)
       BETWEEN CAST(:since AS timestamptz) - interval '5 minutes' AND CAST(:until AS timestamptz) + interval '5 minutes'
""").columns(seen=JSONB)

_DELETED: Final = text("""
SELECT EXISTS (SELECT FROM quickbooks_only WHERE realm = :realm AND type = :type AND deleted_at >= :since)
""")

# Served by the partial index sync_record_reread, then by the primary key of link.
_REREADS: Final = text("""
SELECT r.tenant_id, r.kind, r.klipboard_id, l.realm, l.type, l.quickbooks_id, l.token
  FROM sync_record r
  JOIN connection c ON c.tenant_id = r.tenant_id
 CROSS JOIN LATERAL (
       SELECT * FROM link
        WHERE link.ledger = 'quickbooks' AND link.realm = c.realm AND link.tenant_id = r.tenant_id
          AND link.kind = r.kind AND link.klipboard_id = r.klipboard_id
        LIMIT 1) AS l
 WHERE r.tenant_id = :tenant AND r.reread
   AND NOT EXISTS (SELECT FROM attempt a
                    WHERE a.tenant_id = r.tenant_id AND a.kind = r.kind AND a.klipboard_id = r.klipboard_id
                      AND a.outcome IS NULL)
 LIMIT 20
""")


async def check_fence(connection: AsyncConnection, tenant: TenantId, fence: int) -> None:
    """Raise `FenceLost` unless the fence is the tenant's current one; keep it current until the transaction ends."""
    about = {"tenant": tenant, "fence": fence}
    await connection.execute(_TURN, about)
    if (await connection.execute(_FENCE, about)).first() is None:
        raise FenceLost(tenant)


class StoredBooks:
    """`consumers.books.Books` over PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def settling(self, lease: Lease) -> AsyncIterator[OwnerTransaction]:
        """One transaction under the lease's fence."""
        async with self._database.transaction() as connection:
            await check_fence(connection, lease.tenant, lease.fence)
            yield OwnerTransaction(connection)

    async def view(self, tenant: TenantId) -> TenantView | None:
        """The tenant when it is connected and not paused."""
        row = await self._first(_VIEW, tenant=tenant)
        if row is None:
            return None
        known = {name: value for name, value in row.items() if name not in {"id", "realm"}}
        return TenantView(id=tenant, realm=RealmId(row["realm"]), **known)

    async def due(self, tenant: TenantId, *, limit: int, besides: Collection[RecordKey]) -> Sequence[Record]:
        """Due records without an open attempt."""
        rows = await self._all(DUE, tenant=tenant, limit=limit, **key_arrays(list(besides)))
        return [record_of(row) for row in rows]

    async def links(
        self, tenant: TenantId, realm: RealmId, wanted: Collection[tuple[Kind, KlipboardId]]
    ) -> Mapping[tuple[Kind, KlipboardId], Link]:
        """Those of the wanted records that live in this realm."""
        kinds, ids = [kind.value for kind, _ in wanted], [id_ for _, id_ in wanted]
        rows = await self._all(_LINKS, tenant=tenant, realm=realm, kinds=kinds, ids=ids) if wanted else []
        return {
            (Kind(row["kind"]), KlipboardId(row["klipboard_id"])): Link(
                realm=realm, type=row["type"], id=row["quickbooks_id"], token=SyncToken(row["token"])
            )
            for row in rows
        }

    async def linked(self, realm: RealmId, type_: str, ids: Collection[str]) -> frozenset[str]:
        """Those of these objects that belong to a record already."""
        rows = await self._all(_LINKED, realm=realm, type=type_, ids=list(ids)) if ids else []
        return frozenset(row["quickbooks_id"] for row in rows)

    async def paid(self, realm: RealmId, invoice: str) -> bool:
        """Whether payments are applied to this QuickBooks invoice."""
        row = await self._first(_PAID, realm=realm, invoice=invoice)
        return row is not None and bool(row["exists"])

    async def remember(self, attempt: Attempt, *, next_step_in: float) -> None:
        """Store the attempt, or that it leaves once more."""
        async with self._database.transaction() as connection:
            await check_fence(connection, attempt.key.tenant, attempt.fence)
            row = _attempt_row(attempt)
            stored = await connection.execute(_REMEMBER, row | {"next_step_in": next_step_in})
            if stored.first() is None:
                msg = f"request id {attempt.request_id} of {attempt.key.subject} was settled before; this is a bug"
                raise RuntimeError(msg)
            await connection.execute(_ON_ITS_WAY, {name: row[name] for name in ("tenant", "kind", "klipboard_id")})

    async def open_attempts(self, tenant: TenantId) -> Sequence[Attempt]:
        """Open attempts whose next step has come."""
        return [_attempt_of(row) for row in await self._all(_OPEN, tenant=tenant)]

    async def unlinked(self, realm: RealmId, type_: str, *, since: datetime) -> Sequence[Mapping[str, Any]]:
        """Objects that belong to no record, first seen since then."""
        return [row["seen"] for row in await self._all(_UNLINKED, realm=realm, type=type_, since=since)]

    async def made_between(
        self, realm: RealmId, type_: str, *, since: datetime, until: datetime
    ) -> Sequence[Mapping[str, Any]]:
        """Objects that belong to no record, made then by QuickBooks' clock."""
        rows = await self._all(_MADE_BETWEEN, realm=realm, type=type_, since=since, until=until)
        return [row["seen"] for row in rows]

    async def deleted_since(self, realm: RealmId, type_: str, *, since: datetime) -> bool:
        """Whether an object that belonged to no record was deleted since then."""
        row = await self._first(_DELETED, realm=realm, type=type_, since=since)
        return row is not None and bool(row["exists"])

    async def rereads(self, tenant: TenantId) -> Sequence[tuple[RecordKey, Link]]:
        """Linked records that the change feed showed while an attempt was open, which has closed since."""
        return [
            (key_of(row), Link(realm=row["realm"], type=row["type"], id=row["quickbooks_id"], token=row["token"]))
            for row in await self._all(_REREADS, tenant=tenant)
        ]

    async def _all(self, statement: Any, **parameters: Any) -> Sequence[RowMapping]:  # noqa: ANN401
        async with self._database.transaction() as connection:
            return (await connection.execute(statement, parameters)).mappings().all()

    async def _first(self, statement: Any, **parameters: Any) -> RowMapping | None:  # noqa: ANN401
        rows = await self._all(statement, **parameters)
        return rows[0] if rows else None


def _attempt_row(attempt: Attempt) -> dict[str, Any]:
    return {
        "id": attempt.id,
        "tenant": attempt.key.tenant,
        "kind": attempt.key.kind.value,
        "klipboard_id": attempt.key.id,
        "verb": attempt.verb.value,
        "note": attempt.note,
        "type": attempt.type,
        "path": attempt.path,
        "request_id": attempt.request_id,
        "body": attempt.body,
        "fields": exact.dumps(attempt.fields),
        "planned_revision": attempt.planned_revision,
        "first_version": attempt.first_version,
        "last_version": attempt.last_version,
        "realm": attempt.realm,
        "fence": attempt.fence,
        "repeats": attempt.repeats,
        "quickbooks_id": exact.loads(attempt.body).get("Id"),
    }


def _attempt_of(row: RowMapping) -> Attempt:
    return Attempt(
        id=row["id"],
        key=key_of(row),
        verb=Verb(row["operation"]),
        note=row["note"],
        type=row["type"],
        path=row["path"],
        request_id=RequestId(row["request_id"]),
        body=bytes(row["body"]),
        fields=row["fields"],
        planned_revision=row["planned_revision"],
        first_version=row["first_version"],
        last_version=row["last_version"],
        realm=RealmId(row["realm"]),
        fence=Fence(row["fence"]),
        first_sent_at=row["first_sent_at"],
        sent_at=row["sent_at"],
        repeats=row["repeats"],
    )
