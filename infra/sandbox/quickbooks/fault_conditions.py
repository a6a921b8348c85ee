"""What may stand in a fault rule that somebody asks for, as a table: field -> how it is read, and what it may be."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.gateway_bodies import NAMES

KINDS = (
    *("lose_answer", "cut_before", "cut_mid", "delay", "delay_after"),
    *("drip", "malformed", "status", "status_after"),
)
OPERATIONS = ("create", "update", "void", "delete", "send", "read", "query", "cdc", "batch")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Condition:
    """One field of a rule. `fits` says whether a value is one, `told` in words which are."""

    fits: Callable[[Any], bool]
    told: str


def _one_of(choices: tuple[str, ...], *, or_none: bool = False) -> Condition:
    return Condition(
        lambda value: value in choices or (or_none and value is None),
        f"one of {', '.join(choices)}",
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TEXT = Condition(lambda value: value is None or isinstance(value, str), "a text")
_WHOLE = Condition(_is_whole, "a whole number")
_LEAST_STATUS, _MOST_STATUS = 200, 599
CONDITIONS: dict[str, Condition] = {
    "kind": _one_of(KINDS),
    "realm": _TEXT,
    "app": _TEXT,
    "method": Condition(lambda value: value is None or str(value).upper() in METHODS, f"one of {', '.join(METHODS)}"),
    "entity": _TEXT,
    "operation": _one_of(OPERATIONS, or_none=True),
    "path_contains": _TEXT,
    "status": Condition(
        lambda value: _is_whole(value) and _LEAST_STATUS <= value <= _MOST_STATUS,
        f"a whole number from {_LEAST_STATUS} to {_MOST_STATUS}",
    ),
    "body": Condition(lambda value: isinstance(value, str), "a text or, over HTTP, an object"),
    "named": _one_of(NAMES, or_none=True),
    "seconds": Condition(lambda value: _is_number(value) and value >= 0, "a number from 0"),
    "rate": Condition(lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "count": Condition(
        lambda value: value is None or (_is_whole(value) and value >= 0), "a whole number from 0, or nothing"
    ),
    "after": Condition(lambda value: _is_whole(value) and value >= 0, "a whole number from 0"),
    "seed": _WHOLE,
}


def checked(wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields as a rule takes them. Raises ValueError that names the wrong one, and what it may be."""
    if "kind" not in wanted:
        raise ValueError(f"kind is missing: it is {CONDITIONS['kind'].told}")
    for name, value in wanted.items():
        if name not in CONDITIONS:
            raise ValueError(f"a fault rule has no {name}: it has {', '.join(CONDITIONS)}")
        if not CONDITIONS[name].fits(value):
            raise ValueError(f"{name} is {CONDITIONS[name].told}")
    return {name: float(value) if name in ("seconds", "rate") else value for name, value in wanted.items()}
