"""Who owns which tenant. Every time here is by the database's clock; a holder's own never decides for others."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import Fence
from infra.database import rewinds
from infra.database.engine import Database
from schemas.kinds import TenantId

_log = structlog.get_logger("klipsync.leases")

# A tenant is due through a record, an open attempt's next step, or its poll; served by sync_record_due, attempt_open
# and the primary keys. Tenants that somebody is claiming at this moment are skipped, not waited for.
CLAIM: Final = text("""
WITH due AS (
    SELECT t.id
      FROM tenant t
      JOIN connection c ON c.tenant_id = t.id AND c.state = 'connected'
      LEFT JOIN lease l ON l.tenant_id = t.id
     WHERE t.operator_pause IS NULL
       AND (t.paused_until IS NULL OR t.paused_until <= clock_timestamp())
       AND (l.tenant_id IS NULL OR l.expires_at <= clock_timestamp() OR (l.owner = :owner AND l.session <> :session))
       AND (coalesce(t.next_poll_at, '-infinity') <= clock_timestamp()
            OR EXISTS (SELECT FROM sync_record r
                        WHERE r.tenant_id = t.id AND r.revision <> r.settled_revision
                          AND coalesce(r.next_attempt_at, '-infinity') <= clock_timestamp())
            OR EXISTS (SELECT FROM attempt a
                        WHERE a.tenant_id = t.id AND a.outcome IS NULL AND a.next_step_at <= clock_timestamp()))
     ORDER BY t.next_poll_at NULLS FIRST
     LIMIT :limit
       FOR NO KEY UPDATE OF t SKIP LOCKED)
INSERT INTO lease (tenant_id, owner, session, fence, expires_at)
SELECT due.id, :owner, :session, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint),
       clock_timestamp() + make_interval(secs => :seconds)
  FROM due
ON CONFLICT (tenant_id) DO UPDATE
   SET owner = excluded.owner, session = excluded.session, expires_at = excluded.expires_at,
       fence = greatest(lease.fence + 1, excluded.fence)
 WHERE lease.expires_at <= clock_timestamp() OR (lease.owner = excluded.owner AND lease.session <> excluded.session)
RETURNING tenant_id, fence
""")

# All of a worker's leases in one statement; one that somebody took meanwhile has another session and is not renewed.
_RENEW: Final = text("""
UPDATE lease SET expires_at = clock_timestamp() + make_interval(secs => :seconds)
 WHERE owner = :owner AND session = :session AND tenant_id = ANY(CAST(:tenants AS text[]))
RETURNING tenant_id, fence
""")

# A fence only grows, by the clock, in a restored database too: a row below ours, or none, is from before we claimed.
_BEHIND: Final = text("""
SELECT coalesce(l.expires_at, '-infinity') AS expires_at
  FROM unnest(CAST(:tenants AS text[]), CAST(:fences AS bigint[])) AS ours (tenant, fence)
  LEFT JOIN lease l ON l.tenant_id = ours.tenant
 WHERE coalesce(l.fence, -1) < ours.fence
 ORDER BY 1
 LIMIT 1
""")

_RELEASE: Final = text("""
UPDATE lease SET expires_at = '-infinity'
 WHERE owner = :owner AND session = :session AND tenant_id = ANY(CAST(:tenants AS text[]))
""")

_ENTER: Final = text("""
INSERT INTO worker (name, session) VALUES (:owner, :session)
ON CONFLICT (name) DO UPDATE SET session = excluded.session, started_at = clock_timestamp(), seen_at = clock_timestamp()
""")

_SEEN: Final = text("""
UPDATE worker SET seen_at = clock_timestamp() WHERE name = :owner AND session = :session RETURNING name
""")

_LEAVE: Final = text("DELETE FROM worker WHERE name = :owner AND session = :session")

_SHARE: Final = text("""
SELECT ceil((SELECT count(*) FROM connection WHERE state = 'connected')::numeric
            / greatest(1, (SELECT count(*) FROM worker
                            WHERE seen_at > clock_timestamp() - make_interval(secs => :seconds))))::int
""")


class Leases:
    """The leases of one worker process: `owner` is the worker's stable name, `session` this process."""

    def __init__(self, database: Database, *, owner: str, session: str, seconds: float) -> None:
        self._database = database
        self._who = {"owner": owner, "session": session}
        self._seconds = seconds

    async def enter(self) -> None:
        """Say that this process is the worker of that name now; an older one of the same name will notice and stop."""
        async with self._database.transaction() as connection:
            await connection.execute(_ENTER, self._who)

    async def still_ours(self) -> bool:
        """Whether no newer process has taken this worker's name."""
        async with self._database.transaction() as connection:
            return (await connection.execute(_SEEN, self._who)).first() is not None

    async def fair_share(self) -> int:
        """How many tenants this worker should own: connected tenants over live workers, rounded up."""
        async with self._database.transaction() as connection:
            return int((await connection.execute(_SHARE, {"seconds": self._seconds})).scalar_one())

    async def claim(self, *, limit: int) -> Sequence[tuple[TenantId, Fence]]:
        """Take due tenants without an owner; a fence exceeds every fence before it, in a restored database too."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(CLAIM, self._who | {"seconds": self._seconds, "limit": limit})
            return [(TenantId(row.tenant_id), Fence(row.fence)) for row in rows]

    async def renew(self, held: Mapping[TenantId, Fence]) -> Mapping[TenantId, Fence]:
        """Renew; what is missing from the answer is lost. A database that went back in time is noticed here too."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(_RENEW, self._who | {"seconds": self._seconds, "tenants": list(held)})
            renewed = {TenantId(row.tenant_id): Fence(row.fence) for row in rows}
            if any(renewed.get(tenant) != fence for tenant, fence in held.items()):
                await self._look_back(connection, held)
            return renewed

    async def _look_back(self, connection: AsyncConnection, held: Mapping[TenantId, Fence]) -> None:
        ours = {"tenants": list(held), "fences": list(held.values())}
        behind = (await connection.execute(_BEHIND, ours)).scalar()
        if behind is None:
            return
        _log.error(
            "The database went back in time; QuickBooks is read before anything is created there",
            action="rewound",
            alarm="database_went_back",
        )
        # A lease outlives its last renewal by its own length, so that renewal is the last that is remembered.
        to = behind - timedelta(seconds=self._seconds) if behind.tzinfo is not None and behind.year > 1 else None
        await rewinds.mark(connection, to=to)

    async def release(self, tenants: Collection[TenantId]) -> None:
        """Let go at once, so that nobody has to wait for the lease to run out."""
        async with self._database.transaction() as connection:
            await connection.execute(_RELEASE, self._who | {"tenants": list(tenants)})

    async def leave(self) -> None:
        """This worker is gone; the others' shares grow."""
        async with self._database.transaction() as connection:
            await connection.execute(_LEAVE, self._who)
