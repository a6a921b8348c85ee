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

# Every connected tenant has a row, so that whoever claims can lock it, and skip it where it is locked.
_ADD: Final = text("""
INSERT INTO lease (tenant_id, owner, session, fence, expires_at)
SELECT c.tenant_id, '', '', 0, '-infinity'
  FROM connection c
 WHERE c.state = 'connected' AND NOT EXISTS (SELECT FROM lease l WHERE l.tenant_id = c.tenant_id)
 ORDER BY c.tenant_id
    ON CONFLICT DO NOTHING
""")

# A tenant is due through a record, an open attempt's next step, or its poll; served by sync_record_due, attempt_open
# and the primary keys. Tenants that somebody is claiming at this moment, or settling under a lease that ran out, are
# skipped, not waited for. A process whose name was taken claims nothing: it would rob its successor. Nor does one that
# holds what the database has forgotten: that it went back in time is told (see `release`) before anybody acts on it.
CLAIM: Final = text("""
WITH due AS (
    SELECT l.tenant_id
      FROM lease l
      JOIN tenant t ON t.id = l.tenant_id
      JOIN connection c ON c.tenant_id = t.id AND c.state = 'connected'
     WHERE NOT EXISTS (SELECT FROM worker w WHERE w.name = :owner AND w.session <> :session)
       AND NOT EXISTS (SELECT FROM unnest(CAST(:tenants AS text[]), CAST(:fences AS bigint[])) AS ours (tenant, fence)
                         LEFT JOIN lease o ON o.tenant_id = ours.tenant
                        WHERE coalesce(o.fence, -1) < ours.fence)
       AND t.operator_pause IS NULL
       AND (t.paused_until IS NULL OR t.paused_until <= statement_timestamp())
       AND (l.expires_at <= statement_timestamp() OR (l.owner = :owner AND l.session <> :session))
       AND (coalesce(t.next_poll_at, '-infinity') <= statement_timestamp()
            OR EXISTS (SELECT FROM sync_record r
                        WHERE r.tenant_id = t.id AND r.revision <> r.settled_revision
                          AND coalesce(r.next_attempt_at, '-infinity') <= statement_timestamp())
            OR EXISTS (SELECT FROM attempt a
                        WHERE a.tenant_id = t.id AND a.outcome IS NULL AND a.next_step_at <= statement_timestamp()))
     ORDER BY t.next_poll_at NULLS FIRST
     LIMIT :limit
       FOR UPDATE OF l SKIP LOCKED)
UPDATE lease l
   SET owner = :owner, session = :session, expires_at = clock_timestamp() + make_interval(secs => :seconds),
       fence = greatest(l.fence + 1, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint))
  FROM due
 WHERE l.tenant_id = due.tenant_id
RETURNING l.tenant_id, l.fence
""")

# All of a worker's leases in one statement. One that somebody took meanwhile has another fence and is not renewed; nor
# is one that was given back while this was on its way, or its tenant would have nobody until it ran out.
_RENEW: Final = text("""
UPDATE lease l SET expires_at = clock_timestamp() + make_interval(secs => :seconds)
  FROM unnest(CAST(:tenants AS text[]), CAST(:fences AS bigint[])) AS ours (tenant, fence)
 WHERE l.tenant_id = ours.tenant AND l.fence = ours.fence AND l.expires_at > '-infinity'
RETURNING l.tenant_id, l.fence
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

# By fence: what this process claimed anew meanwhile stays.
_RELEASE: Final = text("""
UPDATE lease l SET expires_at = '-infinity'
  FROM unnest(CAST(:tenants AS text[]), CAST(:fences AS bigint[])) AS ours (tenant, fence)
 WHERE l.tenant_id = ours.tenant AND l.fence = ours.fence
RETURNING l.tenant_id
""")

_DISCONNECTED: Final = text("""
SELECT ours.tenant FROM unnest(CAST(:tenants AS text[])) AS ours (tenant)
 WHERE NOT EXISTS (SELECT FROM connection c WHERE c.tenant_id = ours.tenant AND c.state = 'connected')
""")

_ENTER: Final = text("""
INSERT INTO worker (name, session) VALUES (:owner, :session)
ON CONFLICT (name) DO UPDATE SET session = excluded.session, started_at = clock_timestamp(), seen_at = clock_timestamp()
""")

# No row at all is a database that was restored to before this process began: nobody has taken the name.
_SEEN: Final = text("""
INSERT INTO worker (name, session) VALUES (:owner, :session)
ON CONFLICT (name) DO UPDATE SET seen_at = clock_timestamp() WHERE worker.session = excluded.session
RETURNING name
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

    async def claim(self, *, limit: int, held: Mapping[TenantId, Fence]) -> Sequence[tuple[TenantId, Fence]]:
        """Take due tenants without an owner; a fence exceeds every fence before it, in a restored database too.

        `held`: what this process believes to hold already, or has still to give back.
        """
        wanted = {"seconds": self._seconds, "limit": limit, **self._who, **_arrays(held)}
        async with self._database.transaction() as connection:
            await connection.execute(_ADD)
            rows = await connection.execute(CLAIM, wanted)
            return [(TenantId(row.tenant_id), Fence(row.fence)) for row in rows]

    async def renew(self, held: Mapping[TenantId, Fence]) -> Mapping[TenantId, Fence]:
        """Renew; what is missing from the answer is lost."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(_RENEW, {"seconds": self._seconds, **_arrays(held)})
            return {TenantId(row.tenant_id): Fence(row.fence) for row in rows}

    async def release(self, held: Mapping[TenantId, Fence]) -> None:
        """Let go at once, so that nobody has to wait for a lease to run out.

        One that the database does not know was taken, or it is a database that went back in time: that is told here.
        """
        async with self._database.transaction() as connection:
            known = set((await connection.execute(_RELEASE, _arrays(held))).scalars())
            unknown = {tenant: fence for tenant, fence in held.items() if tenant not in known}
            if unknown:
                await self._look_back(connection, unknown)

    async def _look_back(self, connection: AsyncConnection, held: Mapping[TenantId, Fence]) -> None:
        behind = (await connection.execute(_BEHIND, _arrays(held))).scalar()
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

    async def disconnected(self, tenants: Collection[TenantId]) -> frozenset[TenantId]:
        """Those of these tenants whose connection has ended: nobody can act for them."""
        async with self._database.transaction() as connection:
            return frozenset((await connection.execute(_DISCONNECTED, {"tenants": list(tenants)})).scalars())

    async def leave(self) -> None:
        """This worker is gone; the others' shares grow."""
        async with self._database.transaction() as connection:
            await connection.execute(_LEAVE, self._who)


def _arrays(held: Mapping[TenantId, Fence]) -> dict[str, object]:
    return {"tenants": list(held), "fences": list(held.values())}
