"""Secrets that must not reach a log, whoever let them slip into a text."""

import re
from collections.abc import Mapping
from typing import Any, Final

BLANK: Final = "[redacted]"

_NAMES: Final = frozenset({"authorization", "access_token", "refresh_token", "client_secret", "password", "token_keys"})
"""Fields whose value is a secret, whatever it looks like."""

_NAMED: Final = r"(?:refresh_token|access_token|client_secret|password)"
_SECRETS: Final = (
    # An Authorization header. "Basic" is a word of every day, so what follows it must look like base64.
    (re.compile(r"\b(Bearer\s+|Basic\s+(?=[\w+/]{16}))[\w.~+/=-]+", re.IGNORECASE), rf"\1{BLANK}"),
    # A form, an address's query, JSON (also inside of a string of JSON), or Python's repr of any of them.
    (re.compile(rf"({_NAMED}[\"'\\]*\s*[=:]\s*[\"'\\]*)[^\s\"'\\&,;)}}\]]+", re.IGNORECASE), rf"\1{BLANK}"),
    # A Fernet token, as tokens are stored: its version and the first bytes of its time look like this until 2106.
    (re.compile(r"gAAAA[\w-]{16,}={0,2}"), BLANK),
    # The password in a database's address.
    (re.compile(r"(://[^\s:/@]*:)[^\s/@]+(?=@)"), rf"\1{BLANK}"),
    # PostgreSQL quotes the row that it refuses, and its driver the value: customers' names and numbers.
    (re.compile(r"^(DETAIL: ).*$", re.MULTILINE), rf"\1{BLANK}"),
    (re.compile(r"(invalid input [^:\n]*: ).*"), rf"\1{BLANK}"),
)


def redacted(value: object) -> Any:  # noqa: ANN401 - JSON
    """The same without secrets, as JSON would hold it; what JSON does not know becomes text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): BLANK if str(name).lower() in _NAMES else redacted(of) for name, of in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(one) for one in value]
    return redacted_text(str(value))


def redacted_text(text: str) -> str:
    """The text with what looks like a secret blanked."""
    for pattern, blanked in _SECRETS:
        text = pattern.sub(blanked, text)
    return text
