"""How records stand, for a person: what state each is in, since when, and why it waits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import RecordKey, State
from infra.database.circumstances import Circumstances, Reason, blocked, moment, unowned
from infra.database.rows import key_of
from schemas.kinds import Kind, KlipboardId, TenantId

NEEDS_A_PERSON: Final = (State.FAILED, State.REFUSED, State.UNKNOWN, State.GONE)
ORDER: Final = (*NEEDS_A_PERSON, State.WAITING, State.PENDING, State.SYNCED, State.IGNORED)
"""The order in which a person wants to see them."""

SELECTED: Final = """
       (CAST(:tenant AS text) IS NULL OR s.tenant_id = :tenant)
   AND (CAST(:kind AS text) IS NULL OR s.kind = :kind)
   AND (CAST(:id AS text) IS NULL OR s.klipboard_id = :id)
"""
"""A condition on sync_record named s, with the parameters of a `Selection`."""

_COUNTS: Final = text(f"""
SELECT s.state, count(*) AS records,
       count(*) FILTER (WHERE s.revision <> s.settled_revision
                          AND coalesce(s.next_attempt_at, '-infinity') <= clock_timestamp()) AS due
  FROM sync_record s
 WHERE {SELECTED}
 GROUP BY s.state
""")  # noqa: S608 - our own constant

# The rows are chosen first, so that the joins and the large columns cost no more than the few that are shown. A synced
# record that is to be looked at again stands with the pending ones.
_LISTED: Final = text(f"""
WITH chosen AS (
    SELECT s.tenant_id, s.kind, s.klipboard_id,
           array_position(CAST(:order AS text[]),
                          CASE WHEN s.state = 'synced' AND s.revision <> s.settled_revision
                               THEN 'pending' ELSE s.state END) AS place,
           CASE WHEN s.revision = s.settled_revision THEN coalesce(s.settled_at, s.folded_at)
                ELSE coalesce(s.folded_at, s.settled_at) END AS since
      FROM sync_record s
     WHERE {SELECTED}
       AND (CAST(:states AS text[]) IS NULL OR s.state = ANY(CAST(:states AS text[])))
       AND (NOT CAST(:due AS boolean)
            OR (s.revision <> s.settled_revision AND coalesce(s.next_attempt_at, '-infinity') <= clock_timestamp()))
     ORDER BY place, since NULLS FIRST, s.tenant_id COLLATE "C", s.kind COLLATE "C", s.klipboard_id COLLATE "C"
     LIMIT :limit)
SELECT r.tenant_id, r.kind, r.klipboard_id, r.state, r.cause, r.next_step, r.waits_kind, r.waits_id, chosen.since,
       coalesce(r.desired #>> '{{content,value,number}}', r.desired #>> '{{content,value,name}}') AS name,
       r.revision = r.settled_revision AS settled,
       CASE WHEN r.next_attempt_at > clock_timestamp() THEN r.next_attempt_at END AS next_try_at,
       a.sent_at AS call_left_at, a.next_step_at AS call_next_step_at,
       NOT EXISTS (SELECT FROM link l JOIN connection c ON c.tenant_id = l.tenant_id AND c.realm = l.realm
                    WHERE l.ledger = 'quickbooks' AND l.tenant_id = r.tenant_id AND l.kind = r.kind
                      AND l.klipboard_id = r.klipboard_id) AS is_new
  FROM chosen
  JOIN sync_record r ON (r.tenant_id, r.kind, r.klipboard_id)
                      = (chosen.tenant_id, chosen.kind, chosen.klipboard_id)
  LEFT JOIN attempt a ON a.tenant_id = r.tenant_id AND a.kind = r.kind AND a.klipboard_id = r.klipboard_id
                     AND a.outcome IS NULL
 ORDER BY chosen.place, chosen.since NULLS FIRST, r.tenant_id COLLATE "C", r.kind COLLATE "C",
          r.klipboard_id COLLATE "C"
""")  # noqa: S608 - our own constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which records: None leaves it open."""

    tenant: TenantId | None = None
    kind: Kind | None = None
    id: KlipboardId | None = None

    @classmethod
    def of(cls, key: RecordKey) -> "Selection":
        """One record."""
        return cls(tenant=key.tenant, kind=key.kind, id=key.id)

    @property
    def names_something(self) -> bool:
        """Whether it is narrower than everything."""
        return not (self.tenant is None and self.kind is None and self.id is None)

    def parameters(self) -> dict[str, str | None]:
        """For `SELECTED`."""
        return {"tenant": self.tenant, "kind": None if self.kind is None else self.kind.value, "id": self.id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many records are in each state (in `ORDER`), and how many of all are due."""

    states: Mapping[State, int]
    due: int

    @property
    def all(self) -> int:
        """Every record of the selection."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One record. `since`: when it was settled or, if something came after that, when that was folded."""

    key: RecordKey
    name: str | None
    """An invoice's number, everybody else's name; None before its content came."""
    state: State
    settled: bool
    """Nothing came that was not looked at."""
    since: datetime | None
    cause: str | None
    next_step: str | None
    waits_for: tuple[Kind, KlipboardId] | None
    next_try_at: datetime | None
    """Only while it lies ahead."""
    call_left_at: datetime | None
    """When its open attempt left last; None: none is open."""
    call_next_step_at: datetime | None
    is_new: bool
    """It has no QuickBooks object in the company that is connected."""

    @property
    def due(self) -> bool:
        """It is to be looked at, and its next try has come."""
        return not self.settled and self.next_try_at is None


async def counts(connection: AsyncConnection, selection: Selection) -> Counts:
    """Count the selected records by state; states without records are left out."""
    rows = (await connection.execute(_COUNTS, selection.parameters())).all()
    found = {State(row.state): row.records for row in rows}
    return Counts(states={state: found[state] for state in ORDER if state in found}, due=sum(row.due for row in rows))


async def listed(
    connection: AsyncConnection,
    selection: Selection,
    *,
    states: Collection[State] = (),
    due: bool = False,
    limit: int,
) -> Sequence[Standing]:
    """The selected records, those that need a person first, the oldest first among equals."""
    rows = await connection.execute(
        _LISTED,
        selection.parameters()
        | {
            "order": [state.value for state in ORDER],
            "states": [state.value for state in states] or None,
            "due": due,
            "limit": limit,
        },
    )
    return [_standing(row) for row in rows.mappings()]


def waiting(*, record: Standing, around: Circumstances) -> Reason | None:
    """Why a record that is to be looked at is not being looked at (R-03); None: nothing is left to look at."""
    if record.settled:
        return None
    return (
        blocked(around=around)
        or _unanswered(record=record)
        or _later(record=record)
        or unowned(around=around)
        or _rewound(record=record, around=around)
        or Reason(why=f"its owner {around.owner} comes to it next")
    )


def _unanswered(*, record: Standing) -> Reason | None:
    if record.call_left_at is None:
        return None
    left, step = moment(record.call_left_at), record.call_next_step_at
    then = "" if step is None else f"; it is looked into after {moment(step)}"
    return Reason(why=f"its call of {left} has no answer yet{then}")


def _later(*, record: Standing) -> Reason | None:
    return None if record.next_try_at is None else Reason(why=f"it is tried again at {moment(record.next_try_at)}")


def _rewound(*, record: Standing, around: Circumstances) -> Reason | None:
    if not (around.rewound and record.is_new):
        return None
    return Reason(why="the database went back in time; nothing new is made before QuickBooks' changes are read")


def _standing(row: RowMapping) -> Standing:
    needs = (Kind(row["waits_kind"]), KlipboardId(row["waits_id"])) if row["waits_id"] is not None else None
    plain = ("name", "settled", "since", "cause", "next_step", "next_try_at", "call_left_at", "call_next_step_at")
    return Standing(
        key=key_of(row),
        state=State(row["state"]),
        waits_for=needs,
        is_new=row["is_new"],
        **{name: row[name] for name in plain},
    )
