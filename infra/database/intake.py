"""Intake's tables: records, tenants and offsets, changed together or not at all."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.ports import Place
from consumers.records import Record, RecordKey
from infra.database import outbox, rewinds, rows
from infra.database.engine import Database
from schemas import exact
from schemas.envelope import Message
from schemas.kinds import TenantId

DUE_CHANNEL: Final = "klipsync_due"
"""What is notified, when a fold commits, once for each of its tenants; the payload is the tenant's id."""

_PLACES: Final = "unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]))"

_ADD_PLACES: Final = text(f"""
INSERT INTO intake_offset (cluster_id, topic, partition)
SELECT :cluster, p.topic, p.partition FROM {_PLACES} AS p (topic, partition)
 ORDER BY p.topic, p.partition
    ON CONFLICT DO NOTHING
""")  # noqa: S608 - our own constant

# Served by the primary key of intake_offset.
_LOCK_PLACES: Final = text(f"""
SELECT o.topic, o.partition, o.next_offset FROM intake_offset o
 WHERE o.cluster_id = :cluster AND (o.topic, o.partition) IN (SELECT * FROM {_PLACES})
 ORDER BY o.topic, o.partition
   FOR UPDATE
""")  # noqa: S608

_STORED: Final = text(f"""
SELECT o.cluster_id, o.topic, o.partition, o.next_offset FROM intake_offset o
 WHERE (o.topic, o.partition) IN (SELECT * FROM {_PLACES})
""")  # noqa: S608

_MOVE: Final = text("""
UPDATE intake_offset o
   SET next_offset = p.following, moved_at = clock_timestamp()
  FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:following AS bigint[]))
       AS p (topic, partition, following)
 WHERE o.cluster_id = :cluster AND o.topic = p.topic AND o.partition = p.partition AND o.next_offset < p.following
""")

# Only where the offset is still as the caller read it: another member may have taken the partition meanwhile, and what
# it folded must not be forgotten.
_RESTART: Final = text("""
INSERT INTO intake_offset AS o (cluster_id, topic, partition, next_offset)
SELECT :cluster, p.topic, p.partition, p.following
  FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:following AS bigint[]))
       AS p (topic, partition, following)
 ORDER BY p.topic, p.partition
    ON CONFLICT (cluster_id, topic, partition) DO UPDATE
   SET next_offset = excluded.next_offset, moved_at = clock_timestamp()
 WHERE (o.topic, o.partition, o.next_offset) IN (
       SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:instead AS bigint[])))
""")

_ADD_TENANTS: Final = text("""
INSERT INTO tenant (id, name, time_zone, currency)
SELECT t.id, t.id, 'UTC', 'USD' FROM unnest(CAST(:tenants AS text[])) AS t (id)
 ORDER BY t.id
    ON CONFLICT DO NOTHING
""")

# Fold's own columns only: settle and return write the others. A row that came between our lock, which did not find it,
# and this insert has another revision than we folded from: it is left alone here, missed in the count, and the batch is
# folded again. What is pending and waits was made again by a person (`operators.recreate`): that wait is kept.
_STORE: Final = text("""
INSERT INTO sync_record AS r (tenant_id, kind, klipboard_id, desired, revision, state, folded_at)
SELECT n.tenant, n.kind, n.id, CAST(n.desired AS jsonb), n.revision, 'pending', clock_timestamp()
  FROM unnest(CAST(:tenants AS text[]), CAST(:kinds AS text[]), CAST(:ids AS text[]), CAST(:desired AS text[]),
              CAST(:revisions AS bigint[]), CAST(:from_revisions AS bigint[]))
       AS n (tenant, kind, id, desired, revision, from_revision)
 ORDER BY n.tenant COLLATE "C", n.kind COLLATE "C", n.id COLLATE "C"
    ON CONFLICT (tenant_id, kind, klipboard_id) DO UPDATE
   SET desired = excluded.desired, revision = excluded.revision, folded_at = excluded.folded_at,
       next_attempt_at = CASE r.state WHEN 'pending' THEN r.next_attempt_at END, first_failed_at = NULL, tries = 0,
       waits_kind = NULL, waits_id = NULL
 WHERE (r.tenant_id, r.kind, r.klipboard_id, r.revision) IN (
       SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:kinds AS text[]), CAST(:ids AS text[]),
                            CAST(:from_revisions AS bigint[])))
""")

_ADD_ITEMS: Final = text("""
INSERT INTO sync_record (tenant_id, kind, klipboard_id, desired, revision, state, folded_at)
SELECT n.tenant, n.kind, n.id, CAST(n.desired AS jsonb), 1, 'pending', clock_timestamp()
  FROM unnest(CAST(:tenants AS text[]), CAST(:kinds AS text[]), CAST(:ids AS text[]), CAST(:desired AS text[]))
       AS n (tenant, kind, id, desired)
 ORDER BY n.tenant COLLATE "C", n.kind COLLATE "C", n.id COLLATE "C"
    ON CONFLICT DO NOTHING
""")

# Served by sync_record_state. A settled record gets a reason to be looked at again; one that is due is due now.
_LOOK_AGAIN: Final = text("""
UPDATE sync_record r
   SET revision = r.revision + 1, next_attempt_at = NULL, first_failed_at = NULL, tries = 0
  FROM (SELECT tenant_id, kind, klipboard_id FROM sync_record
         WHERE tenant_id = ANY(CAST(:tenants AS text[])) AND state IN ('failed', 'waiting')
         ORDER BY tenant_id COLLATE "C", kind COLLATE "C", klipboard_id COLLATE "C"
           FOR UPDATE) AS f
 WHERE r.tenant_id = f.tenant_id AND r.kind = f.kind AND r.klipboard_id = f.klipboard_id
""")

_POLL_NOW: Final = text("UPDATE tenant SET next_poll_at = clock_timestamp() WHERE id = ANY(CAST(:tenants AS text[]))")

# The last fold that a partition remembers: until then, at least, the database knows what happened.
_LAST_MOVES: Final = text(f"""
SELECT min(coalesce(o.moved_at, '-infinity'))
  FROM {_PLACES} AS p (topic, partition)
  LEFT JOIN intake_offset o ON o.cluster_id = :cluster AND o.topic = p.topic AND o.partition = p.partition
""")  # noqa: S608 - our own constant

_WAKE: Final = text("SELECT pg_notify(:channel, t.id) FROM unnest(CAST(:tenants AS text[])) AS t (id)")


class RecordAppeared(Exception):  # noqa: N818 - the name says what happened
    """A record was made by somebody else between our look and our write. No step is needed: the batch is repeated."""


class PostgresIntaking:
    """One fold transaction. See `consumers.ports.Intaking` for the order."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._from_revision: dict[RecordKey, int] = {}

    async def offsets(self, cluster: str, places: Collection[Place]) -> Mapping[Place, int]:
        parameters = _place_arrays(cluster, sorted(places))
        await self._connection.execute(_ADD_PLACES, parameters)
        found = await self._connection.execute(_LOCK_PLACES, parameters)
        return {Place(topic, partition): following for topic, partition, following in found}

    async def add_tenants(self, tenants: Collection[TenantId]) -> None:
        await self._connection.execute(_ADD_TENANTS, {"tenants": sorted(set(tenants))})

    async def records(self, keys: Collection[RecordKey]) -> Mapping[RecordKey, Record]:
        found = await rows.lock_records(self._connection, keys)
        self._from_revision.update({key: record.revision for key, record in found.items()})
        return found

    async def store(self, records: Collection[Record], *, items: Collection[Record]) -> None:
        if records:
            await self._store(sorted(records, key=_sort_key))
        if items:
            await self._connection.execute(_ADD_ITEMS, _record_arrays(sorted(items, key=_sort_key)))

    async def _store(self, records: Sequence[Record]) -> None:
        revisions = {
            "revisions": [record.revision for record in records],
            "from_revisions": [self._from_revision.get(record.key, -1) for record in records],
        }
        stored = await self._connection.execute(_STORE, _record_arrays(records) | revisions)
        if stored.rowcount != len(records):
            raise RecordAppeared(f"{len(records) - stored.rowcount} of {len(records)} records appeared meanwhile")

    async def sync_now(self, tenants: Collection[TenantId]) -> None:
        parameters = {"tenants": sorted(set(tenants))}
        await self._connection.execute(_POLL_NOW, parameters)
        await self._connection.execute(_LOOK_AGAIN, parameters)

    async def put_aside(self, tenant: TenantId | None, letters: Sequence[Message]) -> None:
        await outbox.put(self._connection, tenant=tenant, messages=letters)

    async def move(self, cluster: str, following: Mapping[Place, int]) -> None:
        await self._connection.execute(_MOVE, _following_arrays(cluster, following))

    async def wake(self, tenants: Collection[TenantId]) -> None:
        await self._connection.execute(_WAKE, {"channel": DUE_CHANNEL, "tenants": sorted(set(tenants))})


class PostgresIntakeStore:
    """Intake's side of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def intaking(self) -> AsyncIterator[PostgresIntaking]:
        """One fold transaction."""
        async with self._database.transaction() as connection:
            yield PostgresIntaking(connection)

    async def stored(self, places: Collection[Place]) -> Mapping[Place, Mapping[str, int]]:
        """The stored offsets of these places, by cluster id."""
        found: dict[Place, dict[str, int]] = {}
        async with self._database.transaction() as connection:
            stored = await connection.execute(_STORED, _place_arrays("", sorted(places)))
            for cluster, topic, partition, following in stored:
                found.setdefault(Place(topic, partition), {})[cluster] = following
        return found

    async def restart(self, cluster: str, starts: Mapping[Place, int], *, instead: Mapping[Place, int]) -> None:
        """Set stored offsets, backwards too, where they still are as read."""
        as_read = {"instead": [instead.get(place) for place in sorted(starts)]}
        async with self._database.transaction() as connection:
            await connection.execute(_RESTART, _following_arrays(cluster, starts) | as_read)

    async def mark_rewound(self, cluster: str, places: Collection[Place]) -> None:
        """Every tenant's owner has to read the feed and match before it creates anything."""
        async with self._database.transaction() as connection:
            last = await connection.execute(_LAST_MOVES, _place_arrays(cluster, sorted(places)))
            await rewinds.mark(connection, to=last.scalar())

    def is_nobodys_fault(self, error: Exception) -> bool:
        """See `is_transient`."""
        return is_transient(error)


# Appendix A of PostgreSQL's manual: connection exceptions, transactions rolled back (deadlock, serialisation),
# insufficient resources (disk, memory, connections), operator intervention (shutdown, statement time-out), system and
# lock errors. 25006 and 25P02 are a failover seen from inside a transaction, 57014 a time-out.
_TRANSIENT_CLASSES: Final = ("08", "40", "53", "55", "57", "58")
_TRANSIENT_CODES: Final = frozenset({"25006", "25P02", "25P03", "25P04"})


def is_transient(error: BaseException) -> bool:
    """Whether a failed transaction may succeed unchanged later: no fault of its data, and no bug."""
    if isinstance(error, RecordAppeared | PoolTimeout | OSError):
        return True  # OSError: refused, reset, unreachable, timed out, disk full
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error, InterfaceError):
        # asyncpg says "connection is closed" and "this value does not fit" with one class; the second is the data's.
        return not isinstance(error.driver_exception, asyncpg.exceptions.DataError)
    code = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or code in _TRANSIENT_CODES or code.startswith(_TRANSIENT_CLASSES)


def _sort_key(record: Record) -> tuple[str, str, str]:
    return record.key.sort_key()


def _place_arrays(cluster: str, places: Sequence[Place]) -> dict[str, object]:
    return {
        "cluster": cluster,
        "topics": [place.topic for place in places],
        "partitions": [place.partition for place in places],
    }


def _following_arrays(cluster: str, following: Mapping[Place, int]) -> dict[str, object]:
    places = sorted(following)
    return _place_arrays(cluster, places) | {"following": [following[place] for place in places]}


def _record_arrays(records: Sequence[Record]) -> dict[str, object]:
    desired = [exact.dumps(rows.desired_json(record.desired)) for record in records]
    return {**rows.key_arrays([record.key for record in records]), "desired": desired}
