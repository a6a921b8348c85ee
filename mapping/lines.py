"""The lines of an invoice: which of them Klipboard changed, and which QuickBooks line each is.

A line of ours is a flat dict: `line` (Klipboard's line id), `Id` (QuickBooks' line id, None until it has one), and the
parts `ItemRef` (an id), `Description`, `Qty`, `UnitPrice`, `Amount`. In a change, a line that was there before holds
only the parts that Klipboard changed. A line whose `line` is None is a bookkeeper's: named so that it is not mistaken
for a new one of ours.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from mapping import normal_forms

Line = dict[str, Any]

PARTS: Final = {
    "ItemRef": normal_forms.text,
    "Description": normal_forms.text,
    "Qty": normal_forms.number,
    "UnitPrice": normal_forms.number,
    "Amount": normal_forms.number,
}
UNITS: Final = (("ItemRef",), ("Description",), ("Qty", "UnitPrice", "Amount"))
"""Parts that change together: QuickBooks refuses an amount that is not quantity times price."""

SALES_ITEM: Final = "SalesItemLineDetail"
SUBTOTAL: Final = "SubTotalLineDetail"


def flat(line: Mapping[str, Any]) -> Line:
    """A QuickBooks line in our flat form, without parts it does not have."""
    detail = line.get(SALES_ITEM) or {}
    parts = {
        "ItemRef": (detail.get("ItemRef") or {}).get("value"),
        "Description": line.get("Description"),
        "Qty": detail.get("Qty"),
        "UnitPrice": detail.get("UnitPrice"),
        "Amount": line.get("Amount"),
    }
    normal = {name: PARTS[name](value) for name, value in parts.items()}
    return {"Id": line.get("Id"), **{name: value for name, value in normal.items() if value is not None}}


def entries_of(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """QuickBooks' lines without the subtotal, which it makes itself."""
    return [line for line in lines if line.get("DetailType") != SUBTOTAL]


def shown(lines: Sequence[Mapping[str, Any]] | None) -> list[Line] | None:
    """QuickBooks' lines in our flat form; None where there are none."""
    return [flat(line) for line in entries_of(lines or ())] or None


def changed(*, wanted: Sequence[Line], base: Sequence[Line]) -> list[Line] | None:
    """Every wanted line, with the parts that differ from `base`; None when no line, part or place differs."""
    before = {line["line"]: line for line in base}
    entries = [_difference(line, before.get(line["line"])) for line in wanted]
    moved = [line["line"] for line in wanted] != [line["line"] for line in base]
    return entries if moved or any(asks(entry) for entry in entries) else None


def asks(entry: Mapping[str, Any]) -> bool:
    """Whether a change wants anything of this line besides that it stays."""
    return any(name in entry for name in PARTS)


def _difference(wanted: Line, before: Line | None) -> Line:
    if before is None:
        return {**wanted, "Id": None}
    names = [name for unit in UNITS if not _same(wanted, before, unit) for name in unit]
    return {"line": wanted["line"], "Id": before.get("Id"), **{name: wanted.get(name) for name in names}}


def _same(one: Mapping[str, Any], other: Mapping[str, Any], names: Sequence[str]) -> bool:
    return all(PARTS[name](one.get(name)) == PARTS[name](other.get(name)) for name in names)


def executed(*, entries: Sequence[Line] | None, object_lines: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether QuickBooks' lines are what a change asked for: each of ours, in order, and no other left over."""
    there = shown(object_lines) or []
    asked = entries or ()
    places = _places_by_content(asked, there)
    pairs = list(zip(asked, places, strict=True))
    if not all(_shows(there[place], entry) if place is not None else not asks(entry) for entry, place in pairs):
        return False
    ours = [place for entry, place in pairs if place is not None and entry["line"] is not None]
    return ours == sorted(ours) and not _unclaimed(asked, there, places)


def lay_over(
    *, base: Sequence[Line], entries: Sequence[Line], answered: Sequence[Mapping[str, Any]] | None
) -> list[Line]:
    """Our lines after QuickBooks accepted a change, each with the id that its line has in the answer."""
    before = {line["line"]: line for line in base}
    there = shown(answered) or []
    found = []
    for entry, place in zip(entries, _places(entries, there), strict=True):
        if entry["line"] is not None:
            merged = {**before.get(entry["line"], {}), **entry}
            merged["Id"] = there[place]["Id"] if place is not None else entry.get("Id")
            found.append({name: value for name, value in merged.items() if value is not None or name == "Id"})
    return found


def adopted(*, entries: Sequence[Line], object_lines: Sequence[Mapping[str, Any]] | None) -> list[Line]:
    """Our lines as an object that was found shows them: what differs there is a change still to be written."""
    there = shown(object_lines) or []
    pairs = zip(entries, _places(entries, there), strict=True)
    return [{**there[place], "line": entry["line"]} for entry, place in pairs if place is not None]


def overwrites(
    *, entries: Sequence[Line], base: Sequence[Line], object_lines: Sequence[Mapping[str, Any]] | None
) -> bool:
    """Whether a change writes over a part of a line of ours that shows neither what was last sent nor what is asked."""
    there = {line["Id"]: line for line in shown(object_lines) or ()}
    before = {line.get("Id"): line for line in base}
    return any(
        not _same(there[entry["Id"]], before.get(entry["Id"], {}), [name for name in PARTS if name in entry])
        and not _shows(there[entry["Id"]], entry)
        for entry in entries
        if entry.get("Id") in there
    )


def executed_amid(
    *, entries: Sequence[Line], object_lines: Sequence[Mapping[str, Any]] | None, known: Collection[str | None]
) -> bool:
    """As `executed`, whatever lines somebody else added. `known`: the ids of those that were there before."""
    there = shown(object_lines) or []
    left = _unclaimed(entries, there, _places_by_content(entries, there))
    others: list[Line] = [{"line": None, "Id": there[place]["Id"]} for place in left if there[place]["Id"] not in known]
    return executed(entries=[*entries, *others], object_lines=object_lines)


def added(
    *, entries: Sequence[Line], object_lines: Sequence[Mapping[str, Any]] | None, known: Collection[str | None]
) -> bool | None:
    """Whether QuickBooks has the lines that a change adds, each as it was asked for; None: it may have, or may not.

    A line that was not there before and shows something else may be one of them, edited since.
    """
    there = shown(object_lines) or []
    new = [line for line in there if line["Id"] not in known]
    asked = [entry for entry in entries if entry["line"] is not None and entry.get("Id") is None and asks(entry)]
    if not asked or not new:
        return False
    return True if None not in _places_by_content(asked, new) else None


def _places(entries: Sequence[Line], there: Sequence[Line]) -> list[int | None]:
    """Where each line stands: by id, else by content, else in the order of what is left."""
    places = _places_by_content(entries, there)
    # A bookkeeper's words or subtotals are never one of ours.
    left = [place for place in _unclaimed(entries, there, places) if "ItemRef" in there[place]]
    return [
        left.pop(0) if place is None and left and asks(entry) else place
        for entry, place in zip(entries, places, strict=True)
    ]


def _places_by_content(entries: Sequence[Line], there: Sequence[Line]) -> list[int | None]:
    """Where each line stands: by its id, whatever it shows; one without an id that is there, by its content."""
    by_id = {line["Id"]: place for place, line in enumerate(there)}
    places: list[int | None] = [by_id.get(entry.get("Id")) if entry.get("Id") else None for entry in entries]
    left = _unclaimed(entries, there, places)
    for number, entry in enumerate(entries):
        if places[number] is None and asks(entry):
            match = next((place for place in left if _shows(there[place], entry)), None)
            if match is not None:
                left.remove(match)
                places[number] = match
    return places


def _unclaimed(entries: Sequence[Line], there: Sequence[Line], places: Sequence[int | None]) -> list[int]:
    """Places of lines that are neither one of ours nor named as a bookkeeper's."""
    foreign = {entry["Id"] for entry in entries if entry["line"] is None}
    claimed = set(places)
    return [place for place, line in enumerate(there) if place not in claimed and line["Id"] not in foreign]


def _shows(line: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    return _same(line, entry, [name for name in PARTS if name in entry])
