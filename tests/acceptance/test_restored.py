"""The database is put back to what it was an hour ago, while QuickBooks and Kafka are not (R-17, R-40)."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.acceptance.world import DAY, portions, world
from tests.databases import execute

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(180)]


@pytest.mark.parametrize("mode", ["forever", "harsh"])
async def test_a_database_put_back_to_an_hour_ago_doubles_and_loses_nothing(
    kafka_address: str, postgres_address: str, tmp_path: Path, mode: str
) -> None:
    """R-17, R-40: what was made in the lost hour is found there and adopted, and payments come back right."""
    parts = portions(DAY.read_text().splitlines())
    async with world(kafka=kafka_address, postgres=postgres_address, state=tmp_path, mode=mode) as here:
        await here.start()
        await here.publish(line for part in parts[:5] for line in part)
        await here.pay()
        await here.until_right()
        assert await here.stop() == 0
        await here.database.engine.dispose()
        name = str(make_url(here.database.url).database)
        await execute(postgres_address, f'CREATE DATABASE "{name}_backup" TEMPLATE "{name}"')
        await here.start()
        await here.publish(line for part in parts[5:11] for line in part)
        await here.pay()
        await here.until_right()
        await here.kill()

        await here.database.engine.dispose()
        await execute(postgres_address, f'DROP DATABASE "{name}" WITH (FORCE)')
        await execute(postgres_address, f'ALTER DATABASE "{name}_backup" RENAME TO "{name}"')
        await here.start()
        await here.publish(line for part in parts[11:13] for line in part)

        await here.until_right()
        assert await here.stop() == 0
