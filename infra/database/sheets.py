"""Everything that is known about one record, for a person who wants to know why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import Link, Record, RecordKey
from infra.database.circumstances import Circumstances, circumstances
from infra.database.rows import record_of, select_records
from infra.database.standing import Selection, Standing, listed
from infra.settings import Durations

ATTEMPTS: Final = 10
"""How many of a record's attempts are shown, the newest first."""

_RECORD: Final = select_records("WHERE r.tenant_id = :tenant AND r.kind = :kind AND r.klipboard_id = :id")

# No index leads here: a person waits a moment for a scan, and every write would pay for an index.
_ATTEMPTS: Final = text("""
SELECT operation AS verb, type, request_id, first_sent_at, sent_at, answered_at, next_step_at, outcome, fault,
       intuit_tid, repeats, fence, realm, first_version, last_version, planned_revision, quickbooks_id, token_answered
  FROM attempt
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id
 ORDER BY first_sent_at DESC, id
 LIMIT :limit
""").columns(fault=JSONB)

# Served by payment_application_txn.
_PAYMENTS: Final = text("""
SELECT payment_type, payment_id, amount, currency, paid_on, method, reference, state, reason, told IS NOT NULL AS told,
       changed_at
  FROM payment_application
 WHERE realm = :realm AND txn_type = :type AND txn_id = :quickbooks_id
 ORDER BY paid_on, payment_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt, without its bytes."""

    verb: str
    type: str
    request_id: str
    first_sent_at: datetime
    sent_at: datetime
    answered_at: datetime | None
    next_step_at: datetime | None
    outcome: str | None
    """None while nobody knows."""
    fault: Mapping[str, Any] | None
    intuit_tid: str | None
    repeats: int
    fence: int
    realm: str
    first_version: int | None
    last_version: int
    planned_revision: int
    quickbooks_id: str | None
    token_answered: str | None

    @property
    def fault_code(self) -> str | None:
        """The code of QuickBooks' first error."""
        errors = (self.fault or {}).get("errors") or ()
        return str(errors[0]["code"]) if errors else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """So much of a QuickBooks payment on this invoice. `told`: Klipboard has been told of it."""

    payment_type: str
    payment_id: str
    amount: Decimal
    currency: str
    paid_on: date
    method: str | None
    reference: str | None
    state: str
    reason: str | None
    told: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One record with all that hangs on it. `awaited` is the record that it waits for, if that one came yet."""

    record: Record
    standing: Standing
    around: Circumstances
    awaited: Standing | None
    tries: Sequence[Try]
    payments: Sequence[Applied]


async def sheet(connection: AsyncConnection, key: RecordKey, *, durations: Durations) -> Sheet | None:
    """Everything about this record; None when there is none."""
    names = {"tenant": key.tenant, "kind": key.kind.value, "id": key.id}
    row = (await connection.execute(_RECORD, names)).mappings().one_or_none()
    if row is None:
        return None
    record = record_of(row)
    around = await circumstances(connection, tenants=[key.tenant], durations=durations)
    attempts = await connection.execute(_ATTEMPTS, names | {"limit": ATTEMPTS})
    return Sheet(
        record=record,
        standing=(await listed(connection, Selection.of(key), limit=1))[0],
        around=around[key.tenant],
        awaited=await _awaited(connection, record),
        tries=[Try(**attempt) for attempt in attempts.mappings()],
        payments=await _payments(connection, record.link),
    )


async def _awaited(connection: AsyncConnection, record: Record) -> Standing | None:
    if record.waits_for is None:
        return None
    kind, id_ = record.waits_for
    found = await listed(connection, Selection(tenant=record.key.tenant, kind=kind, id=id_), limit=1)
    return found[0] if found else None


async def _payments(connection: AsyncConnection, link: Link | None) -> Sequence[Applied]:
    if link is None:
        return ()
    names = {"realm": link.realm, "type": link.type, "quickbooks_id": link.id}
    return [Applied(**row) for row in (await connection.execute(_PAYMENTS, names)).mappings()]
