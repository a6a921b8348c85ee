"""`klipsync demo`: a working day, with things going wrong, and an independent comparison at its end."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from infra.demo import report
from infra.demo.children import ChildFailed
from infra.demo.control import ControlRefused
from infra.demo.day import SEED, events
from infra.demo.run import Options, Outcome, run
from infra.demo.screen import Screen
from infra.demo.stage import fresh_folder
from infra.embedded.errors import EmbeddedError
from producers.kafka import KafkaError

REPORT: Final = Path("demo-report.json")
_DAY: Final = Path(__file__).parents[2] / "examples" / "one-day.jsonl"
NOT_STARTED: Final = 3


def demo(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON instead of the table.")] = False,
    seconds: Annotated[float, typer.Option(help="How long the day's events take to arrive.", min=1)] = 25.0,
    seed: Annotated[int, typer.Option(help="Chooses the moments at which things go wrong.")] = 1,
    state: Annotated[Path, typer.Option(help="Where each run has a folder of its own.")] = Path(".klipsync/demo"),
    file: Annotated[Path | None, typer.Option("--events", help="Another day than examples/one-day.jsonl.")] = None,
    request_ids: Annotated[
        Literal["forever", "none"],
        typer.Option(help="How long the sandbox remembers request ids; Intuit does not say."),
    ] = "forever",
    patience: Annotated[float, typer.Option(help="Seconds after the last event until the books are judged.")] = 90.0,
) -> None:
    """Publish a working day, kill workers and lose answers meanwhile, then compare QuickBooks with Klipboard.

    Writes demo-report.json. Exits with 0 when nothing was lost, doubled or throttled and every payment came back.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics have no leader yet; it asks again by itself
    screen = Screen()
    folder = fresh_folder(state)
    outcome: Outcome | None = None
    options = Options(
        events=file or _day(folder),
        state=folder,
        seconds=seconds,
        seed=seed,
        patience=patience,
        request_ids=request_ids,
    )
    try:
        outcome = asyncio.run(run(options, screen))
    except* (EmbeddedError, KafkaError, ChildFailed, ControlRefused) as failures:
        for error in failures.exceptions:
            screen.say(f"The demo could not run: {error}")
    if outcome is None:
        raise typer.Exit(NOT_STARTED)
    _tell(outcome, screen, as_json=as_json)
    raise typer.Exit(0 if outcome.numbers.good else 1)


def _tell(outcome: Outcome, screen: Screen, *, as_json: bool) -> None:
    text = json.dumps(outcome.numbers.json(), indent=2)
    REPORT.write_text(text + "\n")
    if as_json:
        typer.echo(text)
    report.show(screen.console, outcome.numbers, outcome.verdict, outcome.payments, outcome.hints)
    screen.say(f"The numbers are in {REPORT}, the logs in {outcome.logs}.")


def _day(folder: Path) -> Path:
    """The committed day; where klipsync is installed without its examples, the same day made anew."""
    if _DAY.exists():
        return _DAY
    made = folder / "one-day.jsonl"
    made.write_text("".join(f"{line}\n" for line in events(SEED)), encoding="utf-8")
    return made
