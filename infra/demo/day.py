"""`python -m infra.demo.day > examples/one-day.jsonl`: one working day of five field-service companies, as events.

Invented, but not tidy: people work in bursts, systems send an event twice, and some events arrive late, so that an
older version follows a newer one and a status comes before its invoice. The same seed gives the same day to the byte.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final, NamedTuple

from infra.demo import catalogue, invoicing, things
from infra.demo.catalogue import Company
from infra.demo.things import Change, Office, Thing

SEED: Final = 20260302
_REPEATED: Final = 0.06
_LATE: Final = 0.05
_SOURCES: Final = {"client": "crm", "client_location": "crm", "supplier": "purchasing", "invoice": "billing"}


class Delivery(NamedTuple):
    """An event on its way: sorted by when it arrives, and where two arrive together by their order of happening."""

    at: datetime
    order: int
    line: str


def events(seed: int = SEED) -> Iterator[str]:
    """The day's events, one structured CloudEvent as a line of JSON each, in the order in which they arrive."""
    dice = Random(seed)  # noqa: S311 - the same seed must give the same day
    happened = sorted((change for thing in _all_things(dice) for change in thing.changes), key=lambda change: change.at)
    arriving = [one for order, change in enumerate(happened) for one in _deliveries(dice, order, change)]
    return (delivery.line for delivery in sorted(arriving))


def _all_things(dice: Random) -> list[Thing]:
    names = iter(catalogue.SUPPLIER_NAMES)
    found: list[Thing] = []
    for company in catalogue.COMPANIES:
        found += _things_of(company, Random(dice.random()), [next(names) for _ in range(company.suppliers)])  # noqa: S311
    return found


def _things_of(company: Company, dice: Random, suppliers: list[str]) -> list[Thing]:
    office = Office(company=company, dice=dice)
    return [
        *things.suppliers(office, suppliers),
        *things.clients(office),
        *things.locations(office),
        *invoicing.invoices(office),
    ]


def _deliveries(dice: Random, order: int, change: Change) -> Iterator[Delivery]:
    """Once as a rule; late now and then; and now and then a second time, soon or much later, as it was."""
    line = _line(change)
    late = dice.random() < _LATE and not change.steady
    at = change.at + timedelta(minutes=dice.uniform(8, 70) if late else 0)
    yield Delivery(at, order, line)
    if dice.random() < _REPEATED:
        yield Delivery(at + timedelta(minutes=dice.choice((0.05, 2, dice.uniform(20, 120)))), order, line)


def _line(change: Change) -> str:
    kind = change.subject.partition("/")[0]
    named = f"{change.tenant} {change.subject} {change.version} {change.type}"
    event = {
        "specversion": "1.0",
        "id": hashlib.sha256(named.encode()).hexdigest()[:32],
        "source": f"klipboard/{_SOURCES[kind]}",
        "type": change.type,
        "subject": change.subject,
        "time": change.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "dataschema": f"urn:klipsync:{change.type}:1",
        "tenantid": change.tenant,
        "aggregateversion": str(change.version),
        "data": change.data,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the day to standard output."""
    parser = argparse.ArgumentParser(prog="python -m infra.demo.day", description="A working day as events.")
    parser.add_argument("--seed", type=int, default=SEED)
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stdout.writelines(f"{line}\n" for line in events(parser.parse_args(arguments).seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
