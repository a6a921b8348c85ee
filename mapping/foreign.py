"""What somebody else changed in an object that we made, seen before its making was known."""

from collections.abc import Mapping
from typing import Any

from mapping.difference import Fields, executed, shown


def unlike(*, type: str, fields: Mapping[str, Any], object: Mapping[str, Any]) -> Fields:  # noqa: A002 - QuickBooks' words
    """Those of `fields` that the object shows otherwise, as it shows them (None: not at all)."""
    there = shown(type=type, object=object)
    return {
        name: there.get(name)
        for name, value in fields.items()
        if not executed(type=type, fields={name: value}, object=object)
    }
