"""The switches as a table, for people: name, values, default."""

import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import Literal, get_args, get_origin, get_type_hints

from infra.sandbox.quickbooks.switches import RANGES, Switches


def switch_table() -> list[tuple[str, str, str | int]]:
    """(name, what it may be, default) of each, in the order of their groups."""
    hints, defaults = get_type_hints(Switches), Switches()
    return [(one.name, _values(one.name, hints[one.name]), getattr(defaults, one.name)) for one in fields(Switches)]


def read_words(words: Mapping[str, str]) -> dict[str, str | int]:
    """Switches as somebody typed them: a number where the switch takes one, unless it is one of its words."""
    hints = get_type_hints(Switches)
    return {name: _read(text, hints.get(name)) for name, text in words.items()}


def _read(text: str, hint: object) -> str | int:
    return int(text) if text.isdecimal() and text not in _choices(hint) else text


def _choices(hint: object) -> list[str]:
    literals = [one for one in (hint, *get_args(hint)) if get_origin(one) is Literal]
    return [str(choice) for one in literals for choice in get_args(one)]


def _values(name: str, hint: object) -> str:
    choices = _choices(hint)
    if hint is int or int in get_args(hint):
        least, most = RANGES.get(name, (1, sys.maxsize))
        choices.append(f"{least} to {most}" if most < sys.maxsize else f"a number from {least}")
    return ", ".join(choices)
