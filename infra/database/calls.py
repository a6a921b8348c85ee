"""Reads noted before they leave, and the calls that a realm's windows still hold when its owner changes."""

import uuid
from collections.abc import Sequence

from sqlalchemy import text

from consumers.records import RealmId
from infra.database.engine import Database
from infra.quickbooks.windows import PastCall
from schemas.kinds import TenantId

KEEP_SECONDS = 3600.0  # far longer than any window; older rows serve nobody

# Only for the tenant's owner: a former one, that does not know it yet, would spend what the present one counts on.
_NOTE = text("""
INSERT INTO read_call (id, tenant_id, realm, path)
SELECT CAST(:id AS text), CAST(:tenant AS text), CAST(:realm AS text), CAST(:path AS text)
 WHERE EXISTS (SELECT FROM lease WHERE tenant_id = CAST(:tenant AS text) AND fence = :fence)
RETURNING id
""")

_ANSWERED = text("UPDATE read_call SET answered_at = clock_timestamp() WHERE id = ANY(:ids)")

# The rows of one call id are one batch, and answered when all of them are. Served by attempt_sent and read_call_sent;
# statement_timestamp, because an index cannot be entered by a clock that goes on while it is read.
_RECENT = text("""
SELECT extract(epoch FROM clock_timestamp() - max(sent_at))::float8 AS left_ago,
       CASE WHEN bool_and(answered_at IS NOT NULL)
            THEN extract(epoch FROM clock_timestamp() - max(answered_at))::float8 END AS answered_ago,
       bool_or(bid IS NOT NULL) AS batch
  FROM attempt
 WHERE realm = :realm AND sent_at > statement_timestamp() - make_interval(secs => :seconds)
 GROUP BY call_id
UNION ALL
SELECT extract(epoch FROM clock_timestamp() - sent_at)::float8,
       extract(epoch FROM clock_timestamp() - answered_at)::float8,
       false
  FROM read_call
 WHERE realm = :realm AND sent_at > statement_timestamp() - make_interval(secs => :seconds)
""")

_PRUNE = text("DELETE FROM read_call WHERE sent_at < clock_timestamp() - make_interval(secs => :seconds)")


class Calls:
    """The calls of all workers, as the database saw them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note_read(self, *, tenant: TenantId, realm: RealmId, path: str, fence: int) -> str | None:
        """Store that a read is about to leave; its id, or None where the fence is no longer the tenant's."""
        values = {"id": uuid.uuid4().hex, "tenant": tenant, "realm": realm, "path": path, "fence": fence}
        async with self._database.transaction() as connection:
            return (await connection.execute(_NOTE, values)).scalar()

    async def read_answered(self, ids: Sequence[str]) -> None:
        """Store that these reads are over."""
        async with self._database.transaction() as connection:
            await connection.execute(_ANSWERED, {"ids": list(ids)})

    async def recent(self, realm: RealmId, *, seconds: float) -> Sequence[PastCall]:
        """Every call, read or write, of whichever worker, that was noted within so many seconds."""
        async with self._database.transaction() as connection:
            rows = await connection.execute(_RECENT, {"realm": realm, "seconds": seconds})
            return [PastCall(left_ago=row.left_ago, answered_ago=row.answered_ago, batch=row.batch) for row in rows]

    async def prune(self, *, keep_seconds: float = KEEP_SECONDS) -> int:
        """Forget reads older than that; how many. Reads the whole table, which this keeps short."""
        async with self._database.transaction() as connection:
            return (await connection.execute(_PRUNE, {"seconds": keep_seconds})).rowcount
