"""What the list of records shows: a line each, and one line over all."""

from collections.abc import Sequence
from typing import Any, Final

from infra.cli.tables import Table, cell, counted, listing
from infra.database.circumstances import Circumstances, Reason
from infra.database.standing import NEEDS_A_PERSON, Counts, Standing, waiting

COLUMNS: Final = ("tenant", "record", "name", "state", "due", "since", "cause", "next step")
SCREEN_COLUMNS: Final = ("tenant", "record", "state", "since", "why, and what to do")


def headline(counts: Counts) -> str:
    """One line that says at once whether something is wrong."""
    if not counts.all:
        return "no records"
    wrong = sum(number for state, number in counts.states.items() if state in NEEDS_A_PERSON)
    number = f"{wrong:,}" if wrong else "none"
    verdict = f"{number} of {counted(counts.all, 'record')} need{'s' if wrong <= 1 else ''} a person"
    return f"{verdict}: {listing(counts.states)}; due now {counts.due:,}"


def list_json(record: Standing, around: Circumstances) -> dict[str, Any]:
    """A record of the list, for machines. `waits_because` is there while it is to be looked at and is not yet."""
    reason = waiting(record=record, around=around)
    return {
        "tenant": record.key.tenant,
        "kind": record.key.kind,
        "id": record.key.id,
        "name": record.name,
        "state": record.state,
        "due": record.due,
        "since": record.since,
        "cause": record.cause,
        "next_step": record.next_step,
        "waits_because": None if reason is None else reason.why,
        "waits_next_step": None if reason is None else reason.next_step,
        "waits_for": _subject(record),
    }


def list_table(found: Sequence[tuple[Standing, Circumstances]], *, on_screen: bool) -> Table:
    """The list: fewer, taller columns on a screen; one value a column elsewhere."""
    lines = [(record, waiting(record=record, around=around)) for record, around in found]
    if on_screen:
        return Table(columns=SCREEN_COLUMNS, rows=[_screen_row(record, reason) for record, reason in lines])
    return Table(columns=COLUMNS, rows=[_plain_row(record, reason) for record, reason in lines])


def why(record: Standing, reason: Reason | None) -> str | None:
    """Why it stands as it does: first what it waits for now, then what was said when it was last settled."""
    if reason is None:
        return record.cause
    return f"waits: {reason.why}" + (f" (before: {record.cause})" if record.cause else "")


def step(record: Standing, reason: Reason | None) -> str | None:
    """What to do: about what it waits for now, else as was said when it was last settled."""
    return (reason.next_step if reason is not None else None) or record.next_step


def _plain_row(record: Standing, reason: Reason | None) -> tuple[str, ...]:
    values = (record.key.tenant, record.key.subject, record.name, record.state, "due" if record.due else None)
    return tuple(cell(value) for value in (*values, record.since, why(record, reason), step(record, reason)))


def _screen_row(record: Standing, reason: Reason | None) -> tuple[str, ...]:
    subject = "\n".join(filter(None, (record.key.subject, record.name)))
    state = f"{record.state}\ndue" if record.due else str(record.state)
    explained = "\n".join(filter(None, (why(record, reason), step(record, reason))))
    since = cell(record.since).replace(" ", "\n", 1)  # the day, and the time below it
    return (record.key.tenant, subject, state, since, explained)


def _subject(record: Standing) -> str | None:
    return None if record.waits_for is None else "/".join(record.waits_for)
