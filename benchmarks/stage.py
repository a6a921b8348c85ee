"""What both benchmarks stand on: options, embedded parts in a folder of the run's own, a report, an orderly end."""

import argparse
import asyncio
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
import structlog
from aiokafka.errors import KafkaError as ClientError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from infra.demo import stage
from infra.demo.children import ChildFailed
from infra.demo.control import ControlRefused
from infra.demo.stage import Base
from infra.embedded.errors import EmbeddedError
from producers.kafka import KafkaError

T = TypeVar("T")
_LONGEST: Final = 900.0  # seconds; what takes longer has come to a stop
_FAREWELL: Final = 5.0  # seconds for clients to say good-bye
_WIDTH: Final = 110  # columns of the table where standard output is no terminal
_FORESEEN: Final = (EmbeddedError, KafkaError, ChildFailed, ControlRefused, ClientError, asyncpg.PostgresError)


class Void(Exception):  # noqa: N818 - the name says what the run is
    """The run measured something else than it was to measure, so none of its numbers counts. The reason follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a benchmark found: `columns` and `rows` for a person, `numbers` for a program."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    numbers: Mapping[str, Any]

    def show(self, *, as_json: bool) -> None:
        """Print it: the table, or one JSON object."""
        if as_json:
            print(json.dumps(self.numbers, indent=2))
            return
        console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
        table = Table(title=self.title, title_justify="left", title_style="bold")
        for place, column in enumerate(self.columns):
            table.add_column(column, justify="right" if place else "left")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        for note in self.notes:
            console.print(f"- {note}", markup=False)


def options(about: str, *, events: int, repeats: int) -> argparse.ArgumentParser:
    """The options that every benchmark has; `about` is what --help teaches."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--events", type=_positive, metavar="N", default=events, help="at least so many events (%(default)s)"
    )
    parser.add_argument("--repeats", type=_positive, metavar="N", default=repeats, help="measured rounds (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON instead of the table")
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="where the embedded Kafka and PostgreSQL keep their data, and so which disk is measured; a folder of this "
        "run's own is made there and kept (default: a temporary folder, which is removed unless the run fails)",
    )
    return parser


def main(work: Callable[[argparse.Namespace], Coroutine[Any, Any, Report]], parser: argparse.ArgumentParser) -> int:
    """Run a benchmark and print what it found; 1 with a sentence where it could not run, or measured nothing."""
    chosen = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics have no leader yet; it asks again by itself
    try:
        asyncio.run(work(chosen)).show(as_json=chosen.json)
    except Void as void:
        say(f"The run is void, so there are no numbers: {void}")
    except (*_FORESEEN, SQLAlchemyError, OSError) as error:
        say(f"The benchmark could not run: {str(error) or type(error).__name__}")
    else:
        return 0
    return 1


def say(text: str) -> None:
    """A line of progress. Standard output is the report's alone."""
    print(text, file=sys.stderr, flush=True)


@asynccontextmanager
async def folder(chosen: Path | None) -> AsyncIterator[Path]:
    """This run's own folder: kept where a place was chosen, and where the run failed; else removed afterwards."""
    made = Path(tempfile.mkdtemp(prefix="klipsync-bench-")) if chosen is None else stage.fresh_folder(chosen)
    remove = False
    try:
        yield made
        remove = chosen is None
    finally:
        if remove:
            shutil.rmtree(made, ignore_errors=True)
        else:
            say(f"logs and data are kept in {made}")


@asynccontextmanager
async def parts(state: Path) -> AsyncIterator[Base]:
    """Kafka with klipsync's topics of 12 partitions each, and the migrated database. Raises EmbeddedError."""
    async with stage.base(_with_logs(state), report=say) as base:
        yield base


async def finish(base: Base, work: Coroutine[Any, Any, T]) -> T:
    """The work's result. Raises EmbeddedError when Kafka or PostgreSQL ends before it; Void when it never ends."""
    working, ending = asyncio.create_task(work), asyncio.create_task(base.ended())
    try:
        await asyncio.wait((working, ending), timeout=_LONGEST, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        if ending.done() and (failure := ending.result()) is not None:
            raise failure
        raise Void(f"it did not come to its end within {_LONGEST:g} s")
    finally:
        for task in (working, ending):
            task.cancel()
        # A client of a Kafka that is gone may wait for it for ever; what is late is cancelled again by asyncio.run.
        await asyncio.wait((working, ending), timeout=_FAREWELL)


def _with_logs(state: Path) -> Path:
    (state / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
    return state


def rounds(number: int) -> str:
    """So many rounds, in words."""
    return "1 round" if number == 1 else f"{number} rounds"


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be a whole number from 1")
    return number
