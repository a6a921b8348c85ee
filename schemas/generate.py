"""Writes `schemas/json/`: a JSON Schema per event type and version, and an AsyncAPI 3 document over all of them.

`python -m schemas.generate` writes them, after checking that no released version changes incompatibly;
`python -m schemas.generate --check` only compares, for CI.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas import asyncapi, compatibility
from schemas.registry import EVENTS, EventType

FOLDER: Final = Path(__file__).parent / "json"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Wire(GenerateJsonSchema):
    """Schemas of what travels: a decimal is text, because a JSON number is refused."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        either = super().decimal_schema(schema)
        return next(branch for branch in either["anyOf"] if branch.get("type") == "string")


def json_schema(event_type: EventType) -> dict[str, Any]:
    """The JSON Schema of one event's data."""
    schema = _with_patterns(event_type.model.model_json_schema(schema_generator=_Wire))
    return {"$schema": _DIALECT, "$id": event_type.dataschema, **schema, "title": event_type.name}


def _with_patterns(schema: Any) -> Any:  # noqa: ANN401 - a schema is objects, arrays and texts
    """Digits and decimals of an amount as a pattern, which every validator knows."""
    if isinstance(schema, list):
        return [_with_patterns(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _with_patterns(inner) for name, inner in schema.items()}
    digits, places = plain.pop("max_digits", None), plain.pop("decimal_places", None)
    if digits is not None and places is not None:
        plain["pattern"] = f"^-?[0-9]{{1,{digits - places}}}(\\.[0-9]{{1,{places}}})?$"
    return plain


def documents() -> dict[str, dict[str, Any]]:
    """Every generated document by file name."""
    schemas = {f"{event.schema_name}.json": json_schema(event) for event in EVENTS}
    return {**schemas, "asyncapi.json": asyncapi.document(EVENTS)}


def written(document: Mapping[str, Any]) -> str:
    """A document as it is committed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def differences(folder: Path = FOLDER) -> list[str]:
    """What in `folder` is not as the models say, one sentence each; empty when all is in step."""
    wanted = {name: written(document) for name, document in documents().items()}
    there = {path.name: path.read_text() for path in sorted(folder.glob("*.json"))}
    stale = [f"{name} is not what the models say" for name, text in wanted.items() if there.get(name, text) != text]
    missing = [f"{name} is missing" for name in wanted if name not in there]
    extra = [
        f"{name} belongs to no event; a released schema stays as long as its type" for name in set(there) - {*wanted}
    ]
    return stale + missing + extra


def incompatible(folder: Path = FOLDER) -> list[str]:
    """Where a committed, released schema and the models contradict each other, one sentence each."""
    wanted = documents()
    found = []
    for path in sorted(folder.glob("*.json")):
        if path.name == "asyncapi.json":
            continue
        if path.name not in wanted:
            found.append(f"{path.name}: the type was released and may not vanish")
            continue
        released = json.loads(path.read_text())
        found += [f"{path.name}: {change}" for change in compatibility.breaks(released, wanted[path.name])]
    return found


def main(arguments: list[str] | None = None) -> int:
    """Write or check; 0 when in step, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args(arguments).check
    broken = incompatible()
    complaints = broken + (differences() if check else [])
    if complaints:
        advice = "make a new version of the type instead" if broken else "run python -m schemas.generate and commit"
        sys.stderr.write("\n".join([*complaints, advice]) + "\n")
        return 1
    if not check:
        FOLDER.mkdir(exist_ok=True)
        for name, document in documents().items():
            (FOLDER / name).write_text(written(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
