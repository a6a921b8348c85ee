"""JSON in which decimal numbers stay exact: never through a float, on the way in or out."""

from typing import Any

import simplejson


def loads(text: str | bytes) -> Any:  # noqa: ANN401 - JSON is whatever it is
    """Parse JSON; every number with a point becomes a `Decimal`. Raises ValueError where it is no JSON."""
    return simplejson.loads(text, use_decimal=True)


def dumps(value: Any) -> str:  # noqa: ANN401 - JSON is whatever it is
    """Write JSON, `Decimal`s as numbers to the digit; the same value gives the same text (keys sorted, no spaces)."""
    return simplejson.dumps(
        value, use_decimal=True, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
