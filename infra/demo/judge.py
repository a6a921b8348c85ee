"""Compares what QuickBooks shows with what Klipboard's events ask for: each thing, field by field, to the cent.

It imports nothing of the product, so that no mistake of the product can hide in it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from infra.demo import looks
from infra.demo.expected import Expectation, Wanted, folded
from infra.demo.looks import Difference, Shown

NAMED: Final = {"client": "Customer", "client_location": "Customer", "supplier": "Vendor", "invoice": "Invoice"}
KINDS: Final = ("client", "client_location", "supplier", "item", "invoice")
_NAME_FIELDS: Final = {"Customer": "DisplayName", "Vendor": "DisplayName", "Item": "Name", "Invoice": "DocNumber"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One tenant's QuickBooks company: its books now, and what was there before the first event."""

    tenant: str
    income_account: str
    books: Mapping[str, Sequence[Shown]]
    before: Collection[tuple[str, str]] = frozenset()
    """(type, id) of each object that the company began with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with one thing."""

    tenant: str
    kind: str
    id: str
    title: str
    why: str


@dataclass(slots=True, kw_only=True)
class Verdict:
    """How the books compare with the events."""

    matched: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    mismatched: list[Finding] = field(default_factory=list)
    missing: list[Finding] = field(default_factory=list)
    duplicated: list[Finding] = field(default_factory=list)
    invoice_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    """(tenant, QuickBooks id of an invoice) -> Klipboard's id."""

    @property
    def records(self) -> int:
        """Things that were looked for."""
        return sum(self.matched.values()) + len({(one.tenant, one.kind, one.id) for one in self._wrong() if one.id})

    def _wrong(self) -> Iterable[Finding]:
        return (*self.mismatched, *self.missing, *self.duplicated)


def judge(expectation: Expectation, companies: Iterable[Company]) -> Verdict:
    """Look every thing up in its company, compare it, and count what nothing in Klipboard explains."""
    verdict = Verdict()
    for company in companies:
        _Comparison(expectation, company, verdict).run()
    return verdict


class _Comparison:
    """One company's books against one tenant's things."""

    def __init__(self, expectation: Expectation, company: Company, verdict: Verdict) -> None:
        self.expectation, self.company, self.verdict = expectation, company, verdict
        self.claimed: set[tuple[str, str]] = set(company.before)
        self.ids: dict[tuple[str, str], str] = {}
        self.items: dict[str, str] = {}

    def run(self) -> None:
        """Everything, in the order in which things refer to each other; what is left over comes last."""
        self._items()
        found = {
            kind: [(one, self._find(one)) for one in self.expectation.of(self.company.tenant, kind)] for kind in NAMED
        }
        for kind, pairs in found.items():
            for wanted, shown in pairs:
                if shown is not None:
                    self._compare(kind, wanted, shown)
        self._left_over()

    def _items(self) -> None:
        for name, needed in self.expectation.products(self.company.tenant).items():
            wanted = Wanted(tenant=self.company.tenant, kind="item", id=name, content={"name": name}, names={name})
            shown = self._find(wanted, needed=needed)
            if shown is not None:
                self.items[shown["Id"]] = name
                self._settle(wanted, looks.item(shown, account=self.company.income_account))

    def _find(self, wanted: Wanted, *, needed: bool = True) -> Shown | None:
        """The one object that bears any name the thing ever had. None or several are findings."""
        type_ = NAMED.get(wanted.kind, "Item")
        held = [
            one
            for one in self.company.books.get(type_, ())
            if folded(str(one.get(_NAME_FIELDS[type_], ""))) in wanted.names
        ]
        self.claimed |= {(type_, one["Id"]) for one in held}
        if not held:
            if needed:
                self.verdict.missing.append(_finding(wanted, f"there is no such {type_} in QuickBooks"))
            return None
        if len(held) > 1:
            ids = ", ".join(one["Id"] for one in held)
            self.verdict.duplicated.append(
                _finding(wanted, f"{len(held)} {type_} objects are this one thing: ids {ids}")
            )
            return None
        self.ids[wanted.kind, wanted.id] = held[0]["Id"]
        return held[0]

    def _compare(self, kind: str, wanted: Wanted, shown: Shown) -> None:
        match kind:
            case "client":
                self._settle(wanted, looks.client(wanted, shown))
            case "client_location":
                parent = self.ids.get(("client", wanted.content["client_id"]))
                self._settle(wanted, looks.location(wanted, shown, parent=parent))
            case "supplier":
                self._settle(wanted, looks.supplier(wanted, shown))
            case _:
                self.verdict.invoice_ids[wanted.tenant, shown["Id"]] = wanted.id
                customer = self._customer(wanted.content)
                self._settle(wanted, looks.invoice(wanted, shown, customer=customer, items=self.items))

    def _customer(self, content: Mapping[str, Any]) -> str | None:
        """An invoice for a location goes to the location's sub-customer, any other to the client."""
        if content["location_id"] is not None:
            return self.ids.get(("client_location", content["location_id"]))
        return self.ids.get(("client", content["client_id"]))

    def _settle(self, wanted: Wanted, differences: list[Difference]) -> None:
        if differences:
            self.verdict.mismatched.append(_finding(wanted, "; ".join(map(str, differences))))
        else:
            self.verdict.matched[wanted.kind] += 1

    def _left_over(self) -> None:
        """Whatever no event explains was made twice under another name, or made up."""
        for type_, name in _NAME_FIELDS.items():
            for one in self.company.books.get(type_, ()):
                if (type_, one["Id"]) not in self.claimed:
                    stray = Wanted(tenant=self.company.tenant, kind=type_, id="", content={"name": str(one.get(name))})
                    self.verdict.duplicated.append(
                        _finding(stray, f"{type_} {one['Id']} in QuickBooks comes from no event")
                    )


def _finding(wanted: Wanted, why: str) -> Finding:
    return Finding(tenant=wanted.tenant, kind=wanted.kind, id=wanted.id, title=wanted.title, why=why)
