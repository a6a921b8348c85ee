"""Files of events: checked line by line, published whole or in pieces."""

from collections.abc import Sequence
from typing import Self

import pytest

from producers import files
from producers.files import InvalidLinesError, Tally
from producers.kafka import KafkaUnreachableError
from schemas import topics
from schemas.envelope import Message
from tests.unit.envelopes import line

BAD = line(aggregateversion=None)


class MemoryKafka:
    """Takes transactions until it is told to fail at one."""

    def __init__(self, *, fail_at: int = -1) -> None:
        self.committed: list[list[Message]] = []
        self._fail_at = fail_at

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def commit(self, messages: Sequence[Message]) -> None:
        if len(self.committed) == self._fail_at:
            raise KafkaUnreachableError
        self.committed.append(list(messages))


def quiet(_: Tally) -> None:
    """No progress wanted."""


def test_every_wrong_line_is_named_and_blank_ones_are_passed_over() -> None:
    """The numbers are those an editor shows."""
    tally = Tally()

    messages = files.check([line(), b"\n", BAD, b"nope\n", line(id="e-2")], tally, keep=10, progress=quiet)

    assert messages is not None
    assert (tally.valid, tally.invalid, tally.last_read) == (2, 2, 5)
    assert [(bad.number, bad.reason) for bad in tally.bad] == [(3, "no_version"), (4, "not_decodable")]
    assert [message.key for message in messages] == [b"acme", b"acme"]


def test_more_events_than_one_transaction_takes_are_counted_and_not_kept() -> None:
    """A huge file is checked without filling the memory."""
    tally = Tally()

    assert files.check([line()] * 3, tally, keep=2, progress=quiet) is None
    assert tally.valid == 3


async def test_a_file_is_one_transaction() -> None:
    """All of it is there, or nothing."""
    kafka, tally = MemoryKafka(), Tally()
    messages = files.check([line()] * 2_500, tally, keep=files.WHOLE, progress=quiet)
    assert messages is not None

    await files.publish_whole(messages, kafka, tally)

    assert [len(piece) for piece in kafka.committed] == [2_500]
    assert (tally.published, tally.last_line) == (2_500, 2_500)
    assert tally.topics == {topics.CLIENTS: 2_500}


async def test_a_stream_goes_in_pieces_of_a_thousand() -> None:
    """Nobody knows when standard input ends, so what has come is committed as it comes."""
    kafka, tally = MemoryKafka(), Tally()

    await files.publish_pieces([line()] * 2_500, kafka, tally, skip_invalid=False, progress=quiet)

    assert [len(piece) for piece in kafka.committed] == [1_000, 1_000, 500]
    assert (tally.published, tally.last_line) == (2_500, 2_500)


async def test_a_wrong_line_stops_a_stream_before_its_piece() -> None:
    """What was committed is told; nothing after it is in Kafka."""
    kafka, tally = MemoryKafka(), Tally()
    source = [*[line()] * 1_500, BAD, line()]

    with pytest.raises(InvalidLinesError):
        await files.publish_pieces(source, kafka, tally, skip_invalid=False, progress=quiet)

    assert (tally.published, tally.last_line) == (1_000, 1_000)
    assert [bad.number for bad in tally.bad] == [1_501]


async def test_skipping_publishes_everything_but_the_wrong_lines() -> None:
    """`--skip-invalid`: the rest, and the wrong ones are still named."""
    kafka, tally = MemoryKafka(), Tally()

    await files.publish_pieces([BAD, line(), BAD], kafka, tally, skip_invalid=True, progress=quiet)

    assert (tally.published, tally.invalid, tally.last_line) == (1, 2, 3)


async def test_when_kafka_fails_the_last_committed_line_is_known() -> None:
    """One can go on behind it."""
    kafka, tally = MemoryKafka(fail_at=2), Tally()

    with pytest.raises(KafkaUnreachableError):
        await files.publish_pieces([line()] * 3_000, kafka, tally, skip_invalid=False, progress=quiet)

    assert (tally.published, tally.last_line) == (2_000, 2_000)


def test_a_wrong_file_of_millions_does_not_fill_the_memory() -> None:
    """The first thousand wrong lines are kept, the rest is counted."""
    tally = Tally()

    files.check([b"nope"] * 1_500, tally, keep=0, progress=quiet)

    assert (tally.invalid, len(tally.bad)) == (1_500, 1_000)
