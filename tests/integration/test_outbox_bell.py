"""The bell of the outbox: a relay is told that there is something to be relayed, and need not look all the time."""

import asyncio
from typing import Any

import pytest

from infra.database.outbox import CHANNEL
from infra.database.wakes import GatheredWakes
from tests.integration.at_work import until
from tests.integration.line import Line, line
from tests.integration.relayed import Sent

pytestmark = pytest.mark.postgres


async def test_a_message_in_the_outbox_wakes_the_relay(database_url: str) -> None:
    """It would look again by itself in an hour."""
    kafka = Sent()
    async with line(database_url, wrap=lambda name, real: kafka if name == "kafka" else real, idle_wait="PT1H") as here:
        stop = asyncio.Event()
        relaying = asyncio.create_task(here.worker.relay.run(stop))
        await until(lambda: listens(here))

        await here.client()
        await here.turns()
        await until(lambda: bool(kafka.values))
        stop.set()
        await relaying

    assert kafka.values


async def listens(here: Line) -> bool:
    """Whether somebody listens to the outbox's channel."""
    found = await here.rows(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' || :channel || '%'",
        channel=CHANNEL,
    )
    return bool(found)


class Ringing:
    """Rings three times in a row, and ends when all was heard."""

    async def listen(self, wake: Any, stop: asyncio.Event) -> None:  # noqa: ANN401
        for _ in range(3):
            wake("a word")
            await asyncio.sleep(0)
        await stop.wait()


async def test_a_bell_that_rings_all_the_time_is_heard_once_in_a_while() -> None:
    """Every worker hears of every message, and a look into the outbox costs a transaction."""
    heard, stop = list[str](), asyncio.Event()

    def wake(word: str) -> None:
        heard.append(word)
        stop.set()

    await asyncio.wait_for(GatheredWakes(Ringing(), seconds=3600).listen(wake, stop), 20)

    assert heard == [""]
