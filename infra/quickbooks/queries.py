"""The requests of QuickBooks' API by name: path, query and body of each. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

MINOR_VERSION = "75"
LONGEST_IN_ADDRESS = 1500  # characters of a statement; a longer one is posted, as addresses have limits on the way
BATCH = "/batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What is asked of one company: `path` begins behind its number."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"

    @property
    def batch(self) -> bool:
        """Batches have a limit of their own besides."""
        return self.path == BATCH

    def url(self, *, api: str, realm: str) -> str:
        """The encoded address."""
        query = urlencode({**self.query, "minorversion": MINOR_VERSION}, quote_via=quote)
        return f"{api.rstrip('/')}/v3/company/{quote(realm, safe='')}{self.path}?{query}"


def statement(text: str) -> Operation:
    """Run a query; a long one is posted."""
    if len(text) <= LONGEST_IN_ADDRESS:
        return Operation(method="GET", path="/query", query={"query": text})
    return Operation(method="POST", path="/query", body=text.encode(), content_type="application/text")


def one(*, type: str, id: str) -> Operation:  # noqa: A002 - QuickBooks' words
    """Read one object."""
    return Operation(method="GET", path=f"/{type.lower()}/{quote(id, safe='')}")


def changes(*, types: Sequence[str], since: datetime) -> Operation:
    """What changed since then, at most 30 days back. Whole seconds, rounded down: rather a row twice than never."""
    if since.tzinfo is None:
        raise ValueError("the change feed is asked from a moment with a time zone")
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Operation(method="GET", path="/cdc", query={"entities": ",".join(types), "changedSince": moment})
