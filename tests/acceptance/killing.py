"""Kills at random moments while a load runs: two workers, answers that are lost, payments that come in."""

import asyncio
from contextlib import suppress
from random import Random

from tests.acceptance.world import DAY, World, portions

PER_PART = 3
"""Kills for each further part of the day."""


async def kill_at_random(here: World, *, kills: int, seed: int) -> None:
    """So many SIGKILLs of two workers, at moments drawn from the seed; each comes back under its name.

    The day is published part by part meanwhile, and what was published is published again once it is over. Answers are
    lost all the time. Ends with both workers at work and nothing awaited: the caller judges.
    """
    dice = Random(seed)
    parts = iter(portions(DAY.read_text().splitlines()))
    await here.control.lose_answers(count=max(10, kills), rate=0.05, seed=seed)
    for name in ("w1", "w2"):
        await here.start(name)
    for number in range(kills):
        if number % PER_PART == 0:
            await _more_load(here, next(parts, None), dice)
        await asyncio.sleep(dice.uniform(0.2, 3.0))
        victim = dice.choice(("w1", "w2"))
        await here.kill(victim)
        await here.start(victim)
    for name in ("w1", "w2"):
        await here.ready(name)  # one that is told to end before it listens for that ends by the signal itself


async def _more_load(here: World, part: list[str] | None, dice: Random) -> None:
    if part is None:
        await here.publish(dice.sample(here.lines, k=min(50, len(here.lines))), again=True)
    else:
        await here.publish(part)
    with suppress(AssertionError):  # nobody can pay while no invoice is there yet
        await here.pay(seconds=0.1)
