"""A hundred kills at random moments. `make chaos` runs this; a seed that fails can be run again (CHAOS_SEED)."""

import os
from pathlib import Path

import pytest

from tests.acceptance.journal import fallen
from tests.acceptance.killing import kill_at_random
from tests.acceptance.relayed import differing
from tests.acceptance.world import world

pytestmark = [pytest.mark.chaos, pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(1800)]
KILLS = 100


@pytest.mark.parametrize("mode", ["forever", "none", "harsh"])
async def test_a_hundred_kills_lose_and_double_nothing(
    kafka_address: str, postgres_address: str, tmp_path: Path, mode: str
) -> None:
    """R-40, R-45: a worker dies a hundred times while a day is published, paid, and published again."""
    seed = int(os.environ.get("CHAOS_SEED", "1"))
    async with world(kafka=kafka_address, postgres=postgres_address, state=tmp_path, mode=mode) as here:
        await kill_at_random(here, kills=KILLS, seed=seed)

        await here.until_right(seconds=180)

        assert fallen(await here.writes()) == []
        assert await differing(database=here.database, kafka=here.kafka, prefix=here.prefix) == []
        assert [await here.stop(name) for name in ("w1", "w2")] == [0, 0]
