"""JSON as QuickBooks prints it: money with two decimals, zero as `0`, prices and quantities as short as they go."""

import json
from decimal import ROUND_HALF_UP, Decimal
from json.encoder import encode_basestring as quoted
from typing import Any

Doc = dict[str, Any]  # one JSON object; its numbers are Decimal (money) or int and short Decimal (prices, quantities)

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")  # no money


class Raw(str):
    """A piece of JSON that is already written and goes out as it is."""

    __slots__ = ()


def money(value: Decimal) -> Decimal:
    """The amount in cents, halves away from zero; written as `100.00`, and zero as `0`."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def shortest(value: Decimal) -> Decimal | int:
    """The number without needless zeros: 75.00 is written `75`, 22.50 is written `22.5`."""
    return int(value) if value == value.to_integral_value() else value.normalize()


def read_json(text: str | bytes) -> object:
    """Parse; fractions become Decimal, so that no cent is lost. Raises ValueError."""
    return json.loads(text, parse_float=Decimal)


def write_json(value: object) -> str:  # noqa: PLR0911 - one for each kind of value
    """Write a value made of str, bool, int, Decimal, None, dict, list and Raw."""
    kind = type(value)
    if kind is str:
        return quoted(str(value))
    if isinstance(value, dict):
        return "{" + ",".join([f"{quoted(name)}:{write_json(inner)}" for name, inner in value.items()]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([write_json(inner) for inner in value]) + "]"
    if isinstance(value, Decimal):
        return format(value, "f") if value else "0"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is Raw:
        return str(value)
    return json.dumps(value)
