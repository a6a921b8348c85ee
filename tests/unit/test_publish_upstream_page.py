"""docs/upstream.md is what engineers without Python go by, so its examples are run."""

import re
from pathlib import Path

import pytest
from aiokafka.partitioner import DefaultPartitioner, murmur2

from schemas import attributes, structured, topics
from schemas.envelope import Message, Reason, decode, encode
from schemas.invoices import Invoice
from schemas.registry import EVENTS

PAGE = (Path(__file__).parents[2] / "docs" / "upstream.md").read_text()


def block(language: str) -> str:
    """The first fenced block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_complete_record_is_readable_as_it_stands() -> None:
    """Whoever copies it publishes a valid event, and our own client writes the same headers."""
    headers = tuple(
        (name, value.encode()) for name, value in re.findall(r"^(\S+): (.+)$", block("headers"), re.MULTILINE)
    )
    record = Message(topic=topics.INVOICES, key=b"acme-heating", headers=headers, value=block("json").encode())

    event = decode(record, strict=True)

    assert isinstance(event.fact, Invoice)
    assert event.subject == "invoice/1042"
    assert dict(encode(event).headers) == dict(headers)
    assert encode(event).topic == topics.INVOICES


@pytest.mark.parametrize(
    "row", re.findall(r"^\| `([\w-]+)` \| `([0-9a-f ]+)` \| `(0x\w+)` \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
)
def test_the_worked_partition_is_right(row: tuple[str, ...]) -> None:
    """Another client that gets these numbers puts a tenant where ours does."""
    tenant, octets, digest, positive, partition = row
    key = tenant.encode()

    assert key == bytes.fromhex(octets)
    assert murmur2(key) == int(digest, 16)
    assert murmur2(key) & 0x7FFFFFFF == int(positive)
    assert DefaultPartitioner()(key, list(range(12)), []) == int(partition) == int(positive) % 12


def test_both_worked_partitions_are_found_on_the_page() -> None:
    """The test above would pass over a table that it cannot read."""
    assert len(re.findall(r"^\| `[\w-]+` \| `[0-9a-f ]+` \| `0x", PAGE, re.MULTILINE)) == 2


def test_the_lines_of_the_file_example_are_events() -> None:
    """They can be piped into `klipsync publish`."""
    events = [structured.read(line) for line in block("jsonl").splitlines()]

    assert [event.type for event in events] == ["ClientCreated", "StatusChanged"]


def test_the_page_names_every_inbound_type_topic_header_and_reason() -> None:
    """Nothing that a publisher can meet is missing from it."""
    wanted = {event.name for event in EVENTS if event.topic in topics.INBOUND} | set(topics.INBOUND)
    wanted |= {f"`ce_{name}`" for name in attributes.KNOWN} | {f"`{reason}`" for reason in Reason}

    assert {word for word in wanted if word not in PAGE} == set()
