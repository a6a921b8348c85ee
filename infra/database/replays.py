"""A replay: records are given a reason to be looked at again, so that a corrected mapping repairs what differs."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text

from consumers.records import State
from infra.database.engine import Database
from infra.database.operators import UNDECIDED, note, wake
from infra.database.standing import ORDER, SELECTED, Selection
from schemas.kinds import TenantId

BATCH: Final = 5_000
"""Records of one transaction: its row locks are short, so a fold or a settle that wants one waits little."""

# An ignored record comes here by its id alone, and is taken up where it had failed or was refused; one that was unknown
# or gone when it was ignored is so still.
_TAKEN: Final = """
       s.state <> ALL(CAST(:besides AS text[]))
   AND NOT (s.state = 'ignored' AND EXISTS (
            SELECT FROM (SELECT details FROM operator_action
                          WHERE action = 'ignore' AND tenant_id = s.tenant_id
                            AND details ->> 'kind' = s.kind AND details ->> 'id' = s.klipboard_id
                          ORDER BY id DESC LIMIT 1) AS a
             WHERE a.details ->> 'state' IN ('unknown', 'gone_in_quickbooks')))
"""

_STATES: Final = text(f"""
SELECT s.tenant_id, s.state, {_TAKEN} AS taken, count(*) FROM sync_record s
 WHERE {SELECTED}
 GROUP BY s.tenant_id, s.state, taken
 ORDER BY s.tenant_id COLLATE "C"
""")  # noqa: S608 - our own constant

_KEYS: Final = text(f"""
SELECT s.kind, s.klipboard_id FROM sync_record s
 WHERE {SELECTED} AND {_TAKEN}
 ORDER BY s.kind COLLATE "C", s.klipboard_id COLLATE "C"
""")  # noqa: S608

# Locked in the one order in which everybody locks. The states are asked again under the lock: a record that became
# unknown meanwhile is a person's.
REPLAY: Final = text(f"""
UPDATE sync_record r
   SET revision = r.revision + 1, first_failed_at = NULL, tries = 0,
       next_attempt_at = CASE r.state WHEN 'pending' THEN r.next_attempt_at END,
       state = CASE r.state WHEN 'ignored' THEN 'pending' ELSE r.state END,
       cause = CASE r.state WHEN 'ignored' THEN NULL ELSE r.cause END,
       next_step = CASE r.state WHEN 'ignored' THEN NULL ELSE r.next_step END
  FROM (SELECT s.tenant_id, s.kind, s.klipboard_id
          FROM sync_record s
          JOIN unnest(CAST(:kinds AS text[]), CAST(:ids AS text[])) AS k (kind, id)
            ON s.kind = k.kind AND s.klipboard_id = k.id
         WHERE s.tenant_id = :tenant AND {_TAKEN}
         ORDER BY s.tenant_id COLLATE "C", s.kind COLLATE "C", s.klipboard_id COLLATE "C"
           FOR UPDATE OF s) AS f
 WHERE r.tenant_id = f.tenant_id AND r.kind = f.kind AND r.klipboard_id = f.klipboard_id
""")  # noqa: S608

Progress = Callable[[int, int], None]
"""Told after each transaction: records touched so far, and how many were selected at the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay came to. `left_out`: selected records that wait for another decision, by state."""

    records: int
    tenants: Sequence[TenantId]
    left_out: Mapping[State, int]


@dataclass(slots=True, kw_only=True)
class Replay:
    """One replay: tenant by tenant, a transaction and a stored action for each batch.

    Cut short, it has touched whole batches; asking again does no harm.
    """

    database: Database
    selection: Selection
    progress: Progress
    batch: int = BATCH
    _done: int = 0
    _touched: list[TenantId] = field(default_factory=list)

    async def run(self) -> Replayed:
        """Touch every selected record but those that a person has to decide about, or has decided to ignore."""
        total, tenants, left_out = await self._selected()
        for tenant in tenants:
            before, keys = self._done, await self._keys(tenant)
            for first in range(0, len(keys), self.batch):
                self._done += await self._touch(tenant, keys[first : first + self.batch])
                self.progress(self._done, total)
            if self._done > before:
                self._touched.append(tenant)
        return Replayed(records=self._done, tenants=self._touched, left_out=left_out)

    @property
    def _besides(self) -> tuple[State, ...]:
        """A mass replay does not take up what somebody chose to ignore; to name its id does."""
        return UNDECIDED if self.selection.id is not None else (*UNDECIDED, State.IGNORED)

    async def _selected(self) -> tuple[int, Sequence[TenantId], Mapping[State, int]]:
        """How many records are to be touched, of which tenants, and how many are left out by state."""
        total, tenants, left_out = 0, dict[TenantId, None](), Counter[State]()
        parameters = self.selection.parameters() | {"besides": list(self._besides)}
        async with self.database.transaction() as connection:
            for tenant, state, taken, number in await connection.execute(_STATES, parameters):
                if taken:
                    total += number
                    tenants[TenantId(tenant)] = None
                else:
                    left_out[State(state)] += number
        return total, list(tenants), {state: left_out[state] for state in ORDER if state in left_out}

    async def _keys(self, tenant: TenantId) -> Sequence[tuple[str, str]]:
        parameters = self.selection.parameters() | {"tenant": tenant, "besides": list(self._besides)}
        async with self.database.transaction() as connection:
            return [(kind, id_) for kind, id_ in await connection.execute(_KEYS, parameters)]

    async def _touch(self, tenant: TenantId, keys: Sequence[tuple[str, str]]) -> int:
        """One transaction; how many records it touched."""
        names = {"tenant": tenant, "kinds": [kind for kind, _ in keys], "ids": [id_ for _, id_ in keys]}
        async with self.database.transaction() as connection:
            touched = (await connection.execute(REPLAY, names | {"besides": list(self._besides)})).rowcount
            if touched:
                await note(connection, tenant, "replay", {**self.selection.parameters(), "records": touched})
                await wake(connection, tenant)
        return touched
