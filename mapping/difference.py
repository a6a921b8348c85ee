"""What Klipboard changed, field by field, and what QuickBooks shows of it: one table of fields per type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mapping import lines
from mapping.normal_forms import NormalForm, address, flag, part, sent_state, text

Fields = dict[str, Any]
"""Our mapped fields by their QuickBooks names. In a change, a cleared one holds None."""

LINE: Final = "Line"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field: how two values of it compare, and whether it is written at creation only."""

    name: str
    normal: NormalForm
    create_only: bool = False


FIELDS: Final[Mapping[str, tuple[FieldRule, ...]]] = {
    "Customer": (
        FieldRule("DisplayName", text),
        FieldRule("CompanyName", text),
        FieldRule("GivenName", text),
        FieldRule("FamilyName", text),
        FieldRule("PrimaryEmailAddr", part("Address")),
        FieldRule("PrimaryPhone", part("FreeFormNumber")),
        FieldRule("Mobile", part("FreeFormNumber")),
        FieldRule("BillAddr", address),
        FieldRule("ShipAddr", address),
        FieldRule("Notes", text),
        FieldRule("Job", flag, create_only=True),
        FieldRule("ParentRef", part("value"), create_only=True),
    ),
    "Vendor": (
        FieldRule("DisplayName", text),
        FieldRule("CompanyName", text),
        FieldRule("PrimaryEmailAddr", part("Address")),
        FieldRule("PrimaryPhone", part("FreeFormNumber")),
        FieldRule("BillAddr", address),
        FieldRule("AcctNum", text),
    ),
    "Item": (
        FieldRule("Name", text),
        FieldRule("Type", text, create_only=True),
        FieldRule("IncomeAccountRef", part("value"), create_only=True),
    ),
    "Invoice": (
        FieldRule("DocNumber", text),
        FieldRule("CustomerRef", part("value")),
        FieldRule("TxnDate", text),
        FieldRule("DueDate", text),
        FieldRule("EmailStatus", sent_state),
        FieldRule("CustomerMemo", part("value")),
        FieldRule("CurrencyRef", part("value"), create_only=True),
    ),
}
"""An invoice's `Line` is compared line by line, in `mapping/lines.py`."""


def changed(*, type: str, wanted: Mapping[str, Any], base: Mapping[str, Any]) -> Fields:  # noqa: A002 - QuickBooks' word
    """The fields of `wanted` that differ from `base` (what was last sent). A cleared one has the value None.

    What is written at creation only is no part of it: an ordinary update never moves a record in the tree (R-36).
    """
    found = {
        rule.name: wanted.get(rule.name)
        for rule in FIELDS[type]
        if not rule.create_only and rule.normal(wanted.get(rule.name)) != rule.normal(base.get(rule.name))
    }
    if type == "Invoice":
        entries = lines.changed(wanted=wanted.get(LINE) or (), base=base.get(LINE) or ())
        return found if entries is None else {**found, LINE: entries}
    return found


def shown(*, type: str, object: Mapping[str, Any]) -> Fields:  # noqa: A002 - QuickBooks' words
    """What a QuickBooks object shows of our fields, each in its normal form; what it does not have is left out."""
    values = {rule.name: rule.normal(object.get(rule.name)) for rule in FIELDS[type] if not rule.create_only}
    if type == "Invoice":
        values[LINE] = lines.shown(object.get(LINE))
    return {name: value for name, value in values.items() if value is not None}


def lay_over(
    *,
    type: str,  # noqa: A002 - QuickBooks' word
    sent: Mapping[str, Any],
    fields: Mapping[str, Any],
    answered: Mapping[str, Any],
) -> Fields:
    """The new `sent`, once QuickBooks accepted `fields`: cleared ones dropped, each line with its QuickBooks id.

    The values stay ours, not the answer's: what QuickBooks writes differently must not look like a change of Klipboard.
    """
    merged = {**sent, **fields}
    if type == "Invoice" and fields.get(LINE) is not None:
        merged[LINE] = lines.lay_over(base=sent.get(LINE) or (), entries=fields[LINE], answered=answered.get(LINE))
    return {name: value for name, value in merged.items() if value is not None}


def executed(*, type: str, fields: Mapping[str, Any], object: Mapping[str, Any]) -> bool:  # noqa: A002 - QuickBooks' words
    """Whether an object shows exactly what `fields` asked for (but for what is written at creation only)."""
    rules = {rule.name: rule for rule in FIELDS[type] if not rule.create_only}
    return all(
        rules[name].normal(value) == rules[name].normal(object.get(name))
        for name, value in fields.items()
        if name in rules
    ) and (LINE not in fields or lines.executed(entries=fields[LINE], object_lines=object.get(LINE)))


def agreed(*, type: str, fields: Mapping[str, Any], object: Mapping[str, Any]) -> Fields:  # noqa: A002 - QuickBooks' words
    """`sent` for an object that was found, not made: those fields that it shows. The rest is a change to be written.

    An invoice's lines are paired with the object's, by content and then by order, and taken as the object shows them.
    """
    create_only = {rule.name for rule in FIELDS[type] if rule.create_only}
    found = {
        name: value
        for name, value in fields.items()
        if name != LINE
        and value is not None
        and (name in create_only or executed(type=type, fields={name: value}, object=object))
    }
    if fields.get(LINE) is not None:
        found[LINE] = lines.adopted(entries=fields[LINE], object_lines=object.get(LINE))
    return found


def overwritten(
    *,
    type: str,  # noqa: A002 - QuickBooks' word
    fields: Mapping[str, Any],
    base: Mapping[str, Any],
    seen: Mapping[str, Any],
) -> tuple[str, ...]:
    """The fields of a change in which QuickBooks showed neither what was last sent nor what is written now."""
    names = [
        rule.name
        for rule in FIELDS[type]
        if rule.name in fields
        and not rule.create_only
        and rule.normal(seen.get(rule.name)) not in (rule.normal(base.get(rule.name)), rule.normal(fields[rule.name]))
    ]
    over_lines = LINE in fields and lines.overwrites(
        entries=fields[LINE] or (), base=base.get(LINE) or (), object_lines=seen.get(LINE)
    )
    return (*names, LINE) if over_lines else tuple(names)


def clears(*, type: str, fields: Mapping[str, Any], base: Mapping[str, Any]) -> bool:  # noqa: A002 - QuickBooks' word
    """Whether a change takes away a field, or a part of an address: a sparse update cannot."""
    addresses = {rule.name for rule in FIELDS[type] if rule.normal is address}
    return any(
        value is None
        or (name in addresses and not (address(base.get(name)) or {}).keys() <= (address(value) or {}).keys())
        for name, value in fields.items()
    )
