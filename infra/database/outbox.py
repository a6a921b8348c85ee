"""The outbox: messages to Kafka, stored in the transaction that made them true, and the relay's view of them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final
from urllib.parse import quote, quote_from_bytes, unquote, unquote_to_bytes

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import RecordKey
from infra.database.engine import Database
from mapping import identity
from producers.outbox import Unsent
from schemas import exact
from schemas.envelope import Message
from schemas.kinds import TenantId

CHANNEL: Final = "klipsync_outbox"
"""What is notified, when its transaction commits, that the outbox has something to relay."""

# Ids are given in the order of the array, so that what one transaction says keeps its order.
_PUT: Final = text("""
INSERT INTO outbox (shard, tenant_id, topic, key, headers, value)
SELECT CAST(:shard AS integer), CAST(:tenant AS text), m.topic, m.key, CAST(m.headers AS jsonb), m.value
  FROM unnest(CAST(:topics AS text[]), CAST(:keys AS bytea[]), CAST(:headers AS text[]), CAST(:values AS bytea[]))
       WITH ORDINALITY AS m (topic, key, headers, value, place)
 ORDER BY m.place
""")

_NOTIFY: Final = text("SELECT pg_notify(:channel, '')")

# The row stays locked until the transaction ends, so two return events of one subject get their versions, and their
# places in the outbox, in the same order. The clock counts where a restored database would count backwards.
_NEXT_RETURN_VERSION: Final = text("""
UPDATE sync_record
   SET return_version = greatest(return_version + 1,
                                 CAST(floor(extract(epoch FROM clock_timestamp()) * 1000000) AS bigint))
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id
RETURNING return_version
""")


async def put(connection: AsyncConnection, *, tenant: TenantId | None, messages: Sequence[Message]) -> None:
    """Store messages of one tenant (None: of nobody), to be relayed in this order once the transaction commits."""
    if not messages:
        return
    await connection.execute(
        _PUT,
        {
            "shard": identity.shard(tenant),
            "tenant": tenant,
            "topics": [message.topic for message in messages],
            "keys": [message.key for message in messages],
            "headers": [headers_json(message.headers) for message in messages],
            "values": [message.value for message in messages],
        },
    )
    await connection.execute(_NOTIFY, {"channel": CHANNEL})


async def next_return_version(connection: AsyncConnection, key: RecordKey) -> int:
    """The version of the next return event about a record: the last + 1, or microseconds since 1970 if greater.

    Raises:
        LookupError: there is no such record.
    """
    parameters = {"tenant": key.tenant, "kind": key.kind.value, "id": key.id}
    version: int | None = (await connection.execute(_NEXT_RETURN_VERSION, parameters)).scalar_one_or_none()
    if version is None:
        raise LookupError(f"no record {key.subject} to give a return version to")
    return version


_PLAIN: Final = " !\"#$&'()*+,/:;<=>?@[\\]^`{|}"
"""What stays readable in a stored header; everything else outside letters, digits and _.-~ is percent-encoded."""


def headers_json(headers: Iterable[tuple[str, bytes]]) -> str:
    """Headers as JSON that a person can read and that gives every byte back, NUL and broken UTF-8 included."""
    return exact.dumps([[quote(name, safe=_PLAIN), quote_from_bytes(value, safe=_PLAIN)] for name, value in headers])


def headers_of(stored: Iterable[Sequence[str]]) -> tuple[tuple[str, bytes], ...]:
    """The headers that `headers_json` stored."""
    return tuple((unquote(name), unquote_to_bytes(value)) for name, value in stored)


# Served by outbox_unsent, twelve looks into it. A worker that starts again under its name goes on at once.
_CLAIM: Final = text("""
INSERT INTO outbox_lease AS l (shard, owner, session, expires_at)
SELECT s.shard, :owner, :session, clock_timestamp() + make_interval(secs => :seconds)
  FROM generate_series(0, CAST(:shards AS integer) - 1) AS s (shard)
 CROSS JOIN LATERAL (SELECT FROM outbox WHERE outbox.shard = s.shard AND sent_at IS NULL LIMIT 1) AS waiting
 ORDER BY s.shard
    ON CONFLICT (shard) DO UPDATE
   SET owner = excluded.owner, session = excluded.session, expires_at = excluded.expires_at
 WHERE l.owner = excluded.owner OR l.expires_at < clock_timestamp()
RETURNING l.shard
""")

_RELEASE: Final = text("""
DELETE FROM outbox_lease
 WHERE owner = :owner AND session = :session AND shard = ANY(CAST(:shards AS integer[]))
""")

# Served by outbox_unsent. Unsent rows, never a high-water mark: a transaction that began earlier may commit later, with
# lower ids. What two transactions say of one subject is in order all the same, because they wait for each other at its
# row (next_return_version), before they take ids.
_UNSENT: Final = text("""
SELECT o.id, o.shard, o.tenant_id, o.topic, o.key, o.headers, o.value
  FROM unnest(CAST(:shards AS integer[])) AS s (shard)
 CROSS JOIN LATERAL (
       SELECT * FROM outbox
        WHERE outbox.shard = s.shard AND sent_at IS NULL
          AND coalesce(tenant_id, '') <> ALL(CAST(:besides AS text[]))
        ORDER BY id
        LIMIT :limit) AS o
 ORDER BY o.id
""").columns(headers=JSONB)

_MARK_SENT: Final = text("UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY(CAST(:ids AS bigint[]))")

# The oldest thousand that were sent, by primary key, so that a table full of fresh rows costs no scan, and those that
# Kafka never takes are stepped over.
_PRUNE: Final = text("""
DELETE FROM outbox
 WHERE id IN (SELECT id FROM outbox WHERE sent_at IS NOT NULL ORDER BY id LIMIT 1000)
   AND sent_at < clock_timestamp() - make_interval(secs => :seconds)
""")


class PostgresOutbox:
    """The relay's side: shards held under leases by this database's clock."""

    def __init__(self, database: Database, *, limit: int = 100) -> None:
        self._database = database
        self._limit = limit  # rows of one shard in one pass; a row may have 2 MiB

    async def claim(self, *, owner: str, session: str, seconds: float) -> frozenset[int]:
        """Take, or keep, the free shards that have something unsent."""
        parameters = {"owner": owner, "session": session, "seconds": seconds, "shards": identity.SHARDS}
        async with self._database.transaction() as connection:
            return frozenset((await connection.execute(_CLAIM, parameters)).scalars())

    async def release(self, *, owner: str, session: str, shards: Collection[int]) -> None:
        """Give shards back."""
        async with self._database.transaction() as connection:
            await connection.execute(_RELEASE, {"owner": owner, "session": session, "shards": list(shards)})

    async def unsent(self, shards: Collection[int], *, besides: Collection[TenantId | None]) -> Sequence[Unsent]:
        """The first unsent messages of each shard, in the order of their ids."""
        parameters = {
            "shards": sorted(shards),
            "besides": [tenant or "" for tenant in besides],
            "limit": self._limit,
        }
        async with self._database.transaction() as connection:
            found = await connection.execute(_UNSENT, parameters)
            return [
                Unsent(
                    id=row["id"],
                    shard=row["shard"],
                    tenant=row["tenant_id"],
                    message=Message(
                        topic=row["topic"], key=row["key"], headers=headers_of(row["headers"]), value=row["value"]
                    ),
                )
                for row in found.mappings()
            ]

    async def mark_sent(self, ids: Collection[int]) -> None:
        """Kafka has acknowledged these."""
        async with self._database.transaction() as connection:
            await connection.execute(_MARK_SENT, {"ids": list(ids)})

    async def prune(self, *, seconds: float) -> int:
        """Forget messages that were relayed longer ago than `seconds`, a thousand at most; returns how many."""
        async with self._database.transaction() as connection:
            return (await connection.execute(_PRUNE, {"seconds": seconds})).rowcount
