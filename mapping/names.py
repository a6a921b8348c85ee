"""Names and texts as QuickBooks takes them: how two names compare, and what is too long or not allowed."""

import re
import unicodedata
from typing import Final

FORBIDDEN_IN_NAMES: Final = {":": "a colon", "\t": "a tab", "\n": "a line break", "\r": "a line break"}
E_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Unmappable(ValueError):  # noqa: N818 - the name says what the value is
    """QuickBooks cannot take this value. Change the named field in Klipboard; the edit is tried at once."""

    def __init__(self, *, cause: str, next_step: str) -> None:
        super().__init__(f"{cause} {next_step}")
        self.cause = cause
        self.next_step = next_step


def normalised(name: str) -> str:
    """The form in which two names are compared: trimmed, inner spaces collapsed, case folded (R-30)."""
    return " ".join(unicodedata.normalize("NFC", name.casefold()).split())


def required_name(*, field: str, value: str, longest: int) -> str:
    """A name without its outer spaces. Raises `Unmappable` where it is empty, too long or holds what names may not."""
    name = optional_name(field=field, value=value, longest=longest)
    if name is None:
        raise Unmappable(cause=f"`{field}` is empty.", next_step=f"Give `{field}` a name in Klipboard.")
    return name


def optional_name(*, field: str, value: str | None, longest: int) -> str | None:
    """As `required_name`, for a part of a name that may be missing."""
    name = optional_text(field=field, value=value, longest=longest)
    for character, word in FORBIDDEN_IN_NAMES.items():
        if name is not None and character in name:
            raise Unmappable(
                cause=f"`{field}` holds {word}, which QuickBooks does not allow in a name.",
                next_step=f"Take {word} out of `{field}` in Klipboard.",
            )
    return name


def optional_text(*, field: str, value: str | None, longest: int) -> str | None:
    """Text without its outer spaces, None where nothing is left. Raises `Unmappable` where it is too long."""
    text = (value or "").strip()
    if len(text) > longest:
        raise Unmappable(
            cause=f"`{field}` has {len(text)} characters; QuickBooks takes {longest}.",
            next_step=f"Shorten `{field}` in Klipboard to {longest} characters.",
        )
    return text or None


def optional_email(*, field: str, value: str | None) -> str | None:
    """An e-mail address as QuickBooks checks it: at most 100 characters, with an @ and a dot after it."""
    address = optional_text(field=field, value=value, longest=100)
    if address is not None and E_MAIL.fullmatch(address) is None:
        raise Unmappable(
            cause=f"`{field}` is not an e-mail address that QuickBooks takes.",
            next_step=f"Correct `{field}` in Klipboard: one address such as name@example.com, or none.",
        )
    return address
