"""The bodies of creates and updates, as they leave for QuickBooks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mapping.difference import LINE
from mapping.lines import SALES_ITEM, Line, asks, entries_of

Body = dict[str, Any]

NOT_TAXED: Final = "NON"  # the line tax code of a company in the US for "no sales tax"; amounts then arrive to the cent

# What QuickBooks computes. It ignores these when they are sent, but some would look as if we asked for them.
COMPUTED: Final = frozenset(
    {
        *(
            "MetaData",
            "domain",
            "sparse",
            "status",
            "time",
            "FullyQualifiedName",
            "Level",
            "IsProject",
            "V4IDPseudonym",
        ),
        *("Balance", "BalanceWithJobs", "TotalAmt", "HomeTotalAmt", "HomeBalance", "InvoiceLink", "DeliveryInfo"),
    }
)


def create_body(*, fields: Mapping[str, Any], marker: str | None = None) -> Body:
    """The body of a create. An invoice carries our marker in its private note, written this once."""
    body = {name: value for name, value in fields.items() if name != LINE}
    if LINE in fields:
        body[LINE] = [_new_line(entry) for entry in fields[LINE]]
    return body if marker is None else {**body, "PrivateNote": marker}


def sparse_body(
    *,
    id: str,  # noqa: A002 - QuickBooks' word
    token: str,
    fields: Mapping[str, Any],
    line: Sequence[Body] | None,
) -> Body:
    """The body of an update that leaves everything else alone. `line` is the whole array, where it changes."""
    body = {name: value for name, value in fields.items() if name != LINE}
    arrays = {} if line is None else {LINE: list(line)}
    return {"Id": id, "SyncToken": token, "sparse": True, **body, **arrays}


def full_body(*, seen: Mapping[str, Any], fields: Mapping[str, Any], line: Sequence[Body] | None) -> Body:
    """The body of an update that clears fields: all that QuickBooks showed, with our changes laid over.

    What is left out of a full update is cleared. So a sub-customer's ParentRef and Job go back just as they are there,
    moved or not: without them it would become a customer of its own (R-36).
    """
    kept = {name: value for name, value in seen.items() if name not in COMPUTED}
    changes = {name: value for name, value in fields.items() if name != LINE}
    changes[LINE] = line if line is not None else _stored_lines(seen)
    if line is not None:
        # The tax of the old lines would be taken as an override of the new ones' tax.
        changes["TxnTaxDetail"] = _tax_code_alone(seen.get("TxnTaxDetail"))
    return {name: value for name, value in {**kept, **changes}.items() if value is not None}


def rebuilt_lines(
    *, entries: Sequence[Line], base: Sequence[Line], seen: Sequence[Mapping[str, Any]]
) -> tuple[list[Body], list[Line]]:
    """The whole `Line` array of an update, and what it asks for.

    A bookkeeper's own lines stay where they were, ours keep their ids, and a part that Klipboard did not change stays
    as QuickBooks shows it. A line that is gone there comes back only if Klipboard changed it.
    """
    there = {line["Id"]: line for line in entries_of(seen) if line.get("Id")}
    before = {line["line"]: line for line in base}
    asked = [_asked(entry, before.get(entry["line"]), there) for entry in entries]
    ours = [(entry, _line(entry, there.get(entry["Id"]))) for entry in asked if entry["Id"] in there or asks(entry)]
    foreign = there.keys() - {line.get("Id") for line in base}
    kept = {entry["Id"] for entry, _ in ours if entry["Id"] is not None}
    followers = _foreign_lines_by_follower(there, foreign=foreign, kept=kept)
    array = [line for entry, own in ours for line in (*followers.get(entry["Id"] or "", ()), own)]
    array.extend(followers.get(None, ()))
    marks: list[Line] = [{"line": None, "Id": one} for one in there if one in foreign]
    return array, [*asked, *marks]


def _asked(entry: Line, before: Line | None, there: Mapping[str, Any]) -> Line:
    """The entry, or the whole line where Klipboard changed one that QuickBooks no longer has as a sales line."""
    line = there.get(entry["Id"])
    if not asks(entry) or (line is not None and line.get("DetailType") == SALES_ITEM):
        return entry
    return {**(before or {}), **entry, "Id": entry["Id"] if line is not None else None}


def _foreign_lines_by_follower(
    there: Mapping[str, Mapping[str, Any]], *, foreign: set[str], kept: set[str]
) -> dict[str | None, list[Body]]:
    """A bookkeeper's lines by the line of ours before which they stand; those after all of ours by None."""
    found: dict[str | None, list[Body]] = {}
    waiting: list[Body] = []
    for id_, line in there.items():
        if id_ in foreign:
            waiting.append(_without_number(line))
        elif id_ in kept:
            found[id_] = waiting
            waiting = []
    return {**found, None: waiting}


def _stored_lines(seen: Mapping[str, Any]) -> list[Body] | None:
    """The lines as they are, without the subtotal; each has its id, so that none is renumbered."""
    return [_without_number(line) for line in entries_of(seen[LINE])] if LINE in seen else None


def _line(entry: Line, there: Mapping[str, Any] | None) -> Body:
    if there is None:
        return _new_line(entry)
    if not asks(entry):
        return _without_number(there)
    if there.get("DetailType") != SALES_ITEM:
        return {**_new_line(entry), "Id": there["Id"]}
    body = _without_number(there)
    body |= {name: entry[name] for name in ("Description", "Amount") if name in entry}
    body[SALES_ITEM] = _present({**there[SALES_ITEM], **_detail(entry)})
    return _present(body)


def _new_line(entry: Line) -> Body:
    return _present(
        {
            "DetailType": SALES_ITEM,
            "Amount": entry.get("Amount"),
            "Description": entry.get("Description"),
            SALES_ITEM: _present({**_detail(entry), "TaxCodeRef": {"value": NOT_TAXED}}),
        }
    )


def _detail(entry: Line) -> Body:
    """The parts of a line that stand in its detail, as far as the entry has them."""
    found: Body = {name: value for name, value in entry.items() if name in {"Qty", "UnitPrice"}}
    return {**found, "ItemRef": {"value": entry["ItemRef"]}} if "ItemRef" in entry else found


def _without_number(line: Mapping[str, Any]) -> Body:
    """A line as it is sent back: its place in the array numbers it."""
    return {name: value for name, value in line.items() if name != "LineNum"}


def _tax_code_alone(detail: Mapping[str, Any] | None) -> Body | None:
    return {"TxnTaxCodeRef": detail["TxnTaxCodeRef"]} if detail and "TxnTaxCodeRef" in detail else None


def _present(values: Mapping[str, Any]) -> Body:
    return {name: value for name, value in values.items() if value is not None}
