"""The kinds of field that every event is made of: text without NUL, bounded integers, exact decimals."""

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints

INT64_MAX: Final = 2**63 - 1


def _without_nul(value: str) -> str:
    if "\x00" in value:
        msg = "text may not hold NUL (U+0000); remove it"
        raise ValueError(msg)
    return value


def _not_a_float(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever JSON held
    if isinstance(value, (float, int)):
        msg = 'amounts are decimal strings such as "12.50", never JSON numbers'
        raise ValueError(msg)  # noqa: TRY004 - pydantic reports ValueError with the field's name
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        msg = "must be a finite decimal number"
        raise ValueError(msg)
    return value


Text = Annotated[str, AfterValidator(_without_nul)]
ShortText = Annotated[str, StringConstraints(max_length=255), AfterValidator(_without_nul)]
LongText = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_without_nul)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_without_nul)]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=500, strip_whitespace=False), AfterValidator(_without_nul)
]
Version = Annotated[int, Field(ge=0, le=INT64_MAX, strict=True)]
"""A version that grows with every change of one thing: a counter, or microseconds since 1970."""

_AsText = PlainSerializer(lambda value: format(value, "f"), return_type=str)
Amount = Annotated[
    Decimal, BeforeValidator(_not_a_float), AfterValidator(_finite), Field(max_digits=15, decimal_places=2), _AsText
]
"""Money in its currency's main unit, at most two decimals, as a decimal string."""
Quantity = Annotated[
    Decimal, BeforeValidator(_not_a_float), AfterValidator(_finite), Field(max_digits=15, decimal_places=5), _AsText
]
UnitPrice = Annotated[
    Decimal, BeforeValidator(_not_a_float), AfterValidator(_finite), Field(max_digits=18, decimal_places=7), _AsText
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 code."""


class Fact(BaseModel):
    """Frozen content of an event. A producer validates with `extra="forbid"`, a consumer skips unknown fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")
