"""The whole day, and the whole day again: twice, shuffled, three times over, and with a mapping that was corrected."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from tests.acceptance.world import DAY, World, world

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(240)]
FASTER = {"CALLS_PER_SECOND": "200", "CALLS_PER_MINUTE": "12000", "CALLS_IN_FLIGHT": "20"}


@pytest.fixture
async def here(kafka_address: str, postgres_address: str, tmp_path: Path) -> AsyncIterator[World]:
    """A world whose QuickBooks has no limits: what is looked at here is what is written, not how fast."""
    async with world(kafka=kafka_address, postgres=postgres_address, state=tmp_path, **FASTER) as found:
        await found.control.ask("POST", "switches", {"limits": "off"})
        yield found


@pytest.fixture
def day() -> list[str]:
    return DAY.read_text().splitlines()


async def test_a_day_published_again_writes_nothing_and_reads_nothing_but_the_feed(here: World, day: list[str]) -> None:
    """R-40: a replay of a whole topic is free; and a replay mark on every record finds nothing to repair either."""
    await here.start()
    await here.publish(day)
    await here.until_right()
    before = await here.reached()

    await here.publish(day, again=True)
    await here.until_quiet()
    await here.command("records", "replay", "--all")
    await here.until_quiet()

    calls = [one for one in await here.control.journal(after=before) if one["operation"] != "token"]
    assert {one["operation"] for one in calls} <= {"cdc"}
    await here.until_right()
    assert await here.stop() == 0


async def test_a_day_shuffled_gives_the_same_books(here: World, day: list[str]) -> None:
    """R-40, R-41: versions decide, whatever order events come in."""
    shuffled = list(day)
    Random(7).shuffle(shuffled)
    await here.start()

    await here.publish(shuffled)

    await here.until_right()
    assert await here.stop() == 0


async def test_a_day_with_each_event_three_times_gives_the_same_books(here: World, day: list[str]) -> None:
    """R-40: a repeat is no second fact."""
    await here.start()

    await here.publish(line for line in day for _ in range(3))

    await here.until_right()
    assert await here.stop() == 0


async def test_a_corrected_mapping_and_a_replay_mark_repair_exactly_what_was_wrong(here: World, day: list[str]) -> None:
    """R-41: an older klipsync said it wrong; after the mark only the records that differ are written, each once."""
    await here.start(mapping="memo")
    await here.publish(day)
    await here.until_quiet()
    assert await here.stop() == 0
    wrong = {
        (company.realm, one["Id"])
        for company in here.comparison.companies
        for one in (await here.control.books(company.realm))["Invoice"]
        if one.get("CustomerMemo", {}).get("value", "").endswith("!!")
    }
    await here.start()
    await here.until_quiet()
    before = await here.reached()

    await here.command("records", "replay", "--all")

    await here.until_right()
    written = [(one["realm"], one["object_id"]) for one in await here.writes(after=before)]
    assert len(wrong) > 50
    assert sorted(written) == sorted(wrong)
    assert await here.stop() == 0
