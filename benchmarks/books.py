"""Whether QuickBooks' books show what the events ask for: asked of both competitors, by the same few questions."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from infra.demo.expected import Expectation, Wanted, folded

Books = Mapping[str, Sequence[Mapping[str, Any]]]
_NAMED: Final = {
    "client": ("Customer", "DisplayName"),
    "client_location": ("Customer", "DisplayName"),
    "supplier": ("Vendor", "DisplayName"),
}


def astray(expectation: Expectation, books: Mapping[str, Books]) -> list[str]:
    """A sentence for each thing that is missing, doubled or wrong. `books`: by tenant, as the sandbox shows them.

    An invoice is right when there is one of its number, with its total and its mail status; anything else when there
    is one of its name.
    """
    return [sentence for tenant, held in books.items() for sentence in _of_tenant(expectation, tenant, held)]


def _of_tenant(expectation: Expectation, tenant: str, held: Books) -> Iterator[str]:
    for kind, (type_, field) in _NAMED.items():
        names = Counter(folded(str(one.get(field))) for one in held.get(type_, ()))
        for thing in expectation.of(tenant, kind):
            yield from _unless_one(f"{tenant} {kind} {thing.title}", names[folded(thing.title)])
    products = Counter(folded(str(one.get("Name"))) for one in held.get("Item", ()))
    for name, sold in expectation.products(tenant).items():
        if sold:
            yield from _unless_one(f"{tenant} item {name}", products[name])
    invoices = held.get("Invoice", ())
    wanted = expectation.of(tenant, "invoice")
    if len(invoices) != len(wanted):
        yield f"{tenant} has {len(invoices)} invoices of {len(wanted)}"
    by_number = {one.get("DocNumber"): one for one in invoices}
    for thing in wanted:
        yield from _invoice(f"{tenant} invoice {thing.title}", thing, by_number.get(thing.content["number"]))


def _invoice(title: str, wanted: Wanted, shown: Mapping[str, Any] | None) -> Iterator[str]:
    if shown is None:
        yield f"{title} is missing"
        return
    total, mail = Decimal(wanted.content["total"]), "NotSet" if wanted.status == "Draft" else "EmailSent"
    if shown["TotalAmt"] != total:
        yield f"{title} has the total {shown['TotalAmt']} and not {total}"
    if shown["EmailStatus"] != mail:
        yield f"{title} is {shown['EmailStatus']} and not {mail}"


def _unless_one(title: str, count: int) -> Iterator[str]:
    if count != 1:
        yield f"{title} is there {count} times"
