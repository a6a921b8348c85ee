"""Companies as YAML: reading one, and saying where it is wrong. What its objects mean is for `planting`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from infra.sandbox.quickbooks import currencies
from infra.sandbox.quickbooks.wire import Doc

COMPANIES = Path(__file__).parent / "companies"
NAMES = tuple(sorted(path.stem for path in COMPANIES.glob("*.yaml")))
DEFAULT = "craigs"
BARE = "empty"
YAML = (".yaml", ".yml")
_KEYS = (
    *("begins_with", "name", "legal_name", "country", "time_zone", "currency", "custom_fields", "preferences"),
    *("exchange_rates", "warns_of_duplicates", "next", "objects"),
)


class SeedWrong(ValueError):  # noqa: N818 - the name says what it is
    """A company cannot be opened from this seed. The message says where, and what to write instead."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


@dataclass(frozen=True, slots=True)
class Planned:
    """One object of a seed: `body` as it was written, `place` for a person who looks for it."""

    entity: str
    place: str
    body: Doc


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A company to open."""

    where: str
    name: str
    legal_name: str
    country: str
    zone: ZoneInfo
    currency: str
    custom_fields: tuple[str, ...] = ()
    exchange_rates: Mapping[str, Decimal] = field(default_factory=dict)  # what one unit is worth at home
    warns_of_duplicates: bool = False  # of document numbers; no preference of the API tells it
    preferences: Doc = field(default_factory=dict)
    next: Mapping[str, int] = field(default_factory=dict)
    objects: tuple[Planned, ...] = ()


def seed_of(source: str | Mapping[str, Any]) -> Seed:
    """The seed of a built-in name, of a YAML file, or written in place. Raises SeedWrong."""
    if not isinstance(source, str):
        return _seed(dict(source), "the company")
    return built_in(source) if source in NAMES else _seed(_loaded(_path(source)), source)


@cache
def built_in(name: str) -> Seed:
    """One of the companies that come along."""
    return _seed(_loaded(COMPANIES / f"{name}.yaml"), name)


def _path(source: str) -> Path:
    path = Path(source)
    if path.suffix in YAML or "/" in source:
        if path.is_file():
            return path
        raise SeedWrong(source, "there is no such file")
    raise SeedWrong(source, f"there is no company of this name. {_meant(source, NAMES)} A file ends in .yaml.")


def _loaded(path: Path) -> Doc:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SeedWrong(str(path), f"it cannot be read: {error}") from error
    return parsed(text, str(path))


def parsed(text: str, where: str) -> Doc:
    """A seed's YAML, not yet looked at. Raises SeedWrong with the line."""
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader that keeps cents exact
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SeedWrong(f"{where}{line}", f"this is no YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise SeedWrong(where, f"this is no YAML: {error}") from error
    if not isinstance(found, dict):
        known = ", ".join(NAMES)
        raise SeedWrong(where, f"a company is one of {known}, or lines of `name: value`, such as `name: Acme`")
    return found


def _seed(found: Doc, where: str) -> Seed:
    for key in found:
        if key not in _KEYS:
            raise SeedWrong(where, f"`{key}` is nothing that a company has. {_meant(str(key), _KEYS)}")
    base = _base(found, where)
    name = str(found.get("name") or (base.name if base else where))
    return Seed(
        where=where,
        name=name,
        legal_name=str(found.get("legal_name", name)),
        country=str(found.get("country", base.country if base else "US")),
        zone=_zone(found.get("time_zone", base.zone.key if base else "America/Los_Angeles"), where),
        currency=_currency(found.get("currency", base.currency if base else "USD"), where),
        custom_fields=tuple(map(str, _list(found, "custom_fields", where))),
        exchange_rates=_rates(found, where),
        warns_of_duplicates=bool(found.get("warns_of_duplicates")),
        preferences=_merged(base.preferences if base else {}, _mapping(found, "preferences", where)),
        next={**(base.next if base else {}), **_numbers(found, where)},
        objects=_objects(base.objects if base else (), _mapping(found, "objects", where), where),
    )


def _base(found: Doc, where: str) -> Seed | None:
    """The company whose objects come first: every company has the same chart of accounts unless it says otherwise."""
    name = found.get("begins_with", None if where == BARE else BARE)
    if name in (None, "nothing"):
        return None
    if name not in NAMES:
        raise SeedWrong(where, f"begins_with: there is no company {name}. {_meant(str(name), (*NAMES, 'nothing'))}")
    return built_in(str(name))


def _objects(before: tuple[Planned, ...], written: Doc, where: str) -> tuple[Planned, ...]:
    """The base's objects and then ours, in the order they are written; one of ours with the same Id stands for its."""
    ours = [
        _planned(str(entity), body, f"{where}, {entity} {_called(body, number)}")
        for entity, bodies in written.items()
        for number, body in enumerate(_list(written, entity, where), start=1)
    ]
    named = {(one.entity, str(one.body["Id"])): one for one in ours if "Id" in one.body}
    kept = [named.pop((one.entity, str(one.body.get("Id"))), one) for one in before]
    return (*kept, *(one for one in ours if not any(one is other for other in kept)))


def _planned(entity: str, body: object, place: str) -> Planned:
    if not isinstance(body, dict):
        raise SeedWrong(place, "write `name: value`, one a line, or {name: value, name: value}")
    return Planned(entity, place, body)


def _called(body: object, number: int) -> str:
    """How a person finds it: by its name or number, else its place in the list."""
    if isinstance(body, dict):
        for key in ("DisplayName", "Name", "DocNumber", "Id"):
            if key in body:
                return str(body[key])
    return f"number {number}"


def _zone(name: object, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SeedWrong(where, f"time_zone: {name} is no zone; write one such as Europe/London") from error


def _currency(code: object, where: str) -> str:
    if code not in currencies.NAMES:
        raise SeedWrong(where, f"currency: {code} is not known here. {_meant(str(code), tuple(currencies.NAMES))}")
    return str(code)


def _numbers(found: Doc, where: str) -> dict[str, int]:
    numbers = _mapping(found, "next", where)
    for name, number in numbers.items():
        if not isinstance(number, int) or number < 1:
            raise SeedWrong(where, f"next: {name} is a whole number from 1")
    return numbers


def _rates(found: Doc, where: str) -> dict[str, Decimal]:
    rates = _mapping(found, "exchange_rates", where)
    for code, rate in rates.items():
        _currency(code, where)
        if not isinstance(rate, (int, Decimal)) or rate <= 0:
            raise SeedWrong(where, f"exchange_rates: {code} is worth a number above 0")
    return {code: Decimal(rate) for code, rate in rates.items()}


def _list(found: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = found.get(key) or []
    if not isinstance(value, list):
        raise SeedWrong(where, f"{key}: write a list, each entry after a dash")
    return value


def _mapping(found: Mapping[str, Any], key: str, where: str) -> Doc:
    value = found.get(key) or {}
    if not isinstance(value, dict):
        raise SeedWrong(where, f"{key}: write `name: value`, one a line")
    return value


def _merged(base: Doc, over: Doc) -> Doc:
    merged = dict(base)
    for name, value in over.items():
        inner = merged.get(name)
        merged[name] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def _meant(word: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known are {', '.join(known)}."


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # which one depends on libyaml
    """Safe, quick where libyaml is there; amounts become Decimal, days and moments text as the API writes them."""


def _exact(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)).replace("_", ""))


def _moment(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    found: date = loader.construct_yaml_timestamp(node)  # a datetime where there is a time
    if isinstance(found, datetime) and found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return found.isoformat()


_Loader.add_constructor("tag:yaml.org,2002:float", _exact)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _moment)
