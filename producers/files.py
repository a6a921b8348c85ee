"""Publishing a file of events, one per line: whole in one transaction, or in pieces where it has no known end."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from producers.kafka import TransactionalKafka
from schemas import envelope, structured
from schemas.envelope import Message
from schemas.unreadable import Problem, Unreadable

WHOLE: Final = 100_000
"""Events that still go in one transaction: Kafka aborts one after 15 s, and this many take about 5."""

PIECE: Final = 1_000
"""Events of one transaction where there are more, or where nobody knows how many will come."""
_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that is no event: its number, counted from 1, the reason's code and what is wrong with it."""

    number: int
    reason: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodLine:
    """A line that is an event, ready to be sent."""

    number: int
    message: Message


@dataclass(slots=True, kw_only=True)
class Tally:
    """What is known about a publication so far."""

    published: int = 0
    last_read: int = 0
    last_line: int = 0
    """The last line that was committed; every valid line up to it was."""
    valid: int = 0
    topics: Counter[str] = field(default_factory=Counter)
    invalid: int = 0
    bad: list[BadLine] = field(default_factory=list)
    """The first thousand invalid lines: a wrong file of millions must not fill the memory."""

    def add_bad(self, line: BadLine) -> None:
        """Count an invalid line, and keep it for the report."""
        self.invalid += 1
        if len(self.bad) < _KEPT:
            self.bad.append(line)

    def add_committed(self, messages: Sequence[Message], *, last_line: int) -> None:
        """Count what is in Kafka for certain."""
        self.published += len(messages)
        self.topics.update(message.topic for message in messages)
        self.last_line = last_line


class InvalidLinesError(Exception):
    """Some lines are no events, and nothing after the last committed line was published. Correct them, and repeat."""


Progress = Callable[[Tally], None]


def lines(source: Iterable[bytes]) -> Iterator[GoodLine | BadLine]:
    """Every line checked as klipsync's own intake would, and more strictly; blank lines are passed over."""
    for number, line in enumerate(source, start=1):
        if line.strip():
            yield _line(number, line)


def check(source: Iterable[bytes], tally: Tally, *, keep: int, progress: Progress) -> list[Message] | None:
    """Check all lines. Returns the valid ones' messages, or None where there are more than `keep`."""
    kept: list[Message] | None = []
    for line in lines(source):
        tally.last_read = line.number
        if isinstance(line, BadLine):
            tally.add_bad(line)
            continue
        tally.valid += 1
        if tally.valid > keep:
            kept = None
        elif kept is not None:
            kept.append(line.message)
        if tally.valid % PIECE == 0:
            progress(tally)
    return kept


async def publish_whole(messages: Sequence[Message], kafka: TransactionalKafka, tally: Tally) -> None:
    """All in one transaction, or nothing. Raises KafkaError."""
    await kafka.commit(messages)
    tally.add_committed(messages, last_line=tally.last_read)


async def publish_pieces(
    source: Iterable[bytes], kafka: TransactionalKafka, tally: Tally, *, skip_invalid: bool, progress: Progress
) -> None:
    """Transactions of 1,000 events each, in the order of the lines.

    Raises:
        InvalidLinesError: a line is no event (unless `skip_invalid`); its piece was not published.
        KafkaError: `tally.last_line` says from where to go on.
    """
    found = lines(source)
    # Read beside the loop: standard input may be quiet for long, and the connection wants its heartbeats.
    while piece := await asyncio.to_thread(lambda: list(islice(found, PIECE))):
        bad = [line for line in piece if isinstance(line, BadLine)]
        for line in bad:
            tally.add_bad(line)
        if bad and not skip_invalid:
            raise InvalidLinesError
        messages = [line.message for line in piece if isinstance(line, GoodLine)]
        tally.valid += len(messages)
        if messages:
            # A crash here, or inside, leaves nothing of this piece visible; the line reported last is still true.
            await kafka.commit(messages)
        tally.add_committed(messages, last_line=piece[-1].number)
        progress(tally)


def _line(number: int, line: bytes) -> GoodLine | BadLine:
    try:
        return GoodLine(number=number, message=envelope.encode(structured.read(line)))
    except Unreadable as error:
        return BadLine(number=number, reason=error.reason, problems=error.problems)
