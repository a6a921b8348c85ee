"""The events of both benchmarks: `examples/one-day.jsonl`, lived through by as many companies as are wanted."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from schemas import structured
from schemas.envelope import Event
from schemas.kinds import TenantId

_DAY: Final = Path(__file__).parents[1] / "examples" / "one-day.jsonl"
_NEEDED_FIRST: Final = ("client", "client_location", "supplier", "invoice")


def as_it_was() -> list[Event]:
    """The day of five companies: people work in bursts, some events come twice, some late. Raises OSError."""
    return [structured.read(line) for line in _DAY.read_bytes().splitlines() if line.strip()]


def tidied(events: Sequence[Event]) -> list[Event]:
    """The day as it never is: each event once, in order, and after whatever it refers to."""
    once = {event.id: event for event in events}
    return sorted(once.values(), key=lambda event: (_NEEDED_FIRST.index(event.subject.partition("/")[0]), event.time))


def lived(events: Sequence[Event], *, at_least: int) -> list[Event]:
    """The day in so many sets of companies that it has `at_least` so many events.

    Tenants and event ids are fresh in each set. All companies work at the same time: each event of the day is followed
    by its likes of the other sets, so that one batch meets many things once and not one thing many times.
    """
    sets = range(1, -(-at_least // len(events)) + 1)
    return [
        replace(event, tenant=TenantId(f"{event.tenant}-{number}"), id=f"{event.id}-{number}")
        for event in events
        for number in sets
    ]
