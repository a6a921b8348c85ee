"""Where QuickBooks is and who we are there."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit


def _checked(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{address!r} is no http(s) address of QuickBooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickBooksAddresses:
    """`api` without a path (https://quickbooks.api.intuit.com); `token` is the whole address of the token endpoint."""

    api: str
    token: str

    def __post_init__(self) -> None:
        _checked(self.api)
        _checked(self.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Our app at Intuit."""

    client_id: str
    client_secret: str = field(repr=False)
