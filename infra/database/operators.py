"""What a person decides about records and tenants, stored with the decision itself in one transaction."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import RESTING, Link, Record, RecordKey, State
from infra.database import unlinked
from infra.database.circumstances import moment
from infra.database.intake import DUE_CHANNEL
from infra.database.rows import lock_records
from infra.database.standing import NEEDS_A_PERSON
from producers.changes import Row
from schemas import exact
from schemas.kinds import TenantId

UNDECIDED: Final = (State.UNKNOWN, State.GONE)
"""Sending it again settles neither: only a person knows whether there is to be a new object."""

LEFT_ALONE: Final = "A person decided to leave it as it is in QuickBooks."
TAKEN_UP: Final = "`klipsync records replay --id …` takes it up again; `klipsync records recreate` makes it anew."
MADE_ANEW: Final = "`klipsync records recreate` makes it anew, if that has changed."

_NOTE: Final = text("""
INSERT INTO operator_action (tenant_id, action, details) VALUES (:tenant, :action, CAST(:details AS jsonb))
""")

_WAKE: Final = text("SELECT pg_notify(:channel, :tenant)")

# Served by the partial unique index attempt_open.
_OPEN: Final = text("""
SELECT sent_at FROM attempt
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id AND outcome IS NULL
""")

_RECREATE: Final = text("""
UPDATE sync_record
   SET generation = generation + 1, revision = revision + 1, state = 'pending', cause = NULL, next_step = NULL,
       sent = '{}', seen = NULL, unreturned = '{}', reread = false,
       waits_kind = NULL, waits_id = NULL, first_failed_at = NULL, tries = 0,
       next_attempt_at = clock_timestamp() + make_interval(secs => :shown_after)
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id
RETURNING generation
""")

_UNLINK: Final = text("""
DELETE FROM link
 WHERE ledger = 'quickbooks' AND realm = :realm AND tenant_id = :tenant AND kind = :kind AND klipboard_id = :id
""")

_IGNORE: Final = text("""
UPDATE sync_record
   SET state = 'ignored', cause = :cause, next_step = :next_step, settled_revision = revision,
       settled_at = clock_timestamp(),
       waits_kind = NULL, waits_id = NULL, next_attempt_at = NULL, first_failed_at = NULL, tries = 0
 WHERE tenant_id = :tenant AND kind = :kind AND klipboard_id = :id
""")

_PAUSE: Final = text("UPDATE tenant SET operator_pause = :why WHERE id = :tenant")

_PAUSED: Final = text("SELECT operator_pause FROM tenant WHERE id = :tenant FOR NO KEY UPDATE")

# Served by the partial index sync_record_due.
_DUE: Final = text("SELECT count(*) FROM sync_record WHERE tenant_id = :tenant AND revision <> settled_revision")


class Refusal(Exception):  # noqa: N818 - it is what a person calls it
    """What was asked for is not done, and nothing has changed; the sentence says why, and what to do instead."""


async def recreate(connection: AsyncConnection, key: RecordKey, *, shown_after: timedelta) -> tuple[int, Link | None]:
    """Have a new QuickBooks object made for this record: its new generation, and the link that is forgotten.

    It is looked up by its name first, and no sooner than `shown_after`: what the person has just changed in QuickBooks
    must be seen by then. Raises `Refusal`.
    """
    record = await _locked(connection, key)
    refuse_recreation(record=record)
    await _refuse_open(connection, key)
    waits = _names(key) | {"shown_after": shown_after.total_seconds()}
    generation: int = (await connection.execute(_RECREATE, waits)).scalar_one()
    if record.link is not None:
        await _part(connection, record, record.link)
    former = None if record.link is None else asdict(record.link)
    await note(connection, key.tenant, "recreate", _about(record) | {"generation": generation, "unlinked": former})
    await wake(connection, key.tenant)
    return generation, record.link


async def ignore(connection: AsyncConnection, key: RecordKey, *, why: str | None) -> None:
    """Leave this record as it is in QuickBooks until a person takes it up again. Raises `Refusal`."""
    record = await _locked(connection, key)
    if record.state not in NEEDS_A_PERSON:
        known = ", ".join(NEEDS_A_PERSON)
        raise Refusal(
            f"{key.subject} of tenant {key.tenant} is {record.state} and was left as it is: "
            f"only a record that needs a person ({known}) can be ignored."
        )
    await _refuse_open(connection, key)
    cause = LEFT_ALONE if why is None else f"{LEFT_ALONE} {why}"
    next_step = MADE_ANEW if record.state in UNDECIDED else TAKEN_UP
    await connection.execute(_IGNORE, _names(key) | {"cause": cause, "next_step": next_step})
    await note(connection, key.tenant, "ignore", _about(record) | {"why": why})


def refuse_recreation(*, record: Record) -> None:
    """Raise `Refusal` unless a person may decide that this record gets a new QuickBooks object."""
    if record.state in RESTING:
        return
    raise Refusal(
        f"{record.key.subject} of tenant {record.key.tenant} is {record.state} and was left as it is: only what is "
        f"{State.UNKNOWN}, {State.GONE} or {State.IGNORED} can be made again, or QuickBooks might have it twice. "
        "`klipsync records replay` has it looked at again."
    )


async def pause(connection: AsyncConnection, tenant: TenantId, *, why: str) -> int:
    """Nothing leaves for this tenant until it is resumed; how many of its records wait. Raises `Refusal`."""
    before = await _pause_of(connection, tenant)
    await connection.execute(_PAUSE, {"tenant": tenant, "why": why})
    await note(connection, tenant, "pause", {"why": why, "before": before})
    return await _unsettled(connection, tenant)


async def resume(connection: AsyncConnection, tenant: TenantId) -> int:
    """End an operator's pause; how many of its records go on. Raises `Refusal`."""
    before = await _pause_of(connection, tenant)
    if before is None:
        raise Refusal(
            f"Tenant {tenant} is not paused by an operator, so nothing has changed. "
            "`klipsync tenants show` says what else it waits for."
        )
    await connection.execute(_PAUSE, {"tenant": tenant, "why": None})
    await note(connection, tenant, "resume", {"before": before})
    await wake(connection, tenant)
    return await _unsettled(connection, tenant)


async def note(connection: AsyncConnection, tenant: TenantId, action: str, details: Mapping[str, Any]) -> None:
    """Store that a person asked for this."""
    await connection.execute(_NOTE, {"tenant": tenant, "action": action, "details": exact.dumps(details)})


async def wake(connection: AsyncConnection, tenant: TenantId) -> None:
    """Let the tenant's owner look at once, when the transaction commits."""
    await connection.execute(_WAKE, {"channel": DUE_CHANNEL, "tenant": tenant})


def no_record(*, key: RecordKey) -> str:
    """The sentence about a record that is not there."""
    return (
        f"Tenant {key.tenant} has no record {key.subject}: no event about it was folded. "
        "`klipsync records list --tenant …` shows those there are."
    )


async def _locked(connection: AsyncConnection, key: RecordKey) -> Record:
    found = await lock_records(connection, [key])
    if key not in found:
        raise Refusal(no_record(key=key))
    return found[key]


async def _refuse_open(connection: AsyncConnection, key: RecordKey) -> None:
    """Raise `Refusal` while nobody knows what became of a call.

    A call that is planned and waits for its turn is not seen here. It does no harm: it is settled as of the older
    revision, so the record stays due and is compared with whatever that call left behind.
    """
    left = (await connection.execute(_OPEN, _names(key))).scalar_one_or_none()
    if left is not None:
        raise Refusal(
            f"A call about {key.subject} left at {moment(left)} and what became of it is not known yet, so nothing "
            "has changed. It is looked into by itself; ask again when `klipsync records show` says how it ended."
        )


async def _part(connection: AsyncConnection, record: Record, link: Link) -> None:
    """The former object belongs to no record from here on, and is kept as such.

    A deleted one is noted as deleted now, before the new create leaves: else the feed's overlap would show its deletion
    again, and it would be taken for that of the new object while nobody knows what became of that create.
    """
    await connection.execute(_UNLINK, _names(record.key) | {"realm": link.realm})
    owner: dict[str, Any] = {"tenant": record.key.tenant, "realm": link.realm}
    if record.state is State.GONE or "Deleted" in record.unreturned:
        stub = {"Id": link.id, "status": "Deleted"}
        await unlinked.mark_deleted(connection, **owner, rows=[Row(type=link.type, id=link.id, object=stub)])
    elif record.seen is not None:
        await unlinked.keep(connection, **owner, rows=[Row(type=link.type, id=link.id, object=record.seen)])


async def _pause_of(connection: AsyncConnection, tenant: TenantId) -> str | None:
    row = (await connection.execute(_PAUSED, {"tenant": tenant})).one_or_none()
    if row is None:
        raise Refusal(f"There is no tenant {tenant}.")
    return row.operator_pause  # type: ignore[no-any-return]


async def _unsettled(connection: AsyncConnection, tenant: TenantId) -> int:
    return int((await connection.execute(_DUE, {"tenant": tenant})).scalar_one())


def _about(record: Record) -> dict[str, Any]:
    """What an action's details say of the record as it was before."""
    return {"kind": record.key.kind, "id": record.key.id, "state": record.state, "cause": record.cause}


def _names(key: RecordKey) -> dict[str, str]:
    return {"tenant": key.tenant, "kind": key.kind.value, "id": key.id}
