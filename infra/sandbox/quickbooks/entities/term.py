"""Term: when what is bought or sold is to be paid. Invoices and bills take their due dates from it."""

import calendar
from datetime import date, timedelta

from infra.sandbox.quickbooks.entities import names
from infra.sandbox.quickbooks.entities.entity import Draft, Entity, require
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.fields import Field, Table
from infra.sandbox.quickbooks.kinds import Flag, Number, Whole
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc

STANDARD, DATE_DRIVEN = "STANDARD", "DATE_DRIVEN"  # so many days after the date, or on a day of the month
_RANGES = {
    "DueDays": (0, 999),
    "DiscountDays": (0, 999),
    "DayOfMonthDue": (1, 31),
    "DiscountDayOfMonth": (0, 31),
    "DueNextMonthDays": (0, 999),
}
MOST_PERCENT = 100

TABLE = Table(
    "Term",
    (
        text("Name", 31, query=True),
        Field("Active", Flag(), query=True, default=True),
        made("Type"),
        Field("DiscountPercent", Number(), default=0),
        Field("DueDays", Whole()),
        Field("DiscountDays", Whole()),
        Field("DayOfMonthDue", Whole()),
        Field("DueNextMonthDays", Whole()),
        Field("DiscountDayOfMonth", Whole()),
        *HEAD,
    ),
    unmodelled=frozenset({"TermEx", "CustomField", "AttachableRef"}),
)


def complete(draft: Draft) -> Doc:
    """Name, kind and ranges of a term."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "Name")
    if "DueDays" not in doc and "DayOfMonthDue" not in doc:
        raise refusal("missing", name="DueDays")
    _check_ranges(doc)
    doc = names.activity(doc, draft, "Name")
    names.check_unique(draft, "Term", doc)
    return {**doc, "Type": STANDARD if "DueDays" in doc else DATE_DRIVEN}


def _check_ranges(doc: Doc) -> None:
    for name, (least, most) in _RANGES.items():
        if name in doc and not least <= doc[name] <= most:
            raise refusal("number_range", name=name, value=doc[name])
    if not 0 <= doc["DiscountPercent"] <= MOST_PERCENT:
        raise refusal("percent", name="DiscountPercent", value=doc["DiscountPercent"])


def due_date(realm: Realm, reference: Doc | None, day: str) -> str | None:
    """When a form of this day (YYYY-MM-DD) is due by the term that `{"value": id}` names; None without a term."""
    record = None if reference is None else realm.find("Term", reference["value"])
    return None if record is None else _due(record.doc, date.fromisoformat(day)).isoformat()


def _due(term: Doc, day: date) -> date:
    if "DueDays" in term:
        return day + timedelta(days=term["DueDays"])
    due = _day_of_month(day.year, day.month, term["DayOfMonthDue"])
    # Who buys too shortly before the day pays a month later.
    if due - day < timedelta(days=term.get("DueNextMonthDays", 0)) or due < day:
        due = _day_of_month(day.year + day.month // 12, day.month % 12 + 1, term["DayOfMonthDue"])
    return due


def _day_of_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


TERM = Entity(
    Shelf("Term", TABLE, sequence="Term", title="Name", name="Name", namespace="Term", indexed=("Name",)),
    complete,
    kept=frozenset({"Active"}),
    order=("Name", False),
)
