"""How tenants stand, for a person: what each has, owes and waits for."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.records import State
from infra.database.circumstances import Circumstances, circumstances
from infra.database.standing import ORDER
from infra.settings import Durations
from schemas.kinds import TenantId

_NAMES: Final = text('SELECT id FROM tenant ORDER BY id COLLATE "C"')

_WANTED: Final = "(CAST(:tenants AS text[]) IS NULL OR tenant_id = ANY(CAST(:tenants AS text[])))"

# Served by sync_record_state, and the second by the partial index sync_record_due.
_STATES: Final = text(f"SELECT tenant_id, state, count(*) FROM sync_record WHERE {_WANTED} GROUP BY tenant_id, state")  # noqa: S608 - our own constant

_DUE: Final = text(f"""
SELECT tenant_id, count(*) AS number FROM sync_record
 WHERE {_WANTED} AND revision <> settled_revision AND coalesce(next_attempt_at, '-infinity') <= clock_timestamp()
 GROUP BY tenant_id
""")  # noqa: S608

# Served by the partial index outbox_unsent.
_UNTOLD: Final = text(f"""
SELECT tenant_id, count(*) AS number FROM outbox WHERE {_WANTED} AND sent_at IS NULL GROUP BY tenant_id
""")  # noqa: S608

_ONLY_THERE: Final = text(f"""
SELECT tenant_id, type, count(*) FROM quickbooks_only
 WHERE {_WANTED} AND deleted_at IS NULL
 GROUP BY tenant_id, type
 ORDER BY type
""")  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenancy:
    """One tenant. `unsent` messages wait in the outbox; `only_in_quickbooks` counts objects by QuickBooks' types."""

    around: Circumstances
    states: Mapping[State, int]
    due: int
    unsent: int
    only_in_quickbooks: Mapping[str, int]


async def names(connection: AsyncConnection) -> Sequence[TenantId]:
    """Every tenant."""
    return [TenantId(name) for name in (await connection.execute(_NAMES)).scalars()]


async def tenancies(
    connection: AsyncConnection, *, tenants: Collection[TenantId] | None = None, durations: Durations
) -> Sequence[Tenancy]:
    """These tenants (None: all), in the order of their ids."""
    wanted = {"tenants": None if tenants is None else list(tenants)}
    around = await circumstances(connection, tenants=tenants, durations=durations)
    due, unsent = [
        {row.tenant_id: row.number for row in await connection.execute(statement, wanted)}
        for statement in (_DUE, _UNTOLD)
    ]
    states: dict[str, dict[str, int]] = defaultdict(dict)
    only_there: dict[str, dict[str, int]] = defaultdict(dict)
    for found, statement in ((states, _STATES), (only_there, _ONLY_THERE)):
        for tenant, name, number in await connection.execute(statement, wanted):
            found[tenant][name] = number
    return [
        Tenancy(
            around=one,
            states={state: states[name][state] for state in ORDER if state in states[name]},
            due=due.get(name, 0),
            unsent=unsent.get(name, 0),
            only_in_quickbooks=only_there[name],
        )
        for name, one in around.items()
    ]
