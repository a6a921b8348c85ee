"""What waits in the database, read when somebody looks at the metrics."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from prometheus_client import Gauge
from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.clock import Clock
from infra.database.engine import Database
from infra.database.intake import is_transient
from infra.telemetry import metrics
from infra.telemetry.recent import Recent

_log = structlog.get_logger("klipsync.telemetry")

OFTEN: Final = 5.0
"""Seconds for which a reading is shown again: several may look, and each worker reads for itself."""
SELDOM: Final = 60.0
"""The same for what costs a look at every record."""
REST: Final = 20.0
"""A reading is good for so many times as long as it took: however much there is, looking costs at most a twentieth."""
TIME_OUT: Final = 5.0  # seconds; half of what Prometheus waits for a page

_SERVED: Final = """
  JOIN connection c ON c.tenant_id = t.id AND c.state = 'connected'
"""
_NOT_PAUSED: Final = """
       t.operator_pause IS NULL AND (t.paused_until IS NULL OR t.paused_until <= statement_timestamp())
"""
_DUE: Final = """
       r.tenant_id = t.id AND r.revision <> r.settled_revision
       AND coalesce(r.next_attempt_at, '-infinity') <= statement_timestamp()
"""

# One row for each tenant; for those without an owner and without a poll that is due a look into sync_record_due and
# attempt_open. Due as a claim sees it.
UNOWNED: Final = text(f"""
SELECT count(*) AS tenants
  FROM tenant t {_SERVED}
  LEFT JOIN lease l ON l.tenant_id = t.id
 WHERE {_NOT_PAUSED}
   AND coalesce(l.expires_at, '-infinity') <= statement_timestamp()
   AND (coalesce(t.next_poll_at, '-infinity') <= statement_timestamp()
        OR EXISTS (SELECT FROM sync_record r WHERE {_DUE})
        OR EXISTS (SELECT FROM attempt a
                    WHERE a.tenant_id = t.id AND a.outcome IS NULL AND a.next_step_at <= statement_timestamp()))
""")  # noqa: S608 - our own constants, here and below

# Served by sync_record_due, then by attempt_open: as many rows are read as there are due ones.
DUE: Final = text(f"""
SELECT count(*) AS records,
       coalesce(extract(epoch FROM statement_timestamp()
                                   - min(greatest(r.folded_at, r.settled_at, r.next_attempt_at))), 0) AS seconds
  FROM tenant t {_SERVED}
  JOIN sync_record r ON {_DUE}
 WHERE {_NOT_PAUSED}
   AND NOT EXISTS (SELECT FROM attempt a
                    WHERE a.tenant_id = r.tenant_id AND a.kind = r.kind AND a.klipboard_id = r.klipboard_id
                      AND a.outcome IS NULL)
""")  # noqa: S608

# Served by attempt_open, which holds these and no others.
OPEN: Final = text("SELECT count(*) AS attempts FROM attempt WHERE outcome IS NULL")

# Served by outbox_unsent, likewise.
UNSENT: Final = text("SELECT count(*) AS messages FROM outbox WHERE sent_at IS NULL")

# Served by sync_record_state, from end to end and without the rows themselves: hence seldom.
RECORDS: Final = text("SELECT state, count(*) AS records FROM sync_record GROUP BY state")

# One row for each tenant; no index is of use.
PAUSED: Final = text("""
SELECT p.by, count(*) FILTER (WHERE CASE p.by WHEN 'person' THEN t.operator_pause IS NOT NULL
                                    ELSE t.operator_pause IS NULL AND t.paused_until > statement_timestamp() END)
       AS tenants
  FROM unnest(ARRAY['person', 'klipsync']) AS p (by) LEFT JOIN tenant t ON true
 GROUP BY p.by
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A statement, and which of its columns each gauge shows; `label` is the column that names the row."""

    statement: TextClause
    gauges: Mapping[str, Gauge]
    label: str | None = None

    def show(self, rows: Sequence[RowMapping]) -> None:
        """Let the gauges show what was read."""
        self.forget()
        for row in rows:
            for column, gauge in self.gauges.items():
                (gauge if self.label is None else gauge.labels(row[self.label])).set(float(row[column]))

    def forget(self) -> None:
        """Nothing is known: an old number would be believed."""
        for gauge in self.gauges.values():
            if self.label is None:
                gauge.set(math.nan)
            else:
                gauge.clear()


READ_OFTEN: Final = (
    Reading(statement=UNOWNED, gauges={"tenants": metrics.UNOWNED}),
    Reading(statement=DUE, gauges={"records": metrics.DUE, "seconds": metrics.OLDEST_DUE}),
    Reading(statement=OPEN, gauges={"attempts": metrics.OPEN}),
    Reading(statement=UNSENT, gauges={"messages": metrics.UNSENT}),
    Reading(statement=PAUSED, gauges={"tenants": metrics.PAUSED}, label="by"),
)
READ_SELDOM: Final = (Reading(statement=RECORDS, gauges={"records": metrics.RECORDS}, label="state"),)


class Backlog:
    """Keeps the gauges of `infra.telemetry.metrics` fresh enough."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._readings = [
            Recent(partial(self._read, READ_OFTEN), seconds=OFTEN, rest=REST, clock=clock),
            Recent(partial(self._read, READ_SELDOM), seconds=SELDOM, rest=REST, clock=clock),
        ]

    async def refresh(self) -> None:
        """Read what is not fresh. What cannot be read becomes "not a number"; raises nothing."""
        for reading in self._readings:
            await reading.get()

    async def _read(self, readings: Sequence[Reading]) -> None:
        try:
            async with asyncio.timeout(TIME_OUT), self._database.transaction() as connection:
                for reading in readings:
                    reading.show(await _rows(connection, reading))
        except Exception as error:  # noqa: BLE001 - the outer edge: whatever it is, the counters can be shown
            # The worker's own loops tell of a database that is away.
            if not is_transient(error):
                _log.exception("The backlog could not be read", action="backlog_unread")
            for reading in readings:
                reading.forget()


async def _rows(connection: AsyncConnection, reading: Reading) -> Sequence[RowMapping]:
    return (await connection.execute(reading.statement)).mappings().all()
