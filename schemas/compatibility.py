"""Refuses a change of a released schema that makes a valid event invalid, or takes a field away from its readers.

Allowed: new optional fields, wider limits, more words in texts for people (title, description, examples).
Everything that the rules below do not know is refused, so that nothing slips through unjudged.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_FOR_PEOPLE: Final = frozenset({"title", "description", "examples", "default", "$schema", "$id", "$defs"})
_LOWER_BOUNDS: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER_BOUNDS: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_JUDGED: Final = frozenset({"properties", "required", "items", "anyOf", "$ref", "type", "enum", "const"})


def breaks(released: Schema, wanted: Schema) -> list[str]:
    """Every incompatible change from `released` to `wanted`, each a sentence with the field's path; empty when none."""
    return list(_Comparison(released, wanted).node("data", released, wanted))


class _Comparison:
    """Walks two schemas side by side; `$ref`s are followed in the document each belongs to."""

    def __init__(self, released: Schema, wanted: Schema) -> None:
        self._released = released
        self._wanted = wanted
        self._under_way: set[tuple[str, str]] = set()

    def node(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        pair = (str(old.get("$ref")), str(new.get("$ref")))
        if "$ref" in old and pair in self._under_way:
            return  # a recursive model: this pair is being judged already
        self._under_way.add(pair)
        old, new = _followed(self._released, old), _followed(self._wanted, new)
        if "anyOf" in old or "anyOf" in new:
            yield from self._branches(path, old, new)
        else:
            yield from self._plain(path, old, new)
        self._under_way.discard(pair)

    def _plain(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from _type(path, old, new)
        yield from _values(path, old, new)
        yield from _bounds(path, old, new)
        yield from _others(path, old, new)
        yield from self._properties(path, old, new)
        if "items" in old or "items" in new:
            yield from self.node(f"{path}[]", old.get("items", {}), new.get("items", {}))

    def _properties(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name in after:
                yield from self.node(f"{path}.{name}", schema, after[name])
            else:
                yield f"{path}.{name} was removed; readers may rely on it"
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield f"{path}.{name} became required; events without it were valid"

    def _branches(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        wider = new.get("anyOf", [new])
        for branch in old.get("anyOf", [old]):
            judged = [list(self.node(path, branch, candidate)) for candidate in wider]
            if all(judged):
                yield min(judged, key=len)[0]


def _followed(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        schema = {**document.get("$defs", {})[name], **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _type(path: str, old: Schema, new: Schema) -> Iterator[str]:
    if "type" not in new or old.get("type") == new["type"]:
        return
    if (old.get("type"), new["type"]) != ("integer", "number"):
        yield f"{path} changed its type from {old.get('type', 'any')} to {new['type']}"


def _values(path: str, old: Schema, new: Schema) -> Iterator[str]:
    allowed = _allowed(new)
    if allowed is None:
        return
    before = _allowed(old)
    if before is None:
        yield f"{path} may hold only {', '.join(map(str, allowed))} now; it was free"
        return
    for value in before:
        if value not in allowed:
            yield f"{path} may not be {value!r} any more"


def _allowed(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _bounds(path: str, old: Schema, new: Schema) -> Iterator[str]:
    for name in sorted(_LOWER_BOUNDS & set(new)):
        if name not in old or new[name] > old[name]:
            yield f"{path}: {name} rose from {old.get(name, 'none')} to {new[name]}"
    for name in sorted(_UPPER_BOUNDS & set(new)):
        if name not in old or new[name] < old[name]:
            yield f"{path}: {name} fell from {old.get(name, 'none')} to {new[name]}"


def _others(path: str, old: Schema, new: Schema) -> Iterator[str]:
    """Patterns, formats and the rest: free to go, not free to come or to change."""
    for name in sorted(set(new) - _FOR_PEOPLE - _LOWER_BOUNDS - _UPPER_BOUNDS - _JUDGED):
        if old.get(name) != new[name]:
            yield f"{path}: {name} changed from {old.get(name, 'none')} to {new[name]}"
