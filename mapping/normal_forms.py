"""The one form in which two values of a field are compared, whichever side wrote them. None means "not there"."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

NormalForm = Callable[[Any], Any]

ADDRESS_PARTS: Final = ("Line1", "Line2", "Line3", "Line4", "Line5", "City", "CountrySubDivisionCode", "PostalCode")

# QuickBooks answers countries by three letters, whatever it was sent (Intuit's blog, 2025-08-13).
COUNTRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "AUS": ("au", "australia"),
    "CAN": ("ca", "canada"),
    "DEU": ("de", "germany", "deutschland"),
    "FRA": ("fr", "france"),
    "GBR": ("gb", "uk", "united kingdom", "great britain", "england", "scotland", "wales", "northern ireland"),
    "IND": ("in", "india"),
    "IRL": ("ie", "ireland", "republic of ireland"),
    "NZL": ("nz", "new zealand"),
    "USA": ("us", "u.s.", "u.s.a.", "united states", "united states of america"),
    "ZAF": ("za", "south africa"),
}
_COUNTRY_OF: Final = {word: code for code, words in COUNTRIES.items() for word in (code.casefold(), *words)}


def text(value: Any) -> str | None:  # noqa: ANN401 - JSON
    """Outer spaces do not count, nor how a line ends; empty is not there."""
    if value is None:
        return None
    return str(value).replace("\r\n", "\n").strip() or None


def flag(value: Any) -> bool:  # noqa: ANN401 - JSON
    """Absent means no."""
    return bool(value)


def number(value: Any) -> Decimal | None:  # noqa: ANN401 - JSON
    """Numbers compare by value: 75, 75.0 and "75.00" are one."""
    return None if value is None else Decimal(str(value))


def sent_state(value: Any) -> str:  # noqa: ANN401 - JSON
    """`EmailStatus`: a sales form that does not say is not sent."""
    return text(value) or "NotSet"


def part(name: str) -> NormalForm:
    """An object of which one text counts: {"Address": …}, {"FreeFormNumber": …}, a reference's {"value": …}."""

    def normal(value: Any) -> dict[str, str] | None:  # noqa: ANN401 - JSON
        inner = text(value.get(name)) if value else None
        return {name: inner} if inner is not None else None

    return normal


def address(value: Any) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """A postal address by its parts: its own id and coordinates do not count, a country counts by its code."""
    parts = {name: text((value or {}).get(name)) for name in ADDRESS_PARTS}
    parts["Country"] = _country((value or {}).get("Country"))
    return {name: part for name, part in parts.items() if part is not None} or None


def _country(value: Any) -> str | None:  # noqa: ANN401 - JSON
    name = text(value)
    return None if name is None else _COUNTRY_OF.get(name.casefold(), name)
