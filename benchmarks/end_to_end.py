"""`python benchmarks/end_to_end.py`: from publishing to QuickBooks' books, beside a loop that posts each event."""

import argparse
import statistics
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import day
from meters import company_note
from phases import Integration, Phase, Workload, klipsync_worker, naive_loop, play
from stage import Report, folder, main, options, rounds

from infra.demo.expected import expected
from schemas import envelope, structured

ABOUT: Final = """\
How long it takes from publishing events to QuickBooks' books being right, and how many calls, beside a naive loop.

  naive loop   consumes an event, posts it (create, or update with the last sync token), commits its offset, one at a
               time. It has no crash safety at all, and is given a tidy world: each event once, in order.
  klipsync     a real `klipsync worker`: folds events into records, stores each write before it leaves, settles it.

Both face the sandbox QuickBooks with its limits off and klipsync's own pacing raised out of the way, so that programs
are measured and not limits. With Intuit's limits (10 calls a second and 500 a minute for each company) the number of
calls decides, not the seconds: look at "calls per event". Both must leave every invoice with the right total, else the
run is void; so is one in which the sandbox itself was the bottleneck. docs/benchmarks.md says more.
"""
INTEGRATIONS: Final[Mapping[str, Integration]] = {"naive": naive_loop, "klipsync": klipsync_worker}
TITLES: Final = {"naive": "naive loop", "klipsync": "klipsync"}
_SAFETY: Final = (
    "The naive loop has no crash safety: killed between a post and its commit it posts twice, and it keeps ids and "
    "sync tokens in memory alone. So this is the price of safety and the gain of folding, side by side."
)
_ALIKE: Final = (
    "All events were published at once, after both were ready. No limits, and answers within a millisecond or two: at "
    "Intuit the calls decide, not the seconds."
)
Found = Mapping[str, Sequence[Phase]]

_ROWS: Final[Sequence[tuple[str, str, Callable[[Phase, Workload], float], str]]] = (
    ("seconds", "seconds until the last record is right", lambda phase, _: phase.seconds, ",.1f"),
    ("events_per_second", "events/s", lambda phase, work: len(work.messages) / phase.seconds, ",.0f"),
    ("calls", "calls to QuickBooks", lambda phase, _: phase.calls.all, ",.0f"),
    ("writes", "  of them writes", lambda phase, _: phase.calls.writes, ",.0f"),
    ("refused", "  of them refused", lambda phase, _: phase.calls.faults, ",.0f"),
    ("calls_per_event", "calls per event", lambda phase, work: phase.calls.all / len(work.messages), ".2f"),
    ("cpu_integration", "CPU s: the loop, or the worker", lambda phase, _: phase.cpu["integration"], ".1f"),
    ("cpu_postgres", "CPU s: PostgreSQL", lambda phase, _: phase.cpu["postgres"], ".1f"),
    ("cpu_kafka", "CPU s: Kafka", lambda phase, _: phase.cpu["kafka"], ".1f"),
    ("cpu_sandbox", "CPU s: sandbox", lambda phase, _: phase.cpu["sandbox"], ".1f"),
    ("sandbox_share", "  of a core", lambda phase, _: phase.sandbox_share, ".0%"),
)
"""Name for programs, name for people, the number, how it is written."""


def _report(found: Found, work: Workload) -> Report:
    tenants, things, number = work.expectation.tenants, work.expectation.things, len(found["naive"])
    invoices = sum(thing.kind == "invoice" for thing in things)
    numbers = {name: _numbers(phases, work) for name, phases in found.items()}
    events = len(work.messages)
    counts = {"events": events, "things": len(things), "invoices": invoices, "companies": len(tenants)}
    others = max(phase.others for phases in found.values() for phase in phases)
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return Report(
        title=f"End to end: {said}, {rounds(number)}",
        columns=("", *TITLES.values(), "klipsync / naive"),
        rows=[_row(key, title, form, numbers) for key, title, _, form in _ROWS],
        notes=(_SAFETY, _ALIKE, *_spreads(found), company_note(others)),
        numbers={"benchmark": "end_to_end", **counts, "rounds": number, "others": round(others, 2), **numbers},
    )


def _row(key: str, title: str, form: str, numbers: Mapping[str, Mapping[str, float]]) -> Sequence[str]:
    naive, ours = numbers["naive"][key], numbers["klipsync"][key]
    return title, format(naive, form), format(ours, form), f"{ours / naive:.2f}" if naive else ""


def _numbers(phases: Sequence[Phase], work: Workload) -> dict[str, Any]:
    return {key: round(statistics.median(number(phase, work) for phase in phases), 3) for key, _, number, _ in _ROWS}


def _spreads(found: Found) -> Sequence[str]:
    seconds = {name: [phase.seconds for phase in phases] for name, phases in found.items() if len(phases) > 1}
    return [
        f"{TITLES[name]}: {min(all_):.1f} to {max(all_):.1f} s; the median is above." for name, all_ in seconds.items()
    ]


async def run(chosen: Namespace) -> Report:
    """The whole benchmark. Raises Void, EmbeddedError, KafkaError, ChildFailed, ControlRefused."""
    events = day.lived(day.tidied(day.as_it_was()), at_least=chosen.events)
    work = Workload(
        messages=[envelope.encode(event) for event in events],
        expectation=expected(structured.write(event) for event in events),
    )
    found: dict[str, list[Phase]] = {name: [] for name in INTEGRATIONS}
    async with folder(chosen.state) as state:
        for number in range(1, chosen.repeats + 1):
            for name, integration in INTEGRATIONS.items():
                found[name].append(await play(TITLES[name], integration, work, state / f"{name}-{number}"))
    return _report(found, work)


def parser() -> argparse.ArgumentParser:
    """What may be chosen."""
    return options(ABOUT, events=1_500, repeats=3)


if __name__ == "__main__":
    sys.exit(main(run, parser()))
