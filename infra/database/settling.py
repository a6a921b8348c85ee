"""One transaction of a tenant's owner: what a call did, stored together or not at all."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.attempts import Attempt, Closed
from consumers.books import Taken
from consumers.records import Link, Record, RecordKey
from infra.database import outbox, readings, returns
from infra.database.rows import record_of, select_records
from mapping import identity
from schemas import exact
from schemas.envelope import encode, outgoing
from schemas.kinds import Kind, TenantId
from schemas.outcomes import SyncOutcome

# The records that wait for this one are locked with it, in the one order in which everybody locks: settling a create
# raises their revisions in the same transaction. Served by the primary key and by sync_record_waits_for.
_LOCK: Final = select_records("""
 WHERE r.tenant_id = :tenant
   AND ((r.kind = :kind AND r.klipboard_id = :id) OR (r.waits_kind = :kind AND r.waits_id = :id))
 ORDER BY r.tenant_id COLLATE "C", r.kind COLLATE "C", r.klipboard_id COLLATE "C"
   FOR UPDATE OF r
""")

_CLOSE: Final = text("""
UPDATE attempt
   SET outcome = :outcome, answered_at = clock_timestamp(), next_step_at = NULL,
       quickbooks_id = coalesce(:quickbooks_id, quickbooks_id), token_answered = :token,
       fault = CAST(:fault AS jsonb), intuit_tid = :tid
 WHERE id = :id AND outcome IS NULL
RETURNING id
""")

_POSTPONE: Final = text("""
UPDATE attempt SET next_step_at = clock_timestamp() + make_interval(secs => :seconds)
 WHERE id = :id AND outcome IS NULL
""")

# A record that is to wait for something that is there already (its maker settled between plan and here) stays due.
_STORE: Final = text("""
UPDATE sync_record r
   SET sent = CAST(:sent AS jsonb), unreturned = CAST(:unreturned AS jsonb), state = :state, cause = :cause,
       next_step = :next_step, waits_kind = CAST(:waits_kind AS text), waits_id = CAST(:waits_id AS text),
       next_attempt_at = :next_attempt_at,
       first_failed_at = :first_failed_at, tries = :tries, refusals = :refusals, settled_version = :settled_version,
       settled_at = clock_timestamp(),
       settled_revision = CASE
           WHEN CAST(:waits_id AS text) IS NOT NULL AND EXISTS (
                SELECT FROM link l JOIN connection c ON c.realm = l.realm AND c.tenant_id = l.tenant_id
                 WHERE l.ledger = 'quickbooks' AND l.tenant_id = :tenant AND l.kind = CAST(:waits_kind AS text)
                   AND l.klipboard_id = CAST(:waits_id AS text))
           THEN r.settled_revision ELSE :settled_revision END
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id
""")

# A reading older than what is known never wins: tokens are compared as numbers.
_BIND: Final = text("""
INSERT INTO link (ledger, realm, tenant_id, kind, klipboard_id, type, quickbooks_id, token)
VALUES ('quickbooks', :realm, :tenant, :kind, :id, :type, :quickbooks_id, :token)
ON CONFLICT (ledger, realm, tenant_id, kind, klipboard_id) DO UPDATE
   SET type = excluded.type, quickbooks_id = excluded.quickbooks_id, token = excluded.token
 WHERE link.quickbooks_id <> excluded.quickbooks_id
    OR CAST(link.token AS bigint) <= CAST(excluded.token AS bigint)
RETURNING token
""")

# Served by link_object. No other transaction of the owner runs meanwhile, so what is free here stays free.
_HOLDER: Final = text("""
SELECT kind || '/' || klipboard_id FROM link
 WHERE ledger = 'quickbooks' AND realm = :realm AND type = :type AND quickbooks_id = :quickbooks_id
   AND (tenant_id, kind, klipboard_id) <> (:tenant, :kind, :id)
""")

_SEEN: Final = text("""
UPDATE sync_record SET seen = CAST(:seen AS jsonb)
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id
""")

_WAKE: Final = text("""
UPDATE sync_record SET revision = revision + 1
 WHERE tenant_id = :tenant AND waits_kind = :kind AND waits_id = :id
""")

_READ_BACK_DONE: Final = text("""
UPDATE sync_record SET reread = false WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id
""")

# A pause that lasts longer stays: what QuickBooks' limits ask for is not cut short by a call that did not reach it.
_PAUSE: Final = text("""
UPDATE tenant SET pause_cause = :cause, paused_until = clock_timestamp() + make_interval(secs => :seconds)
 WHERE id = :tenant
   AND coalesce(paused_until, '-infinity') < clock_timestamp() + make_interval(secs => :seconds)
""")


class OwnerTransaction:
    """`consumers.books.Settling` over one open connection, entered under a checked fence."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def record(self, key: RecordKey) -> Record:
        """The record as it is now, locked."""
        rows = (await self._connection.execute(_LOCK, _names(key))).mappings()
        return next(record for record in map(record_of, rows) if record.key == key)

    async def close(self, attempt: Attempt, closed: Closed) -> bool:
        """End the attempt; False when it had ended already, or never left."""
        ended = await self._connection.execute(
            _CLOSE,
            {
                "id": attempt.id,
                "outcome": closed.closing.value,
                "quickbooks_id": closed.quickbooks_id,
                "token": closed.token,
                "fault": exact.dumps(closed.fault) if closed.fault is not None else None,
                "tid": closed.intuit_tid or None,
            },
        )
        return ended.first() is not None

    async def postpone(self, attempt: Attempt, *, seconds: float) -> None:
        """Take its next step so much later; it has not left meanwhile."""
        await self._connection.execute(_POSTPONE, {"id": attempt.id, "seconds": seconds})

    async def store(self, record: Record) -> None:
        """Write the columns that settling owns."""
        waits_kind, waits_id = record.waits_for if record.waits_for is not None else (None, None)
        await self._connection.execute(
            _STORE,
            _names(record.key)
            | {
                "sent": exact.dumps(record.sent),
                "unreturned": exact.dumps(record.unreturned),
                "state": record.state.value,
                "cause": record.cause,
                "next_step": record.next_step,
                "waits_kind": waits_kind.value if waits_kind is not None else None,
                "waits_id": waits_id,
                "next_attempt_at": record.next_attempt_at,
                "first_failed_at": record.first_failed_at,
                "tries": record.tries,
                "refusals": record.refusals,
                "settled_version": record.settled_version,
                "settled_revision": record.settled_revision,
            },
        )

    async def bind(self, key: RecordKey, link: Link, shown: Mapping[str, Any]) -> None:
        """Remember where the record lives; judge again what the change feed showed before it was known whose it is."""
        where = _names(key) | {"realm": link.realm, "type": link.type, "quickbooks_id": link.id}
        holder = (await self._connection.execute(_HOLDER, where)).scalar()
        if holder is not None:
            raise Taken(str(holder))
        newest = await self._connection.execute(_BIND, where | {"token": link.token})
        if newest.first() is not None:
            await self._connection.execute(_SEEN, _names(key) | {"seen": exact.dumps(shown)})
        before = await returns.claim_only(self._connection, realm=link.realm, type=link.type, id=link.id)
        if before is not None:
            await self.read_back(key, before)
            shown = max(before, shown, key=lambda row: int(row["SyncToken"]))
        if key.kind is Kind.INVOICE:
            await returns.publish_existing(
                self._connection, key=key, realm=link.realm, invoice_id=link.id, invoice_object=shown
            )

    async def read_back(self, key: RecordKey, shown: Mapping[str, Any]) -> None:
        """Merge a reading as if the change feed had brought it."""
        await readings.apply(self._connection, record=await self.record(key), object=shown, echo=None)
        await self._connection.execute(_READ_BACK_DONE, _names(key))

    async def wake_dependants(self, key: RecordKey) -> None:
        """Every record that waits for this one is due."""
        await self._connection.execute(_WAKE, _names(key))

    async def tell(self, key: RecordKey, outcome: type[SyncOutcome], **what: Any) -> None:  # noqa: ANN401
        """Put an outcome event into the outbox."""
        version = await outbox.next_return_version(self._connection, key)
        now = (await self._connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        name = outcome.__name__
        event = outgoing(
            type=name,
            tenant=key.tenant,
            subject=key.subject,
            fact=outcome(kind=key.kind, id=key.id, returnversion=version, **what),
            id=identity.outcome_event_id(tenant=key.tenant, subject=key.subject, type=name, returnversion=version),
            time=now,
        )
        await outbox.put(self._connection, tenant=key.tenant, messages=[encode(event)])

    async def pause(self, tenant: TenantId, *, cause: str, seconds: float) -> None:
        """Nothing leaves for this tenant until then."""
        await self._connection.execute(_PAUSE, {"tenant": tenant, "cause": cause, "seconds": seconds})


def _names(key: RecordKey) -> dict[str, str]:
    return {"tenant": key.tenant, "kind": key.kind.value, "id": key.id}
