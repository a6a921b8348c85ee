"""Document numbers: who makes them, and when one that is used already is refused."""

from dataclasses import dataclass

from infra.sandbox.quickbooks.entities import preferences
from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.faults import FaultError, fault_error
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc


@dataclass(frozen=True, slots=True)
class Series:
    """Forms that take their numbers from one sequence."""

    kinds: dict[str, str]  # entity -> what a fault calls it
    counter: str  # the company's attribute that holds the highest number so far


SALES = Series({"Invoice": "Invoice", "SalesReceipt": "Sales Receipt", "CreditMemo": "Credit Memo"}, "last_number")
ESTIMATES = Series({"Estimate": "Estimate"}, "last_estimate_number")


def taken(draft: Draft, series: Series) -> list[FaultError]:
    """6140 when another form has the number, in a company with numbers of its own that warns of duplicates."""
    realm, number = draft.realm, draft.doc.get("DocNumber")
    if not number or number == draft.before.get("DocNumber") or not realm.warns_of_duplicates or not _own(realm):
        return []
    for entity, kind in series.kinds.items():
        for record_id in realm.found_by(entity, "DocNumber", number) or ():
            return [fault_error("number_taken", number=number, kind=kind, id=record_id)]
    return []


def numbered(realm: Realm, doc: Doc, series: Series) -> Doc:
    """The form with its number: the one it has, or the next; none where the company gives its numbers itself."""
    highest, number = int(getattr(realm, series.counter)), doc.get("DocNumber")
    if not number:
        if _own(realm):
            return doc
        number = str(highest + 1)
    if number.isdecimal():
        setattr(realm, series.counter, max(highest, int(number)))
    return {**doc, "DocNumber": number}


def _own(realm: Realm) -> bool:
    return preferences.flag(realm, "SalesFormsPrefs", "CustomTxnNumbers")
