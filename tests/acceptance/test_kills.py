"""Workers die by SIGKILL right before and right after each effect; nothing is lost and nothing doubled (R-40, R-45)."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.acceptance.relayed import differing
from tests.acceptance.world import DAY, World, portions, world

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["forever", "none"])
async def here(
    request: pytest.FixtureRequest,
    kafka_address: str,
    postgres_address: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[World]:
    """One world for all the kills; QuickBooks remembers request ids for ever, or not at all."""
    state = tmp_path_factory.mktemp("kills")
    async with world(kafka=kafka_address, postgres=postgres_address, state=state, mode=request.param) as found:
        yield found


@pytest.fixture(scope="module")
def parts(here: World) -> Iterator[list[str]]:
    """The day in parts that stand alone: each kill in a world has one of its own."""
    del here
    return iter(portions(DAY.read_text().splitlines()))


@pytest.mark.parametrize(
    ("effect", "moment", "count"),
    [
        ("folded", "before", 1),
        ("folded", "after", 1),
        ("remembered", "before", 2),
        ("remembered", "after", 2),
        ("sent", "before", 3),
        ("sent", "after", 3),
        ("sent", "at work", 2),
        ("answered", "after", 4),
        ("settled", "before", 3),
        ("settled", "after", 3),
        ("published", "before", 2),
        ("published", "after", 2),
        ("marked", "after", 1),
        ("polled", "before", 1),
        ("polled", "after", 1),
    ],
)
async def test_a_worker_killed_at_an_effect_loses_and_doubles_nothing(
    here: World, parts: Iterator[list[str]], effect: str, moment: str, count: int
) -> None:
    """R-40, R-45: whoever takes over finds what was stored, and finishes it once."""
    part = next(parts)
    if moment == "at work":
        await here.control.ask("POST", "faults", {"kind": "delay", "method": "POST", "seconds": 0.8, "count": 4})
    if effect == "polled":
        await here.pay()
    await here.publish(part)

    await here.start(effect=effect, moment=moment, count=str(count))
    await here.dies()
    await here.start()

    await here.until_right()
    assert await here.stop() == 0
    assert await differing(database=here.database, kafka=here.kafka, prefix=here.prefix) == []
