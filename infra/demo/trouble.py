"""What goes wrong on purpose: workers are killed, answers are lost, and events come in bursts."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from infra.demo.children import Kept
from infra.demo.control import Control
from infra.kafka.producer import TransactionalProducer
from producers import files
from producers.files import InvalidLinesError, Tally

KILLS: Final = 6
LOST_ANSWERS: Final = 15
_LOST_RATE: Final = 0.06
_BURSTS: Final = 24


@dataclass(slots=True)
class Killer:
    """Kills workers with SIGKILL, one at a time, at random moments; each comes back under its name."""

    workers: Sequence[Kept]
    dice: Random
    kills: int = 0

    async def work(self, *, seconds: float) -> None:
        """All kills within so many seconds."""
        for _ in range(KILLS):
            await asyncio.sleep(self.dice.uniform(0.5, 1.5) * seconds / KILLS)
            self.kills += self.dice.choice(self.workers).kill()


async def lose_answers(control: Control, *, seed: int) -> None:
    """From a moment on QuickBooks executes some writes and never answers them."""
    await asyncio.sleep(2)
    await control.lose_answers(count=LOST_ANSWERS, rate=_LOST_RATE, seed=seed)


async def publish(lines: Sequence[bytes], *, kafka: str, seconds: float, dice: Random, tally: Tally) -> None:
    """Publish the day in bursts, each in one transaction, over so many seconds. Raises KafkaError."""
    bursts = list(_bursts(lines, dice))
    async with TransactionalProducer(kafka, client_id="klipsync-demo") as producer:
        for burst in bursts:
            part = Tally()
            messages = files.check(burst, part, keep=files.WHOLE, progress=lambda _: None)
            if part.invalid or messages is None:
                raise InvalidLinesError
            await files.publish_whole(messages, producer, part)
            tally.published += part.published
            await asyncio.sleep(dice.uniform(0.3, 1.7) * seconds / len(bursts))


def _bursts(lines: Sequence[bytes], dice: Random) -> Iterator[Sequence[bytes]]:
    cuts = sorted(dice.sample(range(1, len(lines)), min(_BURSTS, len(lines)) - 1))
    for start, end in zip([0, *cuts], [*cuts, len(lines)], strict=True):
        yield lines[start:end]
