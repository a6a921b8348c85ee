"""Reading an event's data: JSON that can be stored as it is, then its model."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import simplejson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.fields import INT64_MAX, Fact
from schemas.registry import EventType
from schemas.unreadable import Problem, Reason, Unreadable

MAX_DEPTH: Final = 32
"""Objects and arrays within each other; no event of ours has more than four."""

_MAX_MAGNITUDE: Final = 100
"""Decimal exponents beyond ten to the power of this are refused: PostgreSQL could not store them."""

_SHOWN: Final = 5
"""Problems named in one sentence; the rest is counted."""

_SENTENCES: Final = {
    "missing": "is missing; add it",
    "extra_forbidden": "is no field of this type; remove it or correct its name",
}


class _NotOurJsonError(ValueError):
    """JSON that two readers could understand differently; write it without duplicates, NaN or infinities."""


def content(value: bytes) -> dict[str, Any]:
    """The JSON object in `value`, decimals exact. Raises Unreadable where it is none, or could not be stored."""
    found = json_object(value, field="data")
    for problem in _unstorable(found):
        raise Unreadable(Reason.SCHEMA_VIOLATION, problem)
    return found


def json_object(value: bytes | str, *, field: str) -> dict[str, Any]:
    """A JSON object without doubled names, NaN or infinities. Raises Unreadable, naming `field`."""
    try:
        text = value.decode("utf-8") if isinstance(value, bytes) else value
        found = simplejson.loads(text, use_decimal=True, object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise Unreadable(Reason.NOT_DECODABLE, Problem(field, "is no UTF-8; encode the JSON so")) from None
    except RecursionError:
        raise Unreadable(Reason.NOT_DECODABLE, Problem(field, "is nested too deeply; flatten it")) from None
    except (ValueError, InvalidOperation) as error:
        raise Unreadable(Reason.NOT_DECODABLE, Problem(field, f"is no JSON ({error}); correct it")) from None
    if not isinstance(found, dict):
        raise Unreadable(Reason.NOT_DECODABLE, Problem(field, "must be a JSON object in braces"))
    return found


def fact(event_type: EventType, value: bytes, *, strict: bool) -> Fact:
    """The data as its model. `strict` also refuses unknown fields."""
    try:
        return event_type.model.model_validate_json(value, extra="forbid" if strict else None)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        problems = [Problem(_path(detail), _sentence(detail)) for detail in found[:_SHOWN]]
        if len(found) > _SHOWN:
            problems.append(Problem("data", f"and {len(found) - _SHOWN} problems more"))
        raise Unreadable(Reason.SCHEMA_VIOLATION, *problems) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotOurJsonError(f"the name {twice[:50]!r} comes twice in one object")
    return found


def _no_constant(name: str) -> Any:  # noqa: ANN401 - it never returns
    raise _NotOurJsonError(f"{name} is no JSON number")


def _unstorable(found: dict[str, Any]) -> Iterator[Problem]:
    """What PostgreSQL's jsonb cannot hold, anywhere in the data, unknown fields included."""
    waiting: list[tuple[str, Any, int]] = [("data", found, 1)]
    while waiting:
        path, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            yield Problem("data", f"is nested more than {MAX_DEPTH} deep; flatten it")
            return
        if isinstance(value, dict):
            yield from (Problem(path, "holds a name with NUL in it; remove it") for name in value if not _text(name))
            waiting.extend((f"{path}.{name}", inner, depth + 1) for name, inner in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{path}[{place}]", inner, depth + 1) for place, inner in enumerate(value))
        elif (sentence := _scalar_sentence(value)) is not None:
            yield Problem(path, sentence)


def _scalar_sentence(value: object) -> str | None:
    match value:
        case str() if not _text(value):
            return "may not hold NUL (U+0000) or half a surrogate pair; remove it"
        case int() if abs(value) > INT64_MAX:
            return "is an integer beyond 64 bits; send it as a string"
        case Decimal() if value and abs(value.adjusted()) > _MAX_MAGNITUDE:
            return "is a number out of any use; correct it"
    return None


def _text(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _path(detail: ErrorDetails) -> str:
    return "data" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])


def _sentence(detail: ErrorDetails) -> str:
    known = _SENTENCES.get(detail["type"])
    if known is not None:
        return known
    message = detail["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:] + ("" if ";" in message else "; correct it")
