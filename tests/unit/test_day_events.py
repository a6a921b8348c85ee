"""The generated working day: what the demo promises about its input."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.demo import day
from infra.demo.expected import folded
from schemas import structured

EXAMPLE = Path(__file__).parents[2] / "examples" / "one-day.jsonl"


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return list(day.events())


@pytest.fixture(scope="module")
def events(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_the_committed_day_is_what_the_generator_makes(lines: list[str]) -> None:
    """Who changes the generator commits its day too: `python -m infra.demo.day > examples/one-day.jsonl`."""
    committed = EXAMPLE.read_text(encoding="utf-8").splitlines()

    assert committed == lines


def test_another_seed_gives_another_day_and_the_same_seed_the_same(lines: list[str]) -> None:
    """A failing day can be had again."""
    again, other = list(day.events()), list(day.events(seed=7))

    assert again == lines
    assert other != lines


def test_every_line_is_an_event_that_the_publisher_takes(lines: list[str]) -> None:
    """The file is published as it is; the strict reader refuses wrong totals, unknown fields and unknown types."""
    read = [structured.read(line) for line in lines]

    assert len(read) == len(lines)


def test_the_day_has_the_promised_size(events: list[dict[str, Any]]) -> None:
    """Five tenants; together 40 clients, 60 locations, 12 suppliers and 250 invoices of one to eight lines."""
    subjects = {(event["tenantid"], event["subject"]) for event in events}
    kinds = Counter(subject.partition("/")[0] for _, subject in subjects)
    lengths = {len(event["data"]["lines"]) for event in events if event["type"].startswith("Invoice")}

    assert kinds == {"client": 40, "client_location": 60, "supplier": 12, "invoice": 250}
    assert len({tenant for tenant, _ in subjects}) == 5
    assert (min(lengths), max(lengths)) == (1, 8)


def test_no_tenant_has_more_than_35_percent_of_the_day(events: list[dict[str, Any]]) -> None:
    """One company's limits must not decide how long the demo takes."""
    largest = max(Counter(event["tenantid"] for event in events).values())

    assert largest / len(events) <= 0.35


def test_no_record_takes_a_name_that_another_one_has_or_had(events: list[dict[str, Any]]) -> None:
    """R-30: names are unique over clients, locations and suppliers; and nobody waits for a name to be freed."""
    holders = defaultdict(set)
    for event in events:
        if not event["subject"].startswith("invoice/") and "name" in event["data"]:
            holders[event["tenantid"], folded(event["data"]["name"])].add(event["subject"])

    assert {name: held for name, held in holders.items() if len(held) > 1} == {}


def test_no_two_invoices_of_a_tenant_ever_share_a_number(events: list[dict[str, Any]]) -> None:
    """A renumbered invoice takes a number that nobody had."""
    holders = defaultdict(set)
    for event in events:
        if "number" in event["data"]:
            holders[event["tenantid"], event["data"]["number"]].add(event["subject"])

    assert all(len(held) == 1 for held in holders.values())


def test_events_come_again_late_and_out_of_order(events: list[dict[str, Any]]) -> None:
    """Repeats, an older version after a newer one, and a status before its invoice: as real systems send them."""
    repeats = len(events) - len({event["id"] for event in events})
    overtaken, orphans = _overtaken(events), _statuses_before_content(events)

    assert repeats > 20
    assert len(list(overtaken)) > 10
    assert len(list(orphans)) > 2


def test_a_repeat_is_the_same_event_to_the_byte(lines: list[str]) -> None:
    """The same version with another content would be a mistake of the sender, and a dead letter."""
    by_version = defaultdict(set)
    for line in lines:
        event = json.loads(line)
        by_version[event["tenantid"], event["subject"], event["aggregateversion"]].add(line)

    assert all(len(said) == 1 for said in by_version.values())


def test_unit_prices_have_fractions_of_a_cent_and_quantities_fractions(events: list[dict[str, Any]]) -> None:
    """Rounding is part of the job: thirds of cents, half hours."""
    sold = [line for event in events for line in event["data"].get("lines", ())]

    assert any(len(line["unit_price"].partition(".")[2]) > 2 for line in sold)
    assert any(line["quantity"] == "1.5" for line in sold)


def test_only_drafts_move_to_another_client_and_their_events_come_in_order(events: list[dict[str, Any]]) -> None:
    """R-66: an invoice may move only while nothing is paid on it, and the bookkeeper pays what was sent."""
    moved: dict[tuple[str, str], dict[int, tuple[str, str]]] = defaultdict(dict)
    for event in events:
        if "client_id" in event["data"] and event["subject"].startswith("invoice/"):
            data, version = event["data"], int(event["aggregateversion"])
            moved[event["tenantid"], event["subject"]][version] = (data["client_id"], data["status"])
    movers = {thing: told for thing, told in moved.items() if len({client for client, _ in told.values()}) > 1}

    assert movers
    assert {status for told in movers.values() for _, status in told.values()} == {"Draft"}
    assert not {(one["tenantid"], one["subject"]) for one in _overtaken(events)} & movers.keys()


def _overtaken(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Events that arrive for the first time after a newer one of the same thing."""
    newest: dict[tuple[str, str], int] = {}
    seen = set()
    for event in events:
        thing, version = (event["tenantid"], event["subject"]), int(event["aggregateversion"])
        if event["id"] not in seen and version < newest.get(thing, 0):
            yield event
        seen.add(event["id"])
        newest[thing] = max(version, newest.get(thing, 0))


def _statuses_before_content(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    known = set()
    for event in events:
        if event["type"] == "StatusChanged":
            if (event["tenantid"], event["subject"]) not in known:
                yield event
        else:
            known.add((event["tenantid"], event["subject"]))
