"""Payment applications: stored as QuickBooks shows them, told once for each change of an invoice of ours (R-45)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import RecordKey
from infra.database import outbox
from infra.database.unlinked import claim_only
from mapping import identity, payments
from mapping.payments import Application, Shown, Totals, UnreadablePayment
from schemas import envelope
from schemas.envelope import Message
from schemas.kinds import TenantId
from schemas.returns import ReversalReason

__all__ = ["Invoice", "Telling", "applications_of", "claim_only", "publish_existing", "store_payments", "tell"]

APPLIED: Final = "applied"
REVERSED: Final = "reversed"

_COLUMNS: Final = """
payment_id, txn_type, txn_id, amount, currency, paid_on, method, reference, payment_token, reason, told
"""

# Served by the primary key, which begins with realm, payment_type, payment_id.
_OF_PAYMENTS: Final = text(f"""
SELECT {_COLUMNS} FROM payment_application
 WHERE realm = :realm AND payment_type = 'Payment' AND payment_id = ANY (CAST(:ids AS text[]))
""")  # noqa: S608 - our own text

# Served by payment_application_txn, one look for each invoice: a list would let the planner read the whole company by
# its primary key. `changed_at` is when it was last told, or first stored.
_OF_INVOICES: Final = text(f"""
SELECT {_COLUMNS} FROM unnest(CAST(:ids AS text[])) AS invoice (id)
  JOIN payment_application ON realm = :realm AND txn_type = 'Invoice' AND txn_id = invoice.id
 ORDER BY changed_at, payment_id
""")  # noqa: S608 - our own text

_STORE: Final = text("""
INSERT INTO payment_application (realm, payment_id, txn_type, txn_id, tenant_id, amount, currency, paid_on, method,
                                 reference, payment_token, state, reason, payment_type)
VALUES (:realm, :payment_id, :txn_type, :txn_id, :tenant, :amount, :currency, :paid_on, :method,
        :reference, :token, :state, :reason, 'Payment')
ON CONFLICT (realm, payment_type, payment_id, txn_type, txn_id) DO UPDATE
   SET amount = excluded.amount, currency = excluded.currency, paid_on = excluded.paid_on, method = excluded.method,
       reference = excluded.reference, payment_token = excluded.payment_token, state = excluded.state,
       reason = excluded.reason
""")

# Later than every other of its invoice, whatever the clock does: the last told one must be known for that.
_TOLD: Final = text("""
UPDATE payment_application
   SET told = :told,
       changed_at = greatest(clock_timestamp(), (SELECT max(changed_at) + interval '1 microsecond'
                                                   FROM payment_application
                                                  WHERE realm = :realm AND txn_type = 'Invoice' AND txn_id = :txn_id))
 WHERE realm = :realm AND payment_type = 'Payment' AND payment_id = :payment_id
   AND txn_type = 'Invoice' AND txn_id = :txn_id
""")

_READ_AGAIN: Final = text("""
UPDATE sync_record SET reread = true WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id
""")

# A Paid that Klipboard said may agree with QuickBooks by now, or no longer.
_LOOK_AGAIN: Final = text("""
UPDATE sync_record SET revision = revision + 1
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id AND jsonb_exists(desired, 'paid')
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice of Klipboard whose payments may have something to tell.

    `shown`: how QuickBooks shows it; `certain`: read after every payment that is stored; `not_before`: when the last
    of those payments changed. An older reading does not tell the balance.
    """

    key: RecordKey
    id: str
    shown: Mapping[str, Any] | None
    certain: bool = False
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How many events were put into the outbox, and the invoices that must be read before theirs can be made.

    `unreadable`: a sentence for each invoice whose payments cannot be told at all. The others are told.
    """

    published: int
    lacking: frozenset[str]
    unreadable: tuple[str, ...] = ()


async def store_payments(
    connection: AsyncConnection, *, tenant: TenantId, realm: str, found: Collection[Shown]
) -> frozenset[str]:
    """Store what changed of these payments. Returns the ids of all invoices that they touch, or touched."""
    ids = sorted({payment.payment_id for payment in found})
    stored: dict[str, list[Application]] = defaultdict(list)
    for row in (await connection.execute(_OF_PAYMENTS, {"realm": realm, "ids": ids})).mappings():
        stored[row["payment_id"]].append(_application(row))
    changed = [row for shown in found for row in payments.changes(shown=shown, stored=stored[shown.payment_id])]
    if changed:
        await connection.execute(_STORE, [_parameters(row, tenant=tenant, realm=realm) for row in changed])
    rows = (*changed, *(row for rows in stored.values() for row in rows))
    return frozenset(row.txn_id for row in rows if row.txn_type == "Invoice")


async def applications_of(
    connection: AsyncConnection, *, realm: str, invoices: Iterable[str]
) -> Mapping[str, Sequence[Application]]:
    """All applications of these QuickBooks invoices, the last told one last."""
    found: dict[str, list[Application]] = defaultdict(list)
    for row in (await connection.execute(_OF_INVOICES, {"realm": realm, "ids": sorted(invoices)})).mappings():
        found[row["txn_id"]].append(_application(row))
    return found


async def tell(connection: AsyncConnection, *, realm: str, invoices: Collection[Invoice]) -> Telling:
    """Put into the outbox what these invoices' payments have to tell, each thing once."""
    known = await applications_of(connection, realm=realm, invoices={invoice.id for invoice in invoices})
    messages: list[Message] = []
    lacking: set[str] = set()
    unreadable: list[str] = []
    for invoice in sorted(invoices, key=lambda one: one.key.sort_key()):
        rows = known.get(invoice.id, ())
        if _tells_nothing(invoice, rows):
            lacking |= {invoice.id} if payments.news(rows) else set()
        elif invoice.shown is not None:
            try:
                messages += await _told(connection, realm=realm, invoice=invoice, shown=invoice.shown, rows=rows)
            except UnreadablePayment as error:
                unreadable.append(str(error))
    for invoice in list(invoices)[:1]:  # a realm belongs to one tenant
        await outbox.put(connection, tenant=invoice.key.tenant, messages=messages)
    return Telling(published=len(messages), lacking=frozenset(lacking), unreadable=tuple(unreadable))


async def publish_existing(
    connection: AsyncConnection, *, key: RecordKey, realm: str, invoice_id: str, invoice_object: Mapping[str, Any]
) -> Telling:
    """An invoice was linked, or read: tell the payments that were there before.

    Where `invoice_object` is older than those payments (the answer of a create that was played back), nothing is
    told, and the record is marked to be read again; that reading tells them.
    """
    telling = await tell(connection, realm=realm, invoices=[Invoice(key=key, id=invoice_id, shown=invoice_object)])
    if telling.lacking:
        await connection.execute(_READ_AGAIN, _names(key))
    return telling


def _tells_nothing(invoice: Invoice, rows: Sequence[Application]) -> bool:
    """Whether the reading of the invoice and its payments are of different times, so that its balance would mislead."""
    if invoice.shown is None:
        return True
    if invoice.certain:
        return False
    return not payments.agrees(invoice=invoice.shown, applications=rows) or _older(invoice.shown, invoice.not_before)


def _older(shown: Mapping[str, Any], moment: datetime | None) -> bool:
    changed = (shown.get("MetaData") or {}).get("LastUpdatedTime")
    return moment is not None and changed is not None and datetime.fromisoformat(changed) < moment


async def _told(
    connection: AsyncConnection, *, realm: str, invoice: Invoice, shown: Mapping[str, Any], rows: Sequence[Application]
) -> list[Message]:
    """Make one invoice's events. Raises UnreadablePayment before any of them is marked as told."""
    totals = payments.totals(shown)
    wanted = payments.to_tell(applications=rows, totals=totals)
    messages = [await _message(connection, invoice=invoice, application=row, totals=totals) for row in wanted]
    for row in wanted:
        key = {"realm": realm, "payment_id": row.payment_id, "txn_id": row.txn_id}
        await connection.execute(_TOLD, {**key, "told": payments.told(application=row, totals=totals)})
    if messages:
        await connection.execute(_LOOK_AGAIN, _names(invoice.key))
    return messages


async def _message(
    connection: AsyncConnection, *, invoice: Invoice, application: Application, totals: Totals
) -> Message:
    key = invoice.key
    version = await outbox.next_return_version(connection, key)
    fact = payments.fact(application=application, totals=totals, invoice_id=key.id, returnversion=version)
    name = type(fact).__name__
    event = envelope.outgoing(
        type=name,
        tenant=key.tenant,
        subject=key.subject,
        fact=fact,
        id=identity.return_event_id(tenant=key.tenant, subject=key.subject, type=name, returnversion=version),
        time=await _now(connection),
    )
    return envelope.encode(event)


async def _now(connection: AsyncConnection) -> datetime:
    now: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return now


def _application(row: RowMapping) -> Application:
    return Application(
        payment_id=row["payment_id"],
        txn_type=row["txn_type"],
        txn_id=row["txn_id"],
        amount=row["amount"],
        currency=row["currency"],
        paid_on=row["paid_on"],
        method=row["method"],
        reference=row["reference"],
        token=row["payment_token"],
        reason=ReversalReason(row["reason"]) if row["reason"] is not None else None,
        told=row["told"],
    )


def _parameters(row: Application, *, tenant: TenantId, realm: str) -> dict[str, Any]:
    return {
        "realm": realm,
        "tenant": tenant,
        "payment_id": row.payment_id,
        "txn_type": row.txn_type,
        "txn_id": row.txn_id,
        "amount": row.amount,
        "currency": row.currency,
        "paid_on": row.paid_on,
        "method": row.method,
        "reference": row.reference,
        "token": row.token,
        "state": APPLIED if row.applied else REVERSED,
        "reason": row.reason.value if row.reason is not None else None,
    }


def _names(key: RecordKey) -> dict[str, Any]:
    return {"tenant": key.tenant, "kind": key.kind.value, "id": key.id}
