"""A reading that is not an echo of ours: which fields were changed there, here, or on both sides (R-22, R-25, R-42)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from mapping import difference, lines
from mapping.difference import LINE
from mapping.lookups import NAMES

Fields = dict[str, Any]

VOID_NOTE: Final = "Voided"
CONFLICT_CAUSE: Final = (
    "Klipboard and QuickBooks both changed {fields}. Klipboard's values win and are written to QuickBooks."
)
CONFLICT_NEXT: Final = "If QuickBooks' values were right, enter them in Klipboard."
INACTIVE_SUFFIX: Final = " (deleted)"  # behind the name of what was made inactive; QuickBooks puts it there


class UnreadableObject(ValueError):  # noqa: N818 - the name says what happened
    """An object of QuickBooks has a shape that is not known. What it shows is not merged; report it with its id."""


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
    Here and not there: stays to be written. On both sides: Klipboard wins, and it is named in `conflicts`, also when
    what was changed there was noted before; where both changed it to the same, it counts as sent. Of an invoice's
    lines only what both changed in one line is a conflict. Raises UnreadableObject.
    """
    try:
        before = None if seen is None else _as_named(type=type, object=seen)
        return _merge(
            type=type,
            sent=sent,
            here=here,
            seen=before,
            unreturned=unreturned,
            object=_as_named(type=type, object=object),
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise UnreadableObject(f"{type} {object.get('Id')}: {error!r}") from error


def is_void(*, type: str, object: Mapping[str, Any]) -> bool:  # noqa: A002
    """Whether the invoice was voided in QuickBooks: alive, but worth nothing, and its note says so (R-61)."""
    if type != "Invoice":
        return False
    note = str(object.get("PrivateNote") or "")
    return note.startswith(VOID_NOTE) and Decimal(object.get("TotalAmt") or 0) == 0


def _merge(
    *,
    type: str,  # noqa: A002
    sent: Mapping[str, Any],
    here: Mapping[str, Any],
    seen: Mapping[str, Any] | None,
    unreturned: Mapping[str, Any],
    object: Mapping[str, Any],  # noqa: A002
) -> Merged:
    there = _changed_there(type=type, sent=sent, seen=seen, object=object)
    same = {name for name in here if _shows(type=type, name=name, value=here[name], object=object)}
    kept = difference.lay_over(
        type=type, sent=dict(sent), fields={name: here[name] for name in sorted(same)}, answered=dict(object)
    )
    notes = {
        name: value
        for name, value in {**unreturned, **there, **_marks(type=type, object=object)}.items()
        if name not in same and _still_differs(type=type, name=name, sent=sent, object=object)
    }
    conflicts = {name for name in notes if name in here and _clash(name=name, sent=sent, here=here, object=object)}
    return Merged(
        sent=kept if same else dict(sent),
        unreturned={name: value for name, value in notes.items() if name not in conflicts},
        conflicts=tuple(sorted(conflicts)),
        to_write=tuple(sorted(name for name in here if name not in same)),
    )


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
        return {name: now.get(name) for name in sent if _differs(type=type, name=name, sent=sent, object=object)}
    before = difference.shown(type=type, object=dict(seen))
    return {name: now.get(name) for name in {*before, *now} if before.get(name) != now.get(name)}


def _still_differs(*, type: str, name: str, sent: Mapping[str, Any], object: Mapping[str, Any]) -> bool:  # noqa: A002
    """Whether a noted field still shows something else than we last sent."""
    if name == "Void":
        return is_void(type=type, object=object)
    if name == "Active":
        return object.get("Active") is False
    return _differs(type=type, name=name, sent=sent, object=object)


def _differs(*, type: str, name: str, sent: Mapping[str, Any], object: Mapping[str, Any]) -> bool:  # noqa: A002
    """Whether a field shows something else than we last sent; a line also where it has more than we gave it."""
    value = sent.get(name)
    value = [_whole(line) for line in value or ()] if name == LINE else value
    return not _shows(type=type, name=name, value=value, object=object)


def _whole(line: lines.Line) -> lines.Line:
    """A line that also says which parts it does not have: what somebody put there is then a difference."""
    return {**dict.fromkeys(lines.PARTS), **line}


def _clash(*, name: str, sent: Mapping[str, Any], here: Mapping[str, Any], object: Mapping[str, Any]) -> bool:  # noqa: A002
    """Whether the two changes of a field exclude each other; those of an invoice's lines do where they meet."""
    if name != LINE:
        return True
    there = {line["Id"]: line for line in lines.shown(object.get(LINE)) or ()}
    asked = {entry["line"]: entry for entry in here[LINE] or ()}
    ours = [line for line in sent.get(LINE) or () if line.get("Id")]
    return any(_lines_clash(base=line, asked=asked.get(line["line"]), now=there.get(line["Id"])) for line in ours)


def _lines_clash(*, base: lines.Line, asked: lines.Line | None, now: lines.Line | None) -> bool:
    """Whether one line was changed to `now` there and to `asked` here (None: removed), in the same part of it."""
    if asked is None:
        return now is not None and any(not _same(name, now, base) for name in lines.PARTS)
    parts = [name for name in lines.PARTS if name in asked]
    if now is None:
        return bool(parts)
    return any(not _same(name, now, base) and not _same(name, now, asked) for name in parts)


def _same(name: str, one: lines.Line, other: lines.Line) -> bool:
    normal = lines.PARTS[name]
    return normal(one.get(name)) == normal(other.get(name))


def _as_named(*, type: str, object: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: A002
    """The object with the name that people gave it: of one that is inactive QuickBooks shows it with a suffix."""
    field = NAMES[type]
    if object.get("Active") is not False:
        return object
    return {**object, field: str(object.get(field) or "").removesuffix(INACTIVE_SUFFIX)}


def _shows(*, type: str, name: str, value: Any, object: Mapping[str, Any]) -> bool:  # noqa: A002, ANN401
    shows: bool = difference.executed(type=type, fields={name: value}, object=dict(object))
    return shows
