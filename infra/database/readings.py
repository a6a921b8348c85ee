"""A reading of a linked object, whether the change feed, a stale token or an adoption brought it, and its record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.operations import Nothing, Update
from consumers.plan import Surroundings, needs, plan
from consumers.records import Link, RealmId, Record, RecordKey, State, SyncToken
from infra.database import outbox, returns
from mapping import identity
from mapping.merge import CONFLICT_CAUSE, CONFLICT_NEXT, Merged, UnreadableObject, merge
from schemas import envelope, exact
from schemas.kinds import Kind, KlipboardId
from schemas.outcomes import SyncConflicted

GONE_CAUSE: Final = "This {type} was deleted in QuickBooks{when}. It is not made again by itself."
GONE_NEXT: Final = "Delete it in Klipboard too, or ask for it to be re-created in QuickBooks."

# Served by attempt_echo.
_ECHO: Final = text("""
SELECT EXISTS (SELECT FROM attempt
                WHERE realm = :realm AND type = :type AND quickbooks_id = :id AND token_answered = :token)
""")

_SEEN: Final = text("""
UPDATE sync_record SET seen = CAST(:seen AS jsonb), revision = revision + :reason
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :key_id
""")

_MERGED: Final = text("""
UPDATE sync_record
   SET sent = CAST(:sent AS jsonb), seen = CAST(:seen AS jsonb), unreturned = CAST(:unreturned AS jsonb),
       revision = revision + :reason
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :key_id
""")

# A token only grows: of two readings the one with the greater token is the later.
_TOKEN: Final = text("""
UPDATE link SET token = :token
 WHERE ledger = 'quickbooks' AND realm = :realm AND tenant_id = :tenant AND kind = :kind AND klipboard_id = :key_id
   AND CAST(token AS bigint) < CAST(CAST(:token AS text) AS bigint)
""")

# Settled at whatever revision it has: nothing is left to write, until Klipboard changes something again.
_GONE: Final = text("""
UPDATE sync_record
   SET state = 'gone_in_quickbooks', cause = :cause, next_step = :next_step, settled_revision = revision,
       waits_kind = NULL, waits_id = NULL, next_attempt_at = NULL, first_failed_at = NULL, tries = 0,
       unreturned = unreturned || '{"Deleted": true}', settled_at = clock_timestamp()
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :key_id
""")

_TENANT: Final = text("SELECT income_account, currency FROM tenant WHERE id = :tenant")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a reading came to: ignored (older than what is known), an echo of our own write, or merged.

    `unreadable`: why nothing was stored of an object whose shape is not known.
    """

    ignored: bool = False
    echo: bool = False
    gone: bool = False
    conflicts: tuple[str, ...] = ()
    unreadable: str | None = None


async def apply(
    connection: AsyncConnection,
    *,
    record: Record,
    object: Mapping[str, Any],  # noqa: A002 - QuickBooks' word
    server_time: datetime | None = None,
    echo: bool | None = None,
    tell: bool = True,
) -> Applied:
    """Merge one reading of a linked record that this transaction has locked.

    `echo`: whether the token is one that QuickBooks answered to us; None looks it up. `server_time`: QuickBooks' time
    of the reading, for a person. `tell`: tell also what an invoice's payments have to tell with its new balance.
    """
    link = record.link
    if link is None:
        raise LookupError(f"{record.key.subject} is not linked: no reading can be of it")
    if object.get("status") == "Deleted":
        return await _gone(connection, record=record, link=link, server_time=server_time)
    token = SyncToken(str(object["SyncToken"]))
    if int(token) < int(link.token):
        return Applied(ignored=True)
    ours = echo if echo is not None else await _is_echo(connection, link=link, token=token)
    try:
        merged = None if ours else await _merged(connection, record=record, object=object)
    except UnreadableObject as error:
        return Applied(unreadable=str(error))
    await _store(connection, record=record, object=object, merged=merged)
    if token != link.token:
        await connection.execute(_TOKEN, _names(record.key) | {"realm": link.realm, "token": token})
    if merged is not None and merged.conflicts:
        await _tell_conflict(connection, record=record, link=link, fields=merged.conflicts)
    if tell and record.key.kind is Kind.INVOICE:
        await returns.publish_existing(
            connection, key=record.key, realm=link.realm, invoice_id=link.id, invoice_object=object
        )
    return Applied(echo=ours, conflicts=merged.conflicts if merged is not None else ())


async def unwritten(connection: AsyncConnection, *, record: Record) -> Mapping[str, Any]:
    """The fields that Klipboard changed and QuickBooks was not given yet, as the plan of this moment sees them."""
    if record.revision == record.settled_revision and record.state is State.SYNCED:
        return {}
    operation = plan(record=record, around=await _surroundings(connection, record=record))
    return (operation.fields or {}) if isinstance(operation, Update | Nothing) else {}


async def _merged(connection: AsyncConnection, *, record: Record, object: Mapping[str, Any]) -> Merged | None:  # noqa: A002
    if record.seen == object or record.link is None:
        return None
    return merge(
        type=record.link.type,
        sent=record.sent,
        here=await unwritten(connection, record=record),
        seen=record.seen,
        unreturned=record.unreturned,
        object=object,
    )


async def _store(
    connection: AsyncConnection,
    *,
    record: Record,
    object: Mapping[str, Any],  # noqa: A002
    merged: Merged | None,
) -> None:
    """Write what changed; the overlap brings most objects again as they were, and those cost no write."""
    if record.seen == object:
        return
    what = _names(record.key) | {"seen": exact.dumps(object), "reason": _reason(record, object, merged)}
    if merged is None or (merged.sent == record.sent and merged.unreturned == record.unreturned):
        await connection.execute(_SEEN, what)
        return
    fields = {"sent": exact.dumps(merged.sent), "unreturned": exact.dumps(merged.unreturned)}
    await connection.execute(_MERGED, what | fields)


def _reason(record: Record, object: Mapping[str, Any], merged: Merged | None) -> int:  # noqa: A002
    """1 where the record must be looked at again: a difference is left to write, or what its Paid rests on changed."""
    if merged is not None and merged.to_write:
        return 1
    before = record.seen or {}
    paid = record.desired.paid is not None
    return int(paid and any(before.get(name) != object.get(name) for name in ("Balance", "TotalAmt", "LinkedTxn")))


async def _gone(connection: AsyncConnection, *, record: Record, link: Link, server_time: datetime | None) -> Applied:
    if record.state is not State.GONE:
        when = f" (noticed {server_time:%Y-%m-%d %H:%M %Z})" if server_time is not None else ""
        cause = GONE_CAUSE.format(type=link.type.lower(), when=when)
        await connection.execute(_GONE, _names(record.key) | {"cause": cause, "next_step": GONE_NEXT})
    return Applied(gone=True)


async def _is_echo(connection: AsyncConnection, *, link: Link, token: SyncToken) -> bool:
    parameters = {"realm": link.realm, "type": link.type, "id": link.id, "token": token}
    return bool((await connection.execute(_ECHO, parameters)).scalar_one())


async def _surroundings(connection: AsyncConnection, *, record: Record) -> Surroundings:
    assert record.link is not None  # noqa: S101 - narrows the type for mypy
    tenant = (await connection.execute(_TENANT, {"tenant": record.key.tenant})).one()
    wanted = sorted(needs(record))
    rows = await connection.execute(
        _LINKS,
        {
            "realm": record.link.realm,
            "tenant": record.key.tenant,
            "kinds": [kind.value for kind, _ in wanted],
            "ids": [id_ for _, id_ in wanted],
        },
    )
    links = {
        (Kind(row.kind), KlipboardId(row.klipboard_id)): Link(
            realm=RealmId(row.realm), type=row.type, id=row.quickbooks_id, token=SyncToken(row.token)
        )
        for row in rows
    }
    return Surroundings(
        realm=record.link.realm,
        tenant=record.key.tenant,
        income_account=tenant.income_account,
        currency=tenant.currency,
        links=links,
    )


async def _tell_conflict(connection: AsyncConnection, *, record: Record, link: Link, fields: tuple[str, ...]) -> None:
    key = record.key
    version = await outbox.next_return_version(connection, key)
    fact = SyncConflicted(
        kind=key.kind,
        id=key.id,
        last_version=max(record.desired.newest_version, 0),
        operation="merge",
        quickbooks_type=link.type,
        quickbooks_id=link.id,
        cause=CONFLICT_CAUSE.format(fields=", ".join(fields)),
        next_step=CONFLICT_NEXT,
        returnversion=version,
    )
    name = type(fact).__name__
    event = envelope.outgoing(
        type=name,
        tenant=key.tenant,
        subject=key.subject,
        fact=fact,
        id=identity.outcome_event_id(tenant=key.tenant, subject=key.subject, type=name, returnversion=version),
        time=(await connection.execute(text("SELECT clock_timestamp()"))).scalar_one(),
    )
    await outbox.put(connection, tenant=key.tenant, messages=[envelope.encode(event)])


def _names(key: RecordKey) -> dict[str, Any]:
    return {"tenant": key.tenant, "kind": key.kind.value, "key_id": key.id}
