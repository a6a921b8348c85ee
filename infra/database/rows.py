"""Rows of `sync_record` and `link` as the frozen values that the rest works on, and back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import Desired, Link, Part, RealmId, Record, RecordKey, State, SyncToken
from schemas.kinds import Kind, KlipboardId, TenantId

_PARTS: Final = ("content", "status", "presence", "paid")

_COLUMNS: Final = """
SELECT r.tenant_id, r.kind, r.klipboard_id, r.desired, r.revision, r.settled_revision, r.settled_version, r.state,
       r.cause, r.next_step, r.waits_kind, r.waits_id, r.next_attempt_at, r.first_failed_at, r.tries, r.generation,
       r.refusals, r.sent, r.seen, r.unreturned,
       l.realm AS link_realm, l.type AS link_type, l.quickbooks_id AS link_id, l.token AS link_token
"""

# A link of another realm than the connection's is never used, so the join is by the realm connected now. LIMIT 1 keeps
# the look one into the whole primary key of link: a realm has one tenant, which the planner does not know, and it would
# rather read all links of the tenant.
_LINK: Final = """
  LEFT JOIN connection c ON c.tenant_id = r.tenant_id
  LEFT JOIN LATERAL (
       SELECT * FROM link
        WHERE link.ledger = 'quickbooks' AND link.realm = c.realm AND link.tenant_id = r.tenant_id
          AND link.kind = r.kind AND link.klipboard_id = r.klipboard_id
        LIMIT 1) AS l ON true
"""


def select_records(clauses: str) -> TextClause:
    """The statement whose rows `record_of` reads: `clauses` are WHERE, ORDER BY, LIMIT, FOR UPDATE OF r.

    The tables are named r (sync_record), c (connection) and l (link). `clauses` is our own text, never anybody's input.
    """
    return _typed(f"{_COLUMNS} FROM sync_record r {_LINK} {clauses}")


def _typed(statement: str) -> TextClause:
    return text(statement).columns(desired=JSONB, sent=JSONB, seen=JSONB, unreturned=JSONB)  # type: ignore[return-value]


# The keys come as three arrays in key order, and rows are looked up and locked one by one in that order, so that two
# transactions never wait for each other in a ring. Each look is served by the primary key of sync_record.
LOCK: Final = _typed(f"""
{_COLUMNS}
  FROM unnest(CAST(:tenants AS text[]), CAST(:kinds AS text[]), CAST(:ids AS text[])) AS k (tenant, kind, id)
 CROSS JOIN LATERAL (
       SELECT * FROM sync_record
        WHERE tenant_id = k.tenant AND sync_record.kind = k.kind AND klipboard_id = k.id
          FOR UPDATE) AS r
{_LINK}
""")  # noqa: S608 - our own constants


async def lock_records(connection: AsyncConnection, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
    """Lock the records that exist, in key order, until the transaction ends; keys without a record are left out."""
    wanted = sorted(set(keys), key=RecordKey.sort_key)
    if not wanted:
        return {}
    rows = await connection.execute(LOCK, key_arrays(wanted))
    return {record.key: record for record in map(record_of, rows.mappings())}


def key_arrays(keys: Sequence[RecordKey]) -> dict[str, list[str]]:
    """Keys as the three parallel arrays :tenants, :kinds and :ids of a statement."""
    return {
        "tenants": [key.tenant for key in keys],
        "kinds": [key.kind.value for key in keys],
        "ids": [key.id for key in keys],
    }


def key_of(row: RowMapping) -> RecordKey:
    """The key of a row of sync_record."""
    return RecordKey(tenant=TenantId(row["tenant_id"]), kind=Kind(row["kind"]), id=KlipboardId(row["klipboard_id"]))


def record_of(row: RowMapping) -> Record:
    """A row of `select_records` as a record; its link is the one in the realm that the tenant is connected to."""
    return Record(
        key=key_of(row),
        desired=desired_of(row["desired"]),
        revision=row["revision"],
        settled_revision=row["settled_revision"],
        settled_version=row["settled_version"],
        state=State(row["state"]),
        cause=row["cause"],
        next_step=row["next_step"],
        waits_for=(Kind(row["waits_kind"]), KlipboardId(row["waits_id"])) if row["waits_id"] is not None else None,
        next_attempt_at=row["next_attempt_at"],
        first_failed_at=row["first_failed_at"],
        tries=row["tries"],
        generation=row["generation"],
        refusals=row["refusals"],
        sent=row["sent"],
        seen=row["seen"],
        unreturned=row["unreturned"],
        link=_link_of(row),
    )


def _link_of(row: RowMapping) -> Link | None:
    if row["link_id"] is None:
        return None
    return Link(
        realm=RealmId(row["link_realm"]),
        type=row["link_type"],
        id=row["link_id"],
        token=SyncToken(row["link_token"]),
    )


def desired_of(stored: Mapping[str, Any]) -> Desired:
    """The column `desired` as a value; parts that are absent were never told."""
    return Desired(**{name: Part(**stored[name]) for name in _PARTS if name in stored})


def desired_json(desired: Desired) -> dict[str, Any]:
    """A value for the column `desired`, to be written with `exact.dumps`."""
    parts: dict[str, Part | None] = {name: getattr(desired, name) for name in _PARTS}
    return {
        name: {"version": part.version, "digest": part.digest, "value": part.value}
        for name, part in parts.items()
        if part is not None
    }
