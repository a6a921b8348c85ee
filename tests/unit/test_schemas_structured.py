"""One event as one line of a file."""

import json
from datetime import UTC, datetime

import pytest

from schemas import structured
from schemas.clients import Client
from schemas.envelope import Reason, Unreadable, decode
from tests.unit.envelopes import line, message


def test_a_line_and_a_message_are_the_same_event() -> None:
    """A file publishes exactly what a client of Kafka would."""
    assert structured.read(line()) == decode(message())


@pytest.mark.parametrize("version", [5, "5"])
def test_a_version_may_be_a_number_or_its_digits(version: object) -> None:
    """CloudEvents' integers have 32 bits, microseconds do not fit; text always does."""
    assert structured.read(line(aggregateversion=version)).version == 5


def test_a_written_line_reads_back_the_same() -> None:
    """Whatever we write, `publish` takes."""
    event = structured.read(line(time="2026-03-02T10:30:00.25+01:00"))

    assert event.time == datetime(2026, 3, 2, 9, 30, 0, 250_000, tzinfo=UTC)
    assert structured.read(structured.write(event)) == event
    assert event.fact == Client(name="Harbour Hotel")


@pytest.mark.parametrize(
    ("bad", "reason", "words"),
    [
        (b"nope", Reason.NOT_DECODABLE, "line: is no JSON"),
        (b'{"id": "1", "id": "2"}', Reason.NOT_DECODABLE, "'id' comes twice"),
        (line(aggregateVersion=1), Reason.BAD_ATTRIBUTE, "aggregateVersion: is no attribute"),
        (line(id=5), Reason.BAD_ATTRIBUTE, "id: must be text"),
        (line(time="2026-03-02"), Reason.BAD_ATTRIBUTE, "time: is no time"),
        (line(time=5), Reason.BAD_ATTRIBUTE, "time: is no time"),
        (line(specversion="1.1"), Reason.BAD_ATTRIBUTE, 'specversion: must be "1.0"'),
        (line(datacontenttype="text/plain"), Reason.BAD_ATTRIBUTE, "datacontenttype"),
        (line(tenantid=None), Reason.NO_TENANT_ID, "tenantid: is missing"),
        (line(aggregateversion=True), Reason.NO_VERSION, "aggregateversion: must be an integer"),
        (line(aggregateversion=1.5), Reason.NO_VERSION, "aggregateversion: must be an integer"),
        (line(data=[]), Reason.NOT_DECODABLE, "data: must be a JSON object"),
        (line(data={"name": "A", "emial": "x"}), Reason.SCHEMA_VIOLATION, "data.emial: is no field"),
        (line(data={"name": "\ud800"}), Reason.SCHEMA_VIOLATION, "surrogate"),
        (line(subject="client/\ud800"), Reason.BAD_ATTRIBUTE, "subject: holds"),
        (b'{"data": "' + b"x" * structured.MAX_LINE + b'"}', Reason.TOO_LARGE, "line: has more than"),
    ],
)
def test_a_wrong_line_is_told_by_field(bad: bytes, reason: Reason, words: str) -> None:
    """The publisher of the file learns what to change."""
    with pytest.raises(Unreadable) as caught:
        structured.read(bad)

    assert caught.value.reason is reason
    assert words in str(caught.value)


def test_a_line_without_data_is_told() -> None:
    """`data` is the only member beside the attributes, and it is needed."""
    without = json.loads(line())
    del without["data"]

    with pytest.raises(Unreadable, match="data: is missing"):
        structured.read(json.dumps(without))
