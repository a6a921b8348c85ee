"""The payments of one answer of the change feed: read, or kept until a corrected klipsync can read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.database import unlinked
from mapping import payments
from mapping.payments import Shown, UnreadablePayment
from producers.changes import Changes, Row
from producers.ports import Lacking
from schemas.kinds import TenantId

TYPE: Final = "Payment"

_CURRENCY: Final = text("SELECT currency FROM tenant WHERE id = :tenant")

_METHODS: Final = text("SELECT quickbooks_id, name FROM reference_data WHERE realm = :realm AND type = 'PaymentMethod'")

_KEEP_METHOD: Final = text("""
INSERT INTO reference_data (realm, type, quickbooks_id, name) VALUES (:realm, 'PaymentMethod', :id, :name)
ON CONFLICT (realm, type, quickbooks_id) DO UPDATE SET name = excluded.name, read_at = clock_timestamp()
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """`found`: payments as they are now, deleted ones first; `changed`: by invoice, when the last of them changed.

    `unreadable`: a sentence for each payment that cannot be read; it is kept, and tried again with every answer.
    """

    found: tuple[Shown, ...]
    changed: Mapping[str, datetime]
    unreadable: tuple[str, ...]


async def receive(connection: AsyncConnection, *, tenant: TenantId, realm: str, changes: Changes) -> Receipts:
    """Read the payments of an answer, and those that could not be read before. Raises Lacking for unknown methods."""
    kept = {row.id: row for row in await unlinked.kept(connection, realm=realm, type=TYPE)}
    live = changes.live(TYPE)
    gone = [row.id for row in changes.deletions if row.type == TYPE]
    again = [row for id_, row in kept.items() if id_ not in {*gone, *(row.id for row in live)}]
    names = await _methods(connection, realm=realm, changes=changes)
    currency = str((await connection.execute(_CURRENCY, {"tenant": tenant})).scalar_one())

    read: list[tuple[Row, Shown]] = []
    bad: dict[str, str] = {}
    for row in (*again, *live):
        try:
            read.append((row, payments.shown(payment=row.object, methods=names, currency=currency)))
        except UnreadablePayment as error:
            bad[row.id] = str(error)
    await unlinked.keep(connection, tenant=tenant, realm=realm, rows=[row for row in live if row.id in bad])
    await unlinked.forget(connection, realm=realm, type=TYPE, ids=kept.keys() - bad.keys())
    return Receipts(
        found=(*(payments.deleted(payment_id=id_) for id_ in gone), *(shown for _, shown in read)),
        changed=_changed(read),
        unreadable=tuple(bad[row.id] for row in live if row.id in bad),
    )


async def _methods(connection: AsyncConnection, *, realm: str, changes: Changes) -> Mapping[str, str]:
    """Names of the payment methods. Read once more when one is unknown; still unknown after that is its id."""
    used = {payments.method_of(row.object) for row in changes.live(TYPE)} - {None}
    if changes.methods:
        rows = [{"realm": realm, "id": id_, "name": name} for id_, name in changes.methods.items()]
        await connection.execute(_KEEP_METHOD, rows)
    stored = await connection.execute(_METHODS, {"realm": realm})
    names = {row.quickbooks_id: row.name for row in stored}
    if changes.methods is None and not used <= names.keys():
        raise Lacking(methods=True)
    return names


def _changed(read: list[tuple[Row, Shown]]) -> Mapping[str, datetime]:
    moments: dict[str, Any] = {}
    for row, shown in read:
        for one in shown.applications:
            if one.txn_type == "Invoice" and row.updated_at is not None:
                moments[one.txn_id] = max(row.updated_at, moments.get(one.txn_id, row.updated_at))
    return moments
