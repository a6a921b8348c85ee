"""`klipsync worker`: folds, writes, polls and relays, until it is told to stop."""

import asyncio
import signal
from typing import Annotated, Any

import structlog
import typer
from sqlalchemy.exc import SQLAlchemyError

from infra import bootstrap
from infra.database.migrate import migrate
from infra.kafka.topics import ensure_topics
from infra.quickbooks.errors import QuickBooksError
from infra.settings import Settings
from infra.telemetry import logs
from infra.worker.keeper import NameTaken
from producers.kafka import KafkaError

log = structlog.get_logger()

PORT = "The port of /metrics and /health; 0 takes any free one. Default: KLIPSYNC_METRICS_PORT, or none."
NAME = "This worker's name: stable over restarts, and different for every worker. Default: the host's name."


def worker(
    name: Annotated[str | None, typer.Option(help=NAME)] = None,
    metrics_port: Annotated[int | None, typer.Option(help=PORT, min=0, max=65_535)] = None,
) -> None:
    """Run one worker. Add more, on this machine or others, each with a name of its own; they share the tenants.

    Exit codes: 0 after SIGTERM or SIGINT, 1 when a setting is missing or wrong or the port is taken, 3 when another
    process took the name.
    """
    given: dict[str, Any] = {"worker_name": name, "metrics_port": metrics_port}
    settings = Settings(**{setting: value for setting, value in given.items() if value is not None})
    logs.configure(as_json=settings.log_json)
    try:
        asyncio.run(run(settings))
    except* NameTaken as taken:
        typer.echo(" ".join((NameTaken.__doc__ or "").split()), err=True)
        raise typer.Exit(3) from taken
    except* (bootstrap.NotConfigured, QuickBooksError, SQLAlchemyError, OSError) as wrong:
        typer.echo(f"The worker cannot start. {wrong.exceptions[0]}", err=True)
        raise typer.Exit(1) from wrong


async def run(settings: Settings, *, wrap: bootstrap.Wrap = bootstrap.as_it_is) -> None:
    """Run a worker until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    database = bootstrap.database_of(settings)
    await migrate(database)
    await database.close()
    await _ensure_topics(settings)
    async with bootstrap.worker(settings, wrap=wrap) as built, bootstrap.telemetry(settings, built):
        log.info("The worker starts", worker=built.vitals.worker, session=built.vitals.session)
        await built.run(stop)
    log.info("The worker has ended", worker=built.vitals.worker, session=built.vitals.session)


async def _ensure_topics(settings: Settings) -> None:
    """Make the topics that are missing. Where we may not, or Kafka is away, whoever runs it has made them, or will."""
    if settings.kafka is None:
        return
    try:
        await ensure_topics(settings.kafka, partitions=settings.partitions, prefix=settings.topic_prefix)
    except KafkaError as error:
        log.warning("Topics could not be looked after; the worker starts all the same", why=str(error))
