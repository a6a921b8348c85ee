"""Workers die at random moments under load. The aimed kills show what these hide; `make chaos` has many more."""

from pathlib import Path

import pytest

from tests.acceptance.journal import fallen
from tests.acceptance.killing import kill_at_random
from tests.acceptance.relayed import differing
from tests.acceptance.world import world

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(240)]


@pytest.mark.parametrize("mode", ["forever", "none", "harsh"])
async def test_five_kills_at_random_moments_lose_and_double_nothing(
    kafka_address: str, postgres_address: str, tmp_path: Path, mode: str
) -> None:
    """R-40, R-45: whatever the moment, the books are right in the end, and no record is written by an older owner."""
    async with world(kafka=kafka_address, postgres=postgres_address, state=tmp_path, mode=mode) as here:
        await kill_at_random(here, kills=5, seed=11)

        await here.until_right()

        assert fallen(await here.writes()) == []
        assert await differing(database=here.database, kafka=here.kafka, prefix=here.prefix) == []
        assert [await here.stop(name) for name in ("w1", "w2")] == [0, 0]
