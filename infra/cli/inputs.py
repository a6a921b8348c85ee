"""What a person typed, checked before anything happens: each error names the option and the fix."""

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

import typer

from schemas import attributes
from schemas.kinds import TenantId
from schemas.unreadable import Unreadable

_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{1,30}", re.ASCII)
_LONGEST_REASON: Final = 500


def tenant(name: str) -> TenantId:
    """A tenant's id, by the rule for events. Raises typer.BadParameter, as all of these do."""
    try:
        return attributes.tenant({"tenantid": name})
    except Unreadable as error:
        raise typer.BadParameter(f"The tenant's id {error.problems[0].sentence}.", param_hint="NAME") from None


def digits(value: str, *, option: str) -> str:
    """A number that QuickBooks gave, as text."""
    if _DIGITS.fullmatch(value):
        return value
    where = {
        "--realm": "QuickBooks' number of the company, under Settings, Account and settings, Billing, as Company ID",
        "--income-account": "the account's id in QuickBooks, not its name or its number in the chart of accounts",
    }
    raise typer.BadParameter(f"{value!r} is no number: give {where[option]}, in plain digits.", param_hint=option)


def time_zone(name: str) -> str:
    """A zone of the time zone database."""
    zones = available_timezones()
    if name in zones:
        return name
    by_city = {zone.rpartition("/")[2].lower(): zone for zone in sorted(zones)}
    wanted = name.strip().replace(" ", "_").rpartition("/")[2].lower()
    close = get_close_matches(wanted, by_city, n=1)
    example = by_city[close[0]] if close else "America/New_York"
    raise typer.BadParameter(
        f"{name!r} is no time zone: give its name in the time zone database, such as {example}.",
        param_hint="--time-zone",
    )


def currency(code: str) -> str:
    """A currency's code by ISO 4217, at least by its look."""
    if _CURRENCY.fullmatch(code):
        return code
    raise typer.BadParameter(
        f"{code!r} is no currency: give three capital letters (ISO 4217), such as USD or GBP.", param_hint="--currency"
    )


def token(path: Path) -> str:
    """The refresh token in a file; no error shows what the file holds."""
    try:
        found = path.read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        found = []
    if len(found) == 1:
        return found[0]
    problem = "holds more than one word" if found else "is empty, or no text"
    raise typer.BadParameter(
        f"{path} {problem}: it must hold the refresh token and nothing else.", param_hint="--refresh-token-file"
    )


def reason(why: str) -> str:
    """A reason that others will read."""
    text = " ".join(why.split())
    if text and len(text) <= _LONGEST_REASON:
        return text
    raise typer.BadParameter(f"Say why in 1 to {_LONGEST_REASON} characters.", param_hint="--why")
