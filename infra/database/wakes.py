"""Wake-ups from PostgreSQL's NOTIFY: for latency only. Whoever misses one looks again by itself a little later."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

import asyncpg
from sqlalchemy.engine import make_url

from infra.database.engine import CONNECT_SECONDS

CLOSE_SECONDS: Final = 0.5  # a database that went away says no goodbye


class NotifiedWakes:
    """Listens to one channel, on a connection of its own; `backoff` is seconds before it connects again."""

    def __init__(self, url: str, *, channel: str, backoff: float) -> None:
        self._url = url
        self._channel = channel
        self._backoff = backoff

    async def listen(self, wake: Callable[[str], None], stop: asyncio.Event) -> None:
        """Call `wake` with what each notification says (a tenant, or nothing), until `stop`."""
        while not stop.is_set():
            try:
                await self._listen(wake, stop)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(self._backoff)

    async def _listen(self, wake: Callable[[str], None], stop: asyncio.Event) -> None:
        connection = await asyncpg.connect(dsn=_plain(self._url), timeout=CONNECT_SECONDS)
        gone = asyncio.Event()

        def notified(_connection: Any, _pid: int, _channel: str, payload: object) -> None:  # noqa: ANN401
            wake(str(payload))

        try:
            connection.add_termination_listener(lambda _: gone.set())
            await connection.add_listener(self._channel, notified)
            await _first_of(stop, gone)
        finally:
            await connection.close(timeout=CLOSE_SECONDS)


class Wakes(Protocol):
    """Whatever listens."""

    async def listen(self, wake: Callable[[str], None], stop: asyncio.Event) -> None:
        """Call `wake` with what each notification says, until `stop`."""


class GatheredWakes:
    """Tells the first notification at once, and those that come within `seconds` after it as one, without their words.

    Every worker hears of every message in the outbox, and all but one look in vain.
    """

    def __init__(self, wakes: Wakes, *, seconds: float) -> None:
        self._wakes = wakes
        self._seconds = seconds

    async def listen(self, wake: Callable[[str], None], stop: asyncio.Event) -> None:
        """Call `wake` with nothing, until `stop`."""
        heard = asyncio.Event()
        telling = asyncio.create_task(self._tell(wake, heard))
        try:
            await self._wakes.listen(lambda _: heard.set(), stop)
        finally:
            telling.cancel()

    async def _tell(self, wake: Callable[[str], None], heard: asyncio.Event) -> None:
        while True:
            await heard.wait()
            heard.clear()
            wake("")
            await asyncio.sleep(self._seconds)


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _plain(url: str) -> str:
    """The address as libpq writes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
