"""How PostgreSQL would run a statement over a database with many rows, with values and without knowing them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

_ASYNCPG = asyncpg.dialect()  # type: ignore[no-untyped-call]

# One tenant has most of everything; most of it is settled, sent, closed or long ago, as in a database of some age.
FILLED = """
INSERT INTO tenant (id, name, time_zone, currency, next_poll_at)
SELECT 't' || n, '', 'UTC', 'USD', clock_timestamp() + interval '1 minute' FROM generate_series(0, 499) n;

INSERT INTO connection (tenant_id, realm, environment, refresh_token, session, state)
SELECT 't' || n, 'r' || n, 'production', '', 'stay_connected', 'connected' FROM generate_series(0, 499) n;

INSERT INTO lease (tenant_id, owner, session, fence, expires_at)
SELECT 't' || n, 'w' || n % 3, 's', n, clock_timestamp() + make_interval(secs => n % 20 - 1)
  FROM generate_series(0, 499) n;

INSERT INTO sync_record (tenant_id, kind, klipboard_id, state, revision, settled_revision, next_attempt_at, waits_kind,
                         waits_id)
SELECT 't' || CASE WHEN n % 2 = 0 THEN 0 ELSE n % 500 END, (ARRAY['client', 'item', 'invoice'])[n % 3 + 1], n::text,
       CASE WHEN n % 50 = 0 THEN 'failed' WHEN n % 40 = 0 THEN 'waiting' ELSE 'synced' END,
       CASE WHEN n % 50 = 0 OR n % 400 = 1 THEN 2 ELSE 1 END, 1,
       CASE WHEN n % 50 = 0 THEN clock_timestamp() + interval '1 hour' END,
       CASE WHEN n % 40 = 0 THEN 'client' END, CASE WHEN n % 40 = 0 THEN (n / 2)::text END
  FROM generate_series(1, 40000) n;

INSERT INTO link (ledger, realm, tenant_id, kind, klipboard_id, type, quickbooks_id, token)
SELECT 'quickbooks', 'r' || substr(tenant_id, 2), tenant_id, kind, klipboard_id,
       CASE kind WHEN 'client' THEN 'Customer' WHEN 'item' THEN 'Item' ELSE 'Invoice' END, klipboard_id, '0'
  FROM sync_record;

INSERT INTO attempt (id, call_id, tenant_id, kind, klipboard_id, operation, type, path, request_id, body, realm,
                     sent_at, answered_at, next_step_at, quickbooks_id, token_answered, outcome)
SELECT klipboard_id, klipboard_id, tenant_id, kind, klipboard_id, 'create', 'Invoice', '/invoice', klipboard_id, '',
       'r' || substr(tenant_id, 2), clock_timestamp() - make_interval(mins => klipboard_id::int),
       clock_timestamp() - make_interval(mins => klipboard_id::int),
       CASE WHEN klipboard_id::int % 1000 = 0 THEN clock_timestamp() END, klipboard_id, '0',
       CASE WHEN klipboard_id::int % 1000 = 0 THEN NULL ELSE 'executed' END
  FROM sync_record;

INSERT INTO read_call (id, tenant_id, realm, path, sent_at)
SELECT n::text, 't0', 'r' || CASE WHEN n % 2 = 0 THEN 0 ELSE n % 500 END, '/query',
       clock_timestamp() - make_interval(secs => n % 3600)
  FROM generate_series(1, 40000) n;

INSERT INTO outbox (shard, tenant_id, topic, sent_at)
SELECT n % 12, 't' || n % 500, 'x', CASE WHEN n % 100 = 0 THEN NULL ELSE clock_timestamp() END
  FROM generate_series(1, 40000) n;

INSERT INTO payment_application (realm, payment_type, payment_id, txn_type, txn_id, tenant_id, amount, currency,
                                 paid_on, payment_token, state)
SELECT 'r' || CASE WHEN n % 2 = 0 THEN 0 ELSE n % 500 END, 'Payment', n::text, 'Invoice', (n / 2)::text, 't0', 1, 'USD',
       '2026-03-02', '0', 'applied'
  FROM generate_series(1, 40000) n;

INSERT INTO quickbooks_only (realm, type, quickbooks_id, tenant_id, name, token)
SELECT 'r' || n % 50, (ARRAY['Customer', 'Item', 'Invoice', 'Vendor'])[n % 4 + 1], n::text, 't0', 'name ' || n, '0'
  FROM generate_series(1, 40000) n;

INSERT INTO intake_offset (cluster_id, topic, partition)
SELECT 'c' || n % 4, 'topic ' || n % 1000, n % 12 FROM generate_series(1, 40000) n ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a statement would read."""

    nodes: Sequence[Mapping[str, Any]]

    @property
    def indexes(self) -> set[str]:
        """The indexes that it uses."""
        return {node["Index Name"] for node in self.nodes if "Index Name" in node}

    @property
    def read_whole(self) -> set[str]:
        """The tables that it reads from end to end."""
        return {node["Relation Name"] for node in self.nodes if node["Node Type"] == "Seq Scan"}

    def looked_up_by(self, index: str) -> str:
        """The conditions with which it enters that index, one line for each time."""
        return "\n".join(str(node.get("Index Cond", "")) for node in self.nodes if node.get("Index Name") == index)


async def fill(connection: AsyncConnection) -> None:
    """Tens of thousands of rows in every table that grows."""
    for statement in FILLED.split(";"):
        await connection.exec_driver_sql(statement)
    # Of every row, not of some: the same plans each time.
    await connection.exec_driver_sql("SET LOCAL default_statistics_target = 1000")
    await connection.exec_driver_sql("ANALYZE")


async def explain(connection: AsyncConnection, statement: Any, values: Mapping[str, object], *, generic: bool) -> Plan:  # noqa: ANN401
    """The plan for these values; or (`generic`) the one that the server keeps for a statement it has seen often."""
    compiled = text(str(statement)).compile(dialect=_ASYNCPG)
    mode = "force_generic_plan" if generic else "force_custom_plan"
    given = ", ".join(_literal(values[name]) for name in compiled.positiontup or ())
    await connection.exec_driver_sql(f"SET LOCAL plan_cache_mode = {mode}")
    await connection.exec_driver_sql(f"PREPARE probe AS {compiled}")
    try:
        found = await connection.exec_driver_sql(
            f"EXPLAIN (FORMAT JSON, COSTS OFF) EXECUTE probe{f'({given})' if given else ''}"
        )
        shown = found.scalar_one()
    finally:
        await connection.exec_driver_sql("DEALLOCATE probe")
    return Plan(list(_nodes((json.loads(shown) if isinstance(shown, str) else shown)[0]["Plan"])))


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def _literal(value: object) -> str:
    """A value as it stands in SQL; lists become arrays of text that the statement casts itself."""
    if isinstance(value, list):
        return "'{" + ",".join(f'"{item}"' for item in value) + "}'"
    return str(value) if isinstance(value, int | float) else f"'{value}'"
