"""What QuickBooks must show, from the events alone.

Written for judging: it shares no line with what it judges, and knows the rules only as the product's promises put them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

PAID: Final = "Paid"
_CONTENT: Final = ("Created", "Edited")


@dataclass(slots=True, kw_only=True)
class Wanted:
    """One Klipboard thing as the newest events leave it."""

    tenant: str
    kind: str
    id: str
    content: Mapping[str, Any] = field(default_factory=dict)
    status: str | None = None
    names: set[str] = field(default_factory=set)
    """Every name (or number) it ever had, folded: whatever bears one of them in QuickBooks is this thing."""
    products: set[str] = field(default_factory=set)
    _content_version: int = -1
    _status_version: int = -1

    @property
    def title(self) -> str:
        """Its name or number, for a person."""
        return str(self.content.get("name") or self.content.get("number") or self.id)

    def hear(self, type_: str, version: int, data: Mapping[str, Any]) -> None:
        """Take in one event; whatever is older than what is known changes nothing."""
        if type_.endswith(_CONTENT):
            self.names |= {folded(str(data[key])) for key in ("name", "number") if key in data}
            self.products |= {line["name"] for line in data.get("lines", ())}
            if version > self._content_version:
                self.content, self._content_version = data, version
        # Only QuickBooks makes an invoice Paid; a Klipboard that says so is echoing.
        if data.get("status") not in (None, PAID) and version > self._status_version:
            self.status, self._status_version = data["status"], version


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The whole of it."""

    events: int
    things: tuple[Wanted, ...]

    @property
    def tenants(self) -> tuple[str, ...]:
        """In the order in which they first speak."""
        return tuple(dict.fromkeys(thing.tenant for thing in self.things))

    def of(self, tenant: str, kind: str) -> tuple[Wanted, ...]:
        """A tenant's things of one kind."""
        return tuple(thing for thing in self.things if (thing.tenant, thing.kind) == (tenant, kind))

    def products(self, tenant: str) -> dict[str, bool]:
        """Folded product name -> whether an invoice as it is now still sells it (else it may exist, or not)."""
        invoices = self.of(tenant, "invoice")
        found = {folded(name): False for invoice in invoices for name in invoice.products}
        return found | {folded(line["name"]): True for invoice in invoices for line in invoice.content.get("lines", ())}


def expected(lines: Iterable[str]) -> Expectation:
    """Read the events, one a line, in whatever order and however often they come."""
    things: dict[tuple[str, str, str], Wanted] = {}
    count = 0
    for line in lines:
        if line.strip():
            event = json.loads(line, parse_float=Decimal)
            kind, _, id_ = event["subject"].partition("/")
            key = (event["tenantid"], kind, id_)
            thing = things.setdefault(key, Wanted(tenant=key[0], kind=kind, id=id_))
            thing.hear(event["type"], int(event["aggregateversion"]), event["data"])
            count += 1
    return Expectation(events=count, things=tuple(things.values()))


def folded(name: str) -> str:
    """The form in which two names are the same: trimmed, inner spaces one, without case."""
    return " ".join(name.casefold().split())
