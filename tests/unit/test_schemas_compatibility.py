"""What may change in a released schema, and what may not."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import generate
from schemas.compatibility import breaks

BASE: dict[str, Any] = {
    "type": "object",
    "description": "A thing.",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 20},
        "status": {"$ref": "#/$defs/Status"},
        "note": {"anyOf": [{"type": "string", "maxLength": 10}, {"type": "null"}], "default": None},
        "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Line"}},
        "count": {"type": "integer", "minimum": 0, "maximum": 9},
    },
    "$defs": {
        "Status": {"type": "string", "enum": ["Draft", "Sent"]},
        "Line": {
            "type": "object",
            "required": ["amount"],
            "properties": {"amount": {"type": "string", "pattern": "^[0-9]+$"}, "sub": {"$ref": "#/$defs/Line"}},
        },
    },
}


def changed(path: str, value: object) -> dict[str, Any]:
    """BASE with the value at a dotted path set, or taken away with None."""
    copy: dict[str, Any] = json.loads(json.dumps(BASE))
    *steps, last = path.split(".")
    place: Any = copy
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("description", "Another text."),
        ("properties.new", {"type": "string"}),
        ("required", []),
        ("properties.id.maxLength", 30),
        ("properties.id.minLength", None),
        ("properties.note.anyOf.0.maxLength", 11),
        ("properties.count.type", "number"),
        ("properties.count.maximum", 10),
        ("properties.lines.minItems", 0),
        ("$defs.Status.enum", ["Draft", "Sent", "Overdue"]),
        ("$defs.Line.properties.amount.pattern", None),
        ("$defs.Line.properties.new", {"type": "string"}),
        ("properties.id", {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 20}]}),
    ],
)
def test_widening_is_allowed(path: str, value: object) -> None:
    """Everything that was valid stays valid, and no field goes."""
    assert breaks(BASE, changed(path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("properties.status", None, "data.status was removed"),
        ("required", ["id", "status"], "data.status became required"),
        ("properties.id.type", "integer", "data.id changed its type"),
        ("properties.id.maxLength", 19, "maxLength fell from 20 to 19"),
        ("properties.id.minLength", 2, "minLength rose from 1 to 2"),
        ("properties.id.pattern", "^x", "pattern changed from none"),
        ("properties.id.enum", ["a"], "may hold only a now"),
        ("properties.id.const", "a", "may hold only a now"),
        ("properties.count.maximum", 8, "maximum fell"),
        ("properties.count.minimum", 1, "minimum rose"),
        ("properties.lines.minItems", 2, "minItems rose"),
        ("properties.lines.maxItems", 5, "maxItems fell from none to 5"),
        ("properties.lines.uniqueItems", True, "uniqueItems changed"),
        ("additionalProperties", False, "additionalProperties changed"),
        ("properties.note", {"type": "string", "maxLength": 10}, "changed its type from null"),
        ("properties.note.anyOf.0.maxLength", 9, "data.note"),
        ("$defs.Status.enum", ["Draft"], "data.status may not be 'Sent' any more"),
        ("$defs.Line.required", ["amount", "sub"], "data.lines[].sub became required"),
        ("$defs.Line.properties.amount.pattern", "^[1-9]+$", "data.lines[].amount: pattern changed"),
        ("$defs.Line.properties.amount", None, "data.lines[].amount was removed"),
    ],
)
def test_narrowing_is_refused_with_the_path(path: str, value: object, words: str) -> None:
    """A released version changes only so that yesterday's events and readers still work."""
    found = breaks(BASE, changed(path, value))

    assert any(words in sentence for sentence in found), found


def test_a_vanished_type_is_refused(tmp_path: Path) -> None:
    """Events of a released type are still in Kafka, for 30 days at least."""
    (tmp_path / "ClientVanished.1.json").write_text("{}")

    assert generate.incompatible(tmp_path) == ["ClientVanished.1.json: the type was released and may not vanish"]


def test_a_change_by_hand_is_noticed(tmp_path: Path) -> None:
    """What is committed is generated, and nothing else."""
    for name, document in generate.documents().items():
        (tmp_path / name).write_text(generate.written(document))
    (tmp_path / "asyncapi.json").write_text("{}")
    (tmp_path / "SupplierEdited.1.json").unlink()

    assert generate.differences(tmp_path) == [
        "asyncapi.json is not what the models say",
        "SupplierEdited.1.json is missing",
    ]
