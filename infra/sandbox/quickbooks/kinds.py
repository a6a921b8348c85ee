"""Kinds of values: how one is read from a request, kept, and shown in an answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Protocol

from infra.sandbox.quickbooks import currencies
from infra.sandbox.quickbooks.faults import Refusal, not_modelled, refusal
from infra.sandbox.quickbooks.wire import money, shortest

NameOf = Callable[[str, str], str | None]  # (entity, id) -> the name a reference shows


@dataclass(slots=True)
class Reading:
    """What reading a body has met on the way: references to check once the whole of it is known."""

    references: list[tuple[str, str]] = field(default_factory=list)  # (entity, id)


class Kind(Protocol):
    """How values of one kind are read from a request and shown in an answer."""

    def read(self, value: object, path: str, reading: Reading) -> object:
        """The value to keep; None for "cleared". Raises Refusal."""

    def show(self, value: object, names: NameOf) -> object:
        """The value as it is answered."""


class Plain:
    """A kind that shows what it keeps."""

    def show(self, value: object, names: NameOf) -> object:  # noqa: ARG002 - the protocol's shape
        """The value itself."""
        return value


@dataclass(frozen=True)
class Text(Plain):
    """A string of at most `longest` characters; an empty one clears the field."""

    longest: int = 4000
    choices: tuple[str, ...] = ()

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002
        """Strings, and numbers and booleans as Jackson coerces them."""
        if isinstance(value, (dict, list)):
            raise unreadable("java.lang.String", value)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if len(text) > self.longest:
            raise refusal("length", shortest=0, longest=self.longest, length=len(text), name=path)
        if self.choices and text and text not in self.choices:
            raise refusal("choice", value=text, name=path)
        return text or None


@dataclass(frozen=True)
class Email(Plain):
    """One or more addresses, comma separated, at most 100 characters; each needs @ and a dot."""

    longest: int = 100

    def read(self, value: object, path: str, reading: Reading) -> object:
        """The text, checked."""
        text = Text(self.longest).read(value, path, reading)
        for address in str(text or "").split(","):
            name, _, host = address.strip().partition("@")
            if text and (not name or "." not in host):
                raise refusal("email", value=text)
        return text


@dataclass(frozen=True)
class Flag(Plain):
    """true or false."""

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002
        """Booleans and their names; an empty text clears."""
        if isinstance(value, bool):
            return value
        if value == "":
            return None
        if value in ("true", "false"):
            return value == "true"
        raise unreadable("boolean", value)


@dataclass(frozen=True)
class Number(Plain):
    """A number written as short as it goes: unit prices, quantities, percentages."""

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002
        """Numbers and their text."""
        return shortest(_decimal(value))


@dataclass(frozen=True)
class Money(Plain):
    """An amount with two decimals."""

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002
        """Numbers and their text, rounded to the cent."""
        return money(_decimal(value))


@dataclass(frozen=True)
class Whole(Plain):
    """A whole number, such as a line's place."""

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002
        """Numbers and their text."""
        return int(_decimal(value))


@dataclass(frozen=True)
class Day(Plain):
    """A date as YYYY-MM-DD, without a time zone."""

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002
        """The date's text, checked; an empty one clears."""
        if value == "":
            return None
        try:
            return date.fromisoformat(str(value)[:10]).isoformat()
        except ValueError as error:
            raise unreadable("java.util.Date", value) from error


@dataclass(frozen=True)
class Ref:
    """A reference to a record of `entity`; `named` ones show its name beside the id."""

    entity: str
    named: bool = True

    def read(self, value: object, path: str, reading: Reading) -> object:
        """`{"value": id}`; the name that was sent does not matter."""
        target = _reference_value(value)
        if target is None:
            return None
        if not target.isdecimal():
            raise refusal("invalid_id", name="Id", value=target, element=f"{path}.value")
        reading.references.append((self.entity, target))
        return {"value": target}

    def show(self, value: object, names: NameOf) -> object:
        """With the name it has now."""
        if not isinstance(value, dict) or not self.named:
            return value
        name = names(self.entity, value["value"])
        return value if name is None else {"value": value["value"], "name": name}


@dataclass(frozen=True)
class Code(Plain):
    """A reference by code, such as the TAX and NON of a line; which codes there are, the entity knows."""

    choices: tuple[str, ...] = ()  # where only these are modelled
    field: str = ""

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002
        """`{"value": code}`; another code would need what the sandbox does not have."""
        target = _reference_value(value)
        if target is not None and self.choices and target not in self.choices:
            raise not_modelled(f"{self.field} {target}")
        return None if target is None else {"value": target}


@dataclass(frozen=True)
class NamedText(Plain):
    """A reference to nothing, such as a way of shipping: a text that stands for both its value and its name."""

    longest: int

    def read(self, value: object, path: str, reading: Reading) -> object:
        """`{"value": text, "name": text}`."""
        target = _reference_value(value)
        if target is None:
            return None
        text = Text(self.longest).read(target, path, reading)
        return {"value": text, "name": text}


@dataclass(frozen=True)
class Elsewhere(Plain):
    """A reference to an entity that the sandbox does not have."""

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002
        """None for an empty one; QuickBooks wants a number all the same (2030)."""
        target = _reference_value(value)
        if target is None:
            return None
        if not target.isdecimal():
            raise refusal("invalid_id", name="Id", value=target, element=f"{path}.value")
        raise not_modelled(path)


@dataclass(frozen=True)
class Currency:
    """A currency's code; the company's own where none is sent."""

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002
        """`{"value": code}` of a currency that is known here."""
        code = _reference_value(value)
        if code is not None and code not in currencies.NAMES:
            raise not_modelled(f"CurrencyRef {code}")
        return None if code is None else {"value": code}

    def show(self, value: object, names: NameOf) -> object:  # noqa: ARG002 - the protocol's shape
        """With the currency's name."""
        return currencies.shown(value["value"]) if isinstance(value, dict) else value


@dataclass(frozen=True)
class Anything(Plain):
    """A value the server makes by itself; what is sent is ignored."""

    def read(self, value: object, path: str, reading: Reading) -> object:  # noqa: ARG002
        """As it is."""
        return value


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise unreadable("java.math.BigDecimal", value)
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise unreadable("java.math.BigDecimal", value) from error
    if not number.is_finite():
        raise unreadable("java.math.BigDecimal", value)
    return number


def _reference_value(value: object) -> str | None:
    if isinstance(value, dict):
        unknown = set(value) - {"value", "name", "type"}
        if unknown:
            raise refusal("unknown_property", name=min(unknown), java_class="ReferenceType", known="")
        return str(value["value"]) if value.get("value") not in (None, "") else None
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        return str(value)
    raise unreadable("com.intuit.schema.finance.v3.ReferenceType", value)


def unreadable(java_class: str, value: object) -> Refusal:
    """The value is of another type than the property (2010)."""
    kind = type(value).__name__
    return refusal("unreadable", reason=f"Can not construct instance of {java_class} from {kind} value '{value}'")
