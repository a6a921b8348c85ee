"""Wake-ups from PostgreSQL's NOTIFY: for latency only. Whoever misses one looks again by itself a little later."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import asyncpg
from sqlalchemy.engine import make_url

CHANNEL: Final = "klipsync_due"


class NotifiedWakes:
    """Listens on one connection of its own."""

    def __init__(self, url: str, *, backoff: float) -> None:
        self._url = url
        self._backoff = backoff

    async def listen(self, wake: Callable[[str], None], stop: asyncio.Event) -> None:
        """Call `wake` with each notified tenant, until `stop`."""
        while not stop.is_set():
            try:
                await self._listen(wake, stop)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(self._backoff)

    async def _listen(self, wake: Callable[[str], None], stop: asyncio.Event) -> None:
        connection = await asyncpg.connect(dsn=_plain(self._url))
        gone = asyncio.Event()

        def notified(_connection: Any, _pid: int, _channel: str, payload: object) -> None:  # noqa: ANN401
            wake(str(payload))

        try:
            connection.add_termination_listener(lambda _: gone.set())
            await connection.add_listener(CHANNEL, notified)
            await asyncio.wait(
                [asyncio.create_task(stop.wait()), asyncio.create_task(gone.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            await connection.close()


def _plain(url: str) -> str:
    """The address as libpq writes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
