"""What the commands show of tenants: a line each in a list, a page for one."""

from collections.abc import Sequence
from typing import Any, Final

from infra.cli.tables import NOTHING, Facts, Part, Table, cell, counted, listing
from infra.database.circumstances import Circumstances, Reason, blocked, unowned
from infra.database.tenancies import Tenancy

_REWOUND: Final = "the database went back in time; nothing new is made before it was read"
COLUMNS: Final = (
    "tenant",
    "connection",
    "records",
    "due",
    "owner",
    "last polled",
    "only in QuickBooks",
    "unsent",
    "waits",
)


SCREEN_COLUMNS: Final = ("tenant", "records", "owner, last polled", "connection, and why it waits")


def list_table(found: Sequence[Tenancy], *, on_screen: bool) -> Table:
    """The list: fewer, taller columns on a screen; one value a column elsewhere."""
    if on_screen:
        return Table(columns=SCREEN_COLUMNS, rows=[_screen_row(one) for one in found])
    return Table(columns=COLUMNS, rows=[_row(one) for one in found])


def tenant_json(tenancy: Tenancy) -> dict[str, Any]:
    """A tenant for machines. `waits_because` says why nothing leaves for it now; null where things do."""
    around, reason = tenancy.around, _reason(tenancy.around)
    return {
        "tenant": around.tenant,
        "time_zone": around.time_zone,
        "currency": around.currency,
        "income_account": around.income_account,
        "connection": around.connection,
        "connection_cause": around.connection_cause,
        "connected_at": around.connected_at,
        "realm": around.realm,
        "environment": around.environment,
        "operator_pause": around.operator_pause,
        "pause_cause": around.pause_cause,
        "paused_until": around.paused_until,
        "waits_because": None if reason is None else reason.why,
        "waits_next_step": None if reason is None else reason.next_step,
        "owner": around.owner,
        "lease_until": around.lease_until,
        "next_poll_at": around.next_poll_at,
        "polled_at": around.polled_at,
        "cursor": around.cursor,
        "rewound": around.rewound,
        "records": tenancy.states,
        "due": tenancy.due,
        "only_in_quickbooks": tenancy.only_in_quickbooks,
        "unsent": tenancy.unsent,
    }


def page_parts(tenancy: Tenancy) -> list[Part]:
    """A tenant with everything, for a person."""
    around, reason = tenancy.around, _reason(tenancy.around)
    return [
        Facts(
            title=f"Tenant {around.tenant}",
            facts=[
                ("waits", None if reason is None else reason.why),
                ("next step", None if reason is None else reason.next_step),
                ("records", listing(tenancy.states) or "none yet"),
                ("due now", str(tenancy.due)),
                ("messages not sent yet", str(tenancy.unsent)),
                ("owner", _owner(around)),
                ("books", f"time zone {around.time_zone}, currency {around.currency}"),
                ("income account", around.income_account or "none: new items wait for one"),
            ],
        ),
        Facts(title="QuickBooks", facts=_company(tenancy)),
    ]


def _company(tenancy: Tenancy) -> list[tuple[str, str | None]]:
    around = tenancy.around
    return [
        ("connection", _connection(around)),
        ("connected at", _maybe(around.connected_at)),
        ("paused by an operator", around.operator_pause),
        (
            "paused",
            None if around.paused_until is None else f"{around.pause_cause} (until {cell(around.paused_until)})",
        ),
        ("last polled", cell(around.polled_at)),
        ("next poll", cell(around.next_poll_at)),
        ("changes read up to", cell(around.cursor)),
        (
            "reads again",
            _REWOUND if around.rewound else None,
        ),
        ("only there", listing(tenancy.only_in_quickbooks) or "nothing"),
    ]


def _screen_row(tenancy: Tenancy) -> tuple[str, ...]:
    around, reason = tenancy.around, _reason(tenancy.around)
    records = [*(f"{state} {number:,}" for state, number in tenancy.states.items()), f"due now {tenancy.due:,}"]
    unsent = f"{counted(tenancy.unsent, 'message')} not sent yet" if tenancy.unsent else None
    only_there = f"only there: {listing(tenancy.only_in_quickbooks)}" if tenancy.only_in_quickbooks else None
    why = None if reason is None else f"waits: {_waits(reason)}"
    return (
        around.tenant,
        "\n".join(records),
        "\n".join((around.owner or "nobody", cell(around.polled_at))),
        "\n".join(filter(None, (_connection(around), why, only_there, unsent))),
    )


def _row(tenancy: Tenancy) -> tuple[str, ...]:
    around = tenancy.around
    values = (
        around.tenant,
        _connection(around),
        listing(tenancy.states),
        tenancy.due,
        around.owner,
        around.polled_at,
        listing(tenancy.only_in_quickbooks),
        tenancy.unsent,
        _waits(_reason(around)),
    )
    return tuple(cell(value) for value in values)


def _reason(around: Circumstances) -> Reason | None:
    return blocked(around=around) or unowned(around=around)


def _waits(reason: Reason | None) -> str:
    return NOTHING if reason is None else "; ".join(filter(None, (reason.why, reason.next_step)))


def _connection(around: Circumstances) -> str:
    if around.connection is None:
        return "never connected"
    cause = f": {around.connection_cause}" if around.connection_cause else ""
    return f"{around.connection} to company {around.realm} ({around.environment}){cause}"


def _owner(around: Circumstances) -> str:
    return "nobody" if around.owner is None else f"{around.owner}, by a lease until {cell(around.lease_until)}"


def _maybe(value: object) -> str | None:
    return None if value is None else cell(value)
