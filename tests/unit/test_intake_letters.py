"""Dead letters: the original untouched where it fits, and always where it stood, why, and how often it was tried."""

from dataclasses import replace
from datetime import UTC, datetime

from consumers import dead_letters
from consumers.dead_letters import letter
from consumers.ports import Arrived, Place
from schemas import topics
from schemas.envelope import Message

ORIGINAL = Message(topic=topics.CLIENTS, key=b"acme", headers=(("ce_id", b"\xff"), ("trace", b"1")), value=b"\x00{")


def arrived(message: Message = ORIGINAL, *, flaw: str | None = None) -> Arrived:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Arrived(place=Place("one.klipboard.clients", 7), offset=42, message=message, time=at, flaw=flaw)


def told(found: Message) -> dict[str, bytes]:
    return {name: value for name, value in found.headers if name.startswith(dead_letters.PREFIX)}


def made(source: Arrived, *, sentence: str = "data: is no JSON") -> Message:
    return letter(arrived=source, cluster="c", reason="not_decodable", sentence=sentence, tries=1)


def test_the_original_is_untouched_and_our_headers_say_the_rest() -> None:
    """Whoever corrects it can send it again: without our headers it is what it was, byte for byte."""
    found = made(arrived())

    assert (found.topic, found.key, found.value) == (topics.DEAD_LETTERS, ORIGINAL.key, ORIGINAL.value)
    assert found.headers[:2] == ORIGINAL.headers
    assert told(found) | {"klipsync-id": b""} == {
        "klipsync-id": b"",
        "klipsync-reason": b"not_decodable",
        "klipsync-explanation": b"data: is no JSON",
        "klipsync-tries": b"1",
        "klipsync-cluster": b"c",
        "klipsync-topic": b"one.klipboard.clients",
        "klipsync-partition": b"7",
        "klipsync-offset": b"42",
        "klipsync-time": b"2026-03-02T00:00:00+00:00",
    }


def test_reading_it_again_gives_the_same_letter() -> None:
    """A replay, or a restored database, puts nothing aside that readers do not know by its id."""
    assert made(arrived()) == made(arrived())


def test_a_message_without_key_and_value_becomes_one_that_kafka_takes() -> None:
    """Its client refuses a message that has neither."""
    assert made(arrived(replace(ORIGINAL, key=None, value=None))).value == b""
    assert made(arrived(replace(ORIGINAL, value=None))).value is None


def test_what_does_not_fit_loses_its_value_first_and_then_the_rest() -> None:
    """A dead letter that its own topic refused would stand in the outbox for ever."""
    large, all_headers = b"x" * topics.MAX_DEAD_LETTER, (("h", b"x" * topics.MAX_DEAD_LETTER),)

    without_value = made(arrived(replace(ORIGINAL, value=large)))
    bare = made(arrived(replace(ORIGINAL, headers=all_headers)))

    assert (without_value.value, without_value.key, without_value.headers[:2]) == (b"", b"acme", ORIGINAL.headers)
    assert (bare.value, bare.key, len(bare.headers)) == (b"", None, len(told(bare)))
    for found in (without_value, bare):
        assert found.size < topics.MAX_DEAD_LETTER
        assert b"read it at this topic, partition and offset" in told(found)["klipsync-left-out"]


def test_a_sentence_that_quotes_broken_text_can_be_written() -> None:
    """What is wrong with a message must not keep its letter from being written."""
    assert told(made(arrived(), sentence="type: '\ud800' is not known"))["klipsync-explanation"].isascii()
