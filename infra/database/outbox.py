"""The outbox: messages to Kafka, stored in the transaction that made them true, and the relay's view of them."""

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote, quote_from_bytes, unquote, unquote_to_bytes

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import RecordKey
from mapping import identity
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
