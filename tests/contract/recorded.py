"""Recorded request/answer pairs of a real company, and where an answer of the sandbox differs from a recorded one.

Compared are names, their order, types, texts and the way numbers are written. Not compared are ids that were counted
up elsewhere, times beyond their format, and what is no longer answered since 2025.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

RECORDINGS = Path(__file__).parents[1] / "recordings"
NAMES = tuple(sorted(path.stem for path in RECORDINGS.glob("*.json")))
GONE = frozenset({"Lat", "Long", "source"})
TIMES = {
    "CreateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[78]:00"),
    "LastUpdatedTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[78]:00"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}-0[78]:00"),
}
SHORT = frozenset({"UnitPrice", "Qty", "TaxPercent", "DiscountPercent"})  # numbers that are not money


@dataclass(frozen=True)
class Pair:
    """One request and what was answered to it."""

    name: str
    number: int
    method: str
    tail: str  # of the path, behind the company; without the query
    query: dict[str, str]
    body: Any
    status: int
    content_type: str
    versioned: bool  # whether QBO-Version stood in the headers
    answer: Any
    time: str  # when it was answered, by the company's clock


class Digits(str):
    """A number as it was written."""

    __slots__ = ()


def read(text: str) -> Any:  # noqa: ANN401 - any JSON
    """JSON with its numbers as they are written."""
    return json.loads(text, parse_float=Digits, parse_int=Digits)


def pairs(name: str) -> list[Pair]:
    """The pairs of one recording."""
    return [_pair(name, number, one) for number, one in enumerate(read((RECORDINGS / f"{name}.json").read_text()))]


def _pair(name: str, number: int, found: Any) -> Pair:  # noqa: ANN401
    asked, told = found["request"], found["response"]
    path, _, query = asked["path"].partition("?")
    fields = (part.partition("=") for part in query.split("&") if part)
    return Pair(
        name=name,
        number=number,
        method=asked["method"],
        tail=path.removeprefix("/v3/company/{realmId}/"),
        query={key: unquote(value) for key, _, value in fields},
        body=_plain(asked["body"]) or None,
        status=int(told["status"]),
        content_type=told["headers"]["Content-Type"],
        versioned="Qbo-Version" in told["headers"],
        answer=told["body"],
        time=told["body"]["time"],
    )


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Numbers as numbers again, to be sent."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return json.loads(value) if isinstance(value, Digits) else value


def differences(answered: Any, recorded: Any, *, counted: frozenset[str] = frozenset()) -> list[str]:  # noqa: ANN401
    """Each place where the answer is not as it was recorded; `counted` names ids that may be other numbers."""
    return list(_differing(answered, recorded, "", counted))


def _differing(answered: Any, recorded: Any, place: str, counted: frozenset[str]) -> Iterator[str]:  # noqa: ANN401
    if isinstance(recorded, dict) and isinstance(answered, dict):
        kept = {name: inner for name, inner in recorded.items() if name not in GONE}
        if list(answered) != list(kept):
            yield f"{place or 'top'}: properties {list(answered)} instead of {list(kept)}"
        for name in kept.keys() & answered.keys():
            yield from _differing_property(name, answered[name], kept[name], f"{place}.{name}", counted)
    elif isinstance(recorded, list) and isinstance(answered, list):
        if len(answered) != len(recorded):
            yield f"{place}: {len(answered)} instead of {len(recorded)}"
        for number, (one, other) in enumerate(zip(answered, recorded, strict=False)):
            yield from _differing(one, other, f"{place}[{number}]", counted)
    elif type(answered) is not type(recorded) or answered != recorded:
        yield f"{place}: {answered!r} instead of {recorded!r}"


def _differing_property(name: str, answered: Any, recorded: Any, place: str, counted: frozenset[str]) -> Iterator[str]:  # noqa: ANN401
    if name in TIMES:
        if not TIMES[name].fullmatch(str(answered)):
            yield f"{place}: {answered} is not written like {recorded}"
    elif isinstance(recorded, Digits):
        if not isinstance(answered, Digits) or answered != written(name, recorded):
            yield f"{place}: {answered} instead of {written(name, recorded)}"
    elif name in counted:
        if type(answered) is not type(recorded):
            yield f"{place}: {answered!r} is another type than {recorded!r}"
    else:
        yield from _differing(answered, recorded, place, counted)


def written(name: str, recorded: Digits) -> str:
    """The number as it stood on the wire: the recordings passed through a reader that writes 100.00 as 100.0."""
    if "." not in recorded or name in SHORT:
        return str(recorded)
    return f"{float(recorded):.2f}"
