"""`python benchmarks/intake.py`: how fast intake folds events, beside two bare loops over the same messages."""

import argparse
import statistics
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import bare
import day
import folding
from folding import Folded, Tables
from meters import Moment, company_note
from sqlalchemy import make_url
from stage import Report, Void, finish, folder, main, options, parts, rounds, say

from infra.database.engine import Database
from infra.database.migrate import migrate
from infra.demo.stage import Base
from infra.kafka.producer import KafkaProducer
from schemas import envelope
from schemas.envelope import Event
from schemas.topics import CLIENTS, INVOICES, SUPPLIERS

ABOUT: Final = """\
How many events a second intake folds, beside two bare loops that read the same messages in the same run.

  (a) validate        aiokafka, and each message decoded and checked; nothing is stored
  (b) row per event   the same, and for each message an INSERT in a transaction of its own
  intake              klipsync's own: validated, folded into records, stored with the offsets, a batch a transaction
  intake, replay      the same messages once more, over records that know them all: nothing may change

The events are the working day of examples/one-day.jsonl, lived through by many companies. Read the two ratios, not the
events a second: those are this machine's. intake/(a) is what folding and storing cost beside reading; intake/(b) is
what one transaction a batch gains over one an event, and depends most on the disk. Each round is checked against the
events; a round in which anything is missing ends the run without numbers. docs/benchmarks.md says more.
"""
TOPICS: Final = (CLIENTS, SUPPLIERS, INVOICES)
NAMES: Final = ("validate", "insert", "fold", "replay")
TITLES: Final = ("(a) validate", "(b) row per event", "intake", "intake, replay")
_DONE: Final = (
    "All four took all {count:,} events (median of the rounds). Of them intake folded {applied:,}, knew {older:,} to "
    "be older and {repeated:,} to be repeats; the replay changed nothing. Its records are at the newest versions."
)
_SAFETY: Final = (
    "Killed at a bad moment, (a) and (b) skip events or read them twice; intake folds each once, because records and "
    "offsets are stored together."
)
_WARM_UP: Final = 1_000  # events of a round that is not measured


@dataclass(slots=True, kw_only=True)
class Benchmark:
    """One run: `seconds` holds each competitor's rounds."""

    base: Base
    events: Sequence[Event]
    seconds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})
    rows: dict[str, int] = field(default_factory=dict)
    transactions: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, Mapping[str, int]] = field(default_factory=dict)
    others: float = 0.0
    """Cores that other people's programs took meanwhile."""

    async def play(self, repeats: int) -> None:
        """Publish, warm up, measure. The order changes from round to round, so that no one is always first."""
        say(f"publishing {len(self.events)} events of {len({event.tenant for event in self.events})} companies")
        async with KafkaProducer(self.base.kafka) as producer:
            await producer.send([envelope.encode(event) for event in self.events])
        contests = (self._validate, self._insert, self._fold_and_replay)
        say("warming up")
        for contest in contests:
            await contest("warm-up", min(_WARM_UP, len(self.events)))
        self.seconds = {name: [] for name in NAMES}
        before = Moment.now()
        for number in range(repeats):
            for contest in (*contests[number % 3 :], *contests[: number % 3]):
                await contest(f"round {number + 1} of {repeats}", len(self.events))
        self.others = Moment.now().others_since(before)

    async def _validate(self, label: str, count: int) -> None:
        taken = await bare.validate(self.base.kafka, group=f"a {label}", topics=TOPICS, count=count)
        self._note("validate", label, count, taken, rows=0, transactions=0)

    async def _insert(self, label: str, count: int) -> None:
        async with _fresh_database(self.base.database) as url:
            dsn = _dsn(url)
            taken = await bare.insert(self.base.kafka, group=f"b {label}", topics=TOPICS, count=count, dsn=dsn)
            rows, transactions = await bare.rows_and_transactions(dsn)
        if min(rows, transactions) < count:
            raise Void(f"(b) stored {rows} rows in {transactions} transactions for {count} events")
        self._note("insert", label, count, taken, rows=rows, transactions=transactions)

    async def _fold_and_replay(self, label: str, count: int) -> None:
        whole = count == len(self.events)
        async with _database(self.base.database) as database:
            folded = await folding.fold(self.base.kafka, group=f"c {label}", database=database, count=count)
            after = await folding.look(database)
            if whole:
                await folding.check(database, self.events)
            await folding.forget_offsets(database)
            again = await folding.fold(self.base.kafka, group=f"d {label}", database=database, count=count)
            if whole:
                await folding.check(database, self.events)
                _check_replay(again, before=after, after=await folding.look(database))
        self._note_folded("fold", label, count, folded, rows=after.records)
        self._note_folded("replay", label, count, again, rows=0)

    def _note_folded(self, name: str, label: str, count: int, folded: Folded, *, rows: int) -> None:
        self.outcomes[name] = folded.outcomes
        self._note(name, label, count, folded.seconds, rows=rows, transactions=folded.transactions)

    def _note(self, name: str, label: str, count: int, seconds: float, *, rows: int, transactions: int) -> None:
        say(f"{label}: {TITLES[NAMES.index(name)]}: {count / seconds:,.0f} events/s")
        self.seconds[name].append(seconds)
        self.rows[name], self.transactions[name] = rows, transactions


def _check_replay(folded: Folded, *, before: Tables, after: Tables) -> None:
    if folded.outcomes["applied"] or after != before:
        raise Void(f"the replay changed records: {folded.outcomes['applied']} events were applied again")


@asynccontextmanager
async def _fresh_database(admin_url: str) -> AsyncIterator[str]:
    """An empty database of one contest's own; yields its URL."""
    url = make_url(admin_url).set(database="contest").render_as_string(hide_password=False)
    connection = await asyncpg.connect(_dsn(admin_url))
    try:
        await connection.execute("CREATE DATABASE contest")
        yield url
    finally:
        await connection.execute("DROP DATABASE IF EXISTS contest WITH (FORCE)")
        await connection.close()


@asynccontextmanager
async def _database(admin_url: str) -> AsyncIterator[Database]:
    """The same with klipsync's tables."""
    async with _fresh_database(admin_url) as url:
        database = Database(url)
        try:
            await migrate(database)
            yield database
        finally:
            await database.close()


def _dsn(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _report(done: Benchmark) -> Report:
    count, companies = len(done.events), len({event.tenant for event in done.events})
    speeds = {name: [count / one for one in done.seconds[name]] for name in NAMES}
    median = {name: statistics.median(found) for name, found in speeds.items()}
    fold = done.outcomes["fold"]
    return Report(
        title=f"Intake: {count:,} events of {companies} companies, {rounds(len(done.seconds['fold']))}",
        columns=("", "events/s", "lowest", "highest", "against (a)", "against (b)", "rows", "transactions"),
        rows=[
            (
                title,
                *(f"{number:,.0f}" for number in (median[name], min(speeds[name]), max(speeds[name]))),
                *(f"{median[name] / median[other]:.2f}" for other in ("validate", "insert")),
                *(f"{number:,}" for number in (done.rows[name], done.transactions[name])),
            )
            for name, title in zip(NAMES, TITLES, strict=True)
        ],
        notes=(_DONE.format(count=count, **fold), _SAFETY, company_note(done.others)),
        numbers=_numbers(done, speeds, median),
    )


def _numbers(done: Benchmark, speeds: Mapping[str, Sequence[float]], median: Mapping[str, float]) -> dict[str, Any]:
    contests = {
        name: {
            "events_per_second": round(median[name], 1),
            "rounds": [round(one, 1) for one in speeds[name]],
            "rows": done.rows[name],
            "transactions": done.transactions[name],
            "outcomes": done.outcomes.get(name, {}),
        }
        for name in NAMES
    }
    ratios = {
        f"{name}_against_{other}": round(median[name] / median[other], 3)
        for name in ("fold", "replay")
        for other in ("validate", "insert")
    }
    others = round(done.others, 2)
    return {"benchmark": "intake", "events": len(done.events), "others": others, "contests": contests, "ratios": ratios}


async def run(chosen: Namespace) -> Report:
    """The whole benchmark. Raises Void, EmbeddedError, KafkaError."""
    events = day.lived(day.as_it_was(), at_least=chosen.events)
    async with folder(chosen.state) as state, parts(state) as base:
        benchmark = Benchmark(base=base, events=events)
        await finish(base, benchmark.play(chosen.repeats))
    return _report(benchmark)


def parser() -> argparse.ArgumentParser:
    """What may be chosen."""
    return options(ABOUT, events=10_000, repeats=3)


if __name__ == "__main__":
    sys.exit(main(run, parser()))
