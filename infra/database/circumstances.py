"""What lets a tenant's records leave, or holds them back: pauses, the connection, an owner."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from shlex import quote
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.settings import Durations
from schemas.kinds import TenantId

CONNECTED: Final = "connected"

# A lease counts while it lives, a worker while it was seen lately; both by this database's clock.
_CIRCUMSTANCES: Final = text("""
SELECT t.id AS tenant, t.time_zone, t.currency, t.income_account, t.operator_pause, t.next_poll_at, t.polled_at,
       CASE WHEN t.paused_until > clock_timestamp() THEN t.pause_cause END AS pause_cause,
       CASE WHEN t.paused_until > clock_timestamp() THEN t.paused_until END AS paused_until,
       coalesce(t.rewound_at + make_interval(secs => :repeat_after) >= coalesce(t.polled_at, '-infinity'), false)
           AS rewound,
       c.realm, c.environment, c.state AS connection, c.cause AS connection_cause, c.connected_at,
       k.changed_since AS cursor, l.owner, l.expires_at AS lease_until,
       (SELECT count(*) FROM worker
         WHERE seen_at > clock_timestamp() - make_interval(secs => :lease_seconds)) AS workers
  FROM tenant t
  LEFT JOIN connection c ON c.tenant_id = t.id
  LEFT JOIN cursor k ON k.realm = c.realm AND k.feed = 'cdc'
  LEFT JOIN lease l ON l.tenant_id = t.id AND l.expires_at > clock_timestamp()
 WHERE CAST(:tenants AS text[]) IS NULL OR t.id = ANY(CAST(:tenants AS text[]))
 ORDER BY t.id COLLATE "C"
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something waits. `next_step` is None where it goes on by itself."""

    why: str
    next_step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """One tenant as it is at this moment; `pause_cause` and `paused_until` only while that pause lasts."""

    tenant: TenantId
    time_zone: str
    currency: str
    income_account: str | None
    operator_pause: str | None
    pause_cause: str | None
    paused_until: datetime | None
    rewound: bool
    """The database went back in time, and what was under way then may not show yet: nothing is created."""
    realm: str | None
    environment: str | None
    connection: str | None
    """None for a tenant that was never connected."""
    connection_cause: str | None
    connected_at: datetime | None
    cursor: datetime | None
    next_poll_at: datetime | None
    polled_at: datetime | None
    owner: str | None
    lease_until: datetime | None
    workers: int
    """Live workers of this database, for whatever tenant."""


async def circumstances(
    connection: AsyncConnection, *, tenants: Collection[TenantId] | None, durations: Durations
) -> Mapping[TenantId, Circumstances]:
    """These tenants (None: all) in the order of their ids; one that does not exist is left out."""
    wanted = {
        "tenants": None if tenants is None else list(tenants),
        "lease_seconds": durations.lease.total_seconds(),
        "repeat_after": durations.repeat_after.total_seconds(),
    }
    rows = await connection.execute(_CIRCUMSTANCES, wanted)
    return {row["tenant"]: Circumstances(**row) for row in rows.mappings()}


def blocked(*, around: Circumstances) -> Reason | None:
    """Why nothing may leave for this tenant, whoever owns it; None: it may."""
    name, again = around.tenant, f"`klipsync tenants add {quote(around.tenant)} …`"
    if around.operator_pause is not None:
        return Reason(
            why=f"tenant {name} was paused by an operator: {around.operator_pause}",
            next_step=f"let it go on with `klipsync tenants resume {quote(name)}`",
        )
    if around.connection is None:
        return Reason(why=f"tenant {name} is not connected to QuickBooks", next_step=f"connect it with {again}")
    if around.connection != CONNECTED:
        cause = (
            f": {around.connection_cause}" if around.connection_cause else f" (its connection is {around.connection})"
        )
        return Reason(
            why=f"tenant {name} is not connected to QuickBooks any more{cause}",
            next_step=f"connect it again with {again}",
        )
    if around.paused_until is not None:
        return Reason(why=f"tenant {name} is paused until {moment(around.paused_until)}: {around.pause_cause}")
    return None


def unowned(*, around: Circumstances) -> Reason | None:
    """Why nobody acts for this tenant; None: somebody does."""
    if around.owner is not None:
        return None
    if around.workers == 0:
        return Reason(why=f"tenant {around.tenant} has no owner: no worker runs", next_step="start a `klipsync worker`")
    workers = "the worker that runs" if around.workers == 1 else f"one of the {around.workers} workers that run"
    return Reason(why=f"tenant {around.tenant} has no owner yet; {workers} will take it")


def moment(at: datetime) -> str:
    """A time for a person, to the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
