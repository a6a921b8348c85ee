"""Every type has its topic, its model and its committed schema."""

from itertools import chain

import jsonschema
import pytest
from pydantic import ValidationError

from schemas import generate, topics
from schemas.registry import EVENTS, EventType, find, versions
from tests.unit.envelopes import INVOICE


def test_the_topics_carry_exactly_the_types_there_are() -> None:
    """The two tables that name types agree."""
    by_topic = {topic: tuple(event.name for event in EVENTS if event.topic == topic) for topic in topics.CARRIES}

    assert by_topic == dict(topics.CARRIES)
    assert set(chain(topics.INBOUND, topics.CARRIES)) <= set(topics.ALL)


def test_a_type_is_found_by_name_version_and_subject() -> None:
    """StatusChanged's model depends on what it is about."""
    found = find(name="StatusChanged", version=1, subject="invoice")

    assert found is not None
    assert found.schema_name == "StatusChanged.invoice.1"
    assert find(name="StatusChanged", version=1, subject="client") is None
    assert versions("NoSuchThing") == ()


def test_the_committed_schemas_are_what_the_models_say() -> None:
    """`python -m schemas.generate` was run after the last change."""
    assert generate.differences() == []


def test_no_committed_schema_is_contradicted_by_its_model() -> None:
    """A released version never changes incompatibly."""
    assert generate.incompatible() == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.schema_name)
def test_every_schema_is_a_json_schema(event: EventType) -> None:
    """Tools of others can read it."""
    jsonschema.Draft202012Validator.check_schema(generate.json_schema(event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.schema_name)
def test_what_was_read_cannot_be_changed(event: EventType) -> None:
    """Check at the door, freeze inside: a fact stays as it was told."""
    fact = event.model.model_construct()

    with pytest.raises(ValidationError, match="frozen"):
        setattr(fact, next(iter(event.model.model_fields)), "x")


@pytest.mark.parametrize("event", [event for event in EVENTS if event.topic in topics.INBOUND])
def test_what_klipboard_tells_of_a_thing_has_a_version_and_commands_have_none(event: EventType) -> None:
    """Without a version nobody could tell a late event from a new one."""
    assert event.versioned is (event.topic != topics.COMMANDS)


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"total": 15.0}, False),
        ({"total": "15.001"}, False),
        ({"currency": "pounds"}, False),
        ({"lines": []}, False),
        ({"status": "Lost"}, False),
    ],
)
def test_the_invoice_schema_judges_as_the_model_does(change: dict[str, object], *, valid: bool) -> None:
    """Who validates with the JSON Schema alone meets no surprise from the model on these."""
    event = find(name="InvoiceCreated", version=1, subject="invoice")
    assert event is not None
    validator = jsonschema.Draft202012Validator(generate.json_schema(event))

    assert validator.is_valid({**INVOICE, **change}) is valid
