"""`klipsync publish` and `klipsync validate`: files of events, one CloudEvent as JSON per line."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import IO, Annotated, Final, NamedTuple

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra.cli.publish_report import Report
from producers import files
from producers.files import InvalidLinesError, Tally
from producers.kafka import KafkaError, TransactionalKafka

STDIN: Final = "-"


class Exit(IntEnum):
    """What the shell learns."""

    FINE = 0
    INVALID_LINES = 1
    USAGE = 2
    KAFKA = 3


class Broker(NamedTuple):
    """Kafka's address, and what stands before the names of its topics."""

    address: str
    prefix: str


File = Annotated[str, typer.Argument(help="A file with one event per line, or - for standard input.", metavar="FILE|-")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]


def validate(file: File, *, as_json: AsJson = False) -> None:
    """Check a file of events line by line, without publishing: which line, which field, what to change."""
    report = Report(action="validate", source=file, as_json=as_json)
    with _opened(file) as source, _shown(as_json=as_json) as progress:
        files.check(source, report.tally, keep=0, progress=progress)
    report.print()
    raise typer.Exit(Exit.INVALID_LINES if report.tally.invalid else Exit.FINE)


def publish(
    file: File,
    *,
    kafka: Annotated[
        str, typer.Option(envvar="KLIPSYNC_KAFKA", help="Kafka's bootstrap address.", metavar="HOST:PORT")
    ] = "localhost:9092",
    topic_prefix: Annotated[
        str, typer.Option(envvar="KLIPSYNC_TOPIC_PREFIX", help="What stands before every topic's name there.")
    ] = "",
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Publish the valid lines anyway.")] = False,
    as_json: AsJson = False,
) -> None:
    """Publish a file of events: all of it in one Kafka transaction, or nothing when a line is wrong.

    Standard input, and files of over 100,000 events, go in transactions of 1,000; the last committed line is told.
    """
    report = Report(action="publish", source=file, as_json=as_json)
    started = time.monotonic()
    try:
        asyncio.run(_published(file, Broker(kafka, topic_prefix), report, skip_invalid=skip_invalid))
    except InvalidLinesError:
        report.failure = "nothing after the last committed line was published" if report.tally.last_line else ""
    except KafkaError as error:
        report.failure = str(error)
        report.kafka_failed = True
    report.seconds = time.monotonic() - started
    report.print()
    raise typer.Exit(_code(report, skip_invalid=skip_invalid))


def _code(report: Report, *, skip_invalid: bool) -> Exit:
    if report.kafka_failed:
        return Exit.KAFKA
    return Exit.INVALID_LINES if report.tally.invalid and not skip_invalid else Exit.FINE


async def _published(file: str, broker: Broker, report: Report, *, skip_invalid: bool) -> None:
    if file == STDIN:
        await _pieces(file, broker, report, skip_invalid=skip_invalid)
        return
    tally = report.tally
    with _opened(file) as source, _shown(as_json=report.as_json) as progress:
        messages = await asyncio.to_thread(files.check, source, tally, keep=files.WHOLE, progress=progress)
    if tally.invalid and not skip_invalid:
        raise InvalidLinesError
    if messages is None:
        report.tally = Tally()
        await _pieces(file, broker, report, skip_invalid=skip_invalid)
    elif messages:
        async with _producer(broker) as producer:
            await files.publish_whole(messages, producer, tally)


async def _pieces(file: str, broker: Broker, report: Report, *, skip_invalid: bool) -> None:
    with _opened(file) as source, _shown(as_json=report.as_json) as progress:
        async with _producer(broker) as producer:
            await files.publish_pieces(source, producer, report.tally, skip_invalid=skip_invalid, progress=progress)


def _producer(broker: Broker) -> TransactionalKafka:
    from infra.kafka.producer import TransactionalProducer

    return TransactionalProducer(broker.address, prefix=broker.prefix)


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    if file == STDIN:
        yield sys.stdin.buffer
        return
    try:
        source = Path(file).open("rb")  # noqa: SIM115 - closed below; only the opening may fail so
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read ({error.strerror}); check the path") from error
    with source:
        yield source


@contextmanager
def _shown(*, as_json: bool) -> Iterator[files.Progress]:
    """Progress on a terminal's standard error; silence elsewhere, so that logs and pipes stay clean."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=as_json or not console.is_terminal) as bar:
        task = bar.add_task("reading")
        yield lambda tally: bar.update(task, description=_progress(tally))


def _progress(tally: Tally) -> str:
    published = f", {tally.published:,} published" if tally.published else ""
    return f"{tally.valid:,} valid, {tally.invalid:,} invalid{published}"
