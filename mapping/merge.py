"""A reading that is not an echo of ours: which fields were changed there, here, or on both sides (R-22, R-25, R-42)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from mapping import difference

Fields = dict[str, Any]

VOID_NOTE: Final = "Voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What the record's `sent` and `unreturned` become, and the fields that both sides changed (Klipboard's win)."""

    sent: Fields
    unreturned: Fields
    conflicts: tuple[str, ...]
    to_write: tuple[str, ...]
    """Fields that Klipboard changed and QuickBooks does not show yet."""


def merge(
    *,
    type: str,  # noqa: A002 - QuickBooks' word
    sent: Mapping[str, Any],
    here: Mapping[str, Any],
    seen: Mapping[str, Any] | None,
    unreturned: Mapping[str, Any],
    object: Mapping[str, Any],  # noqa: A002
) -> Merged:
    """Merge a newer reading, field by field.

    `sent`: what QuickBooks last accepted from us; `here`: what Klipboard changed since and QuickBooks was not given;
    `seen`: the whole object as last shown; `object`: as shown now. Changed there and not here: noted in `unreturned`.
    Here and not there: stays to be written. On both sides: Klipboard wins, and it is named in `conflicts`; where both
    changed it to the same, it counts as sent.
    """
    there = _changed_there(type=type, sent=sent, seen=seen, object=object)
    same = {name for name in here if _shows(type=type, name=name, value=here[name], object=object)}
    kept = difference.lay_over(
        type=type, sent=dict(sent), fields={name: here[name] for name in sorted(same)}, answered=dict(object)
    )
    conflicts = tuple(sorted(name for name in there if name in here and name not in same))
    notes = {**unreturned, **there, **_marks(type=type, object=object)}
    open_notes = {
        name: value
        for name, value in notes.items()
        if name not in same and name not in conflicts and _still_differs(type=type, name=name, sent=sent, object=object)
    }
    return Merged(
        sent=kept if same else dict(sent),
        unreturned=open_notes,
        conflicts=conflicts,
        to_write=tuple(sorted(name for name in here if name not in same)),
    )


def is_void(*, type: str, object: Mapping[str, Any]) -> bool:  # noqa: A002
    """Whether the invoice was voided in QuickBooks: alive, but worth nothing, and its note says so (R-61)."""
    if type != "Invoice":
        return False
    note = str(object.get("PrivateNote") or "")
    return note.startswith(VOID_NOTE) and Decimal(object.get("TotalAmt") or 0) == 0


def _marks(*, type: str, object: Mapping[str, Any]) -> Fields:  # noqa: A002
    """Voided and inactive are states of the whole object, noted beside its fields."""
    marks: Fields = {}
    if is_void(type=type, object=object):
        marks["Void"] = True
    if object.get("Active") is False:
        marks["Active"] = False
    return marks


def _changed_there(
    *,
    type: str,  # noqa: A002
    sent: Mapping[str, Any],
    seen: Mapping[str, Any] | None,
    object: Mapping[str, Any],  # noqa: A002
) -> Fields:
    if is_void(type=type, object=object):
        return {}  # its lines are zero because it is void, not because somebody edited them
    now = difference.shown(type=type, object=dict(object))
    if seen is None:
        names = [name for name in sent if not _shows(type=type, name=name, value=sent[name], object=object)]
        return {name: now.get(name) for name in names}
    before = difference.shown(type=type, object=dict(seen))
    return {name: now.get(name) for name in {*before, *now} if before.get(name) != now.get(name)}


def _still_differs(*, type: str, name: str, sent: Mapping[str, Any], object: Mapping[str, Any]) -> bool:  # noqa: A002
    """Whether a noted field still shows something else than we last sent."""
    if name == "Void":
        return is_void(type=type, object=object)
    if name == "Active":
        return object.get("Active") is False
    return not _shows(type=type, name=name, value=sent.get(name), object=object)


def _shows(*, type: str, name: str, value: Any, object: Mapping[str, Any]) -> bool:  # noqa: A002, ANN401
    shows: bool = difference.executed(type=type, fields={name: value}, object=dict(object))
    return shows
