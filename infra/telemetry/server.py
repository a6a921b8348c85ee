"""The worker's own port: /metrics for Prometheus, /health for whoever keeps it running."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from infra.telemetry.backlog import Backlog
from infra.telemetry.health import Health

_log = structlog.get_logger("klipsync.telemetry")

HOST: Final = "0.0.0.0"  # noqa: S104 - Prometheus and whoever asks for health run elsewhere; nothing here is a secret
CLOSE_SECONDS: Final = 0.5  # a worker has to end within ten seconds, whoever is looking


class CannotListen(OSError):  # noqa: N818 - the name says what is wrong
    """The port is taken, or not ours to take. Choose another one, or 0 for any that is free."""


@asynccontextmanager
async def serve(*, port: int, health: Health, backlog: Backlog) -> AsyncIterator[int]:
    """Answer on `port` until the block ends; yields the port that it became. Raises CannotListen."""
    pages = _Pages(health, backlog)
    application = web.Application()
    application.add_routes([web.get("/metrics", pages.metrics), web.get("/health", pages.health)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=CLOSE_SECONDS)
    await runner.setup()
    try:
        await _listen(runner, port)
        taken: int = runner.addresses[0][1]
        _log.info("Metrics and health can be asked for", port=taken, paths=["/metrics", "/health"])
        yield taken
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise CannotListen(
            f"Port {port} for metrics and health cannot be used ({why}): choose another with --metrics-port or"
            " KLIPSYNC_METRICS_PORT; 0 takes any free one."
        ) from error


class _Pages:
    """What is answered."""

    def __init__(self, health: Health, backlog: Backlog) -> None:
        self._health = health
        self._backlog = backlog

    async def metrics(self, _request: web.Request) -> web.Response:
        """Every metric of this process, in Prometheus' text format."""
        await self._backlog.refresh()
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def health(self, _request: web.Request) -> web.Response:
        """200 while the worker is well, else 503 with the reason."""
        report = await self._health.report()
        status = HTTPStatus.OK if report.reason is None else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response(report.json(), status=status)
