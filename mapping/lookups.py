"""Finding again what we may have made: the query, and whether an object found is ours."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from mapping.identity import MARKER_PREFIX
from mapping.names import normalised

NAMES: Final[Mapping[str, str]] = {
    "Customer": "DisplayName",
    "Vendor": "DisplayName",
    "Item": "Name",
    "Invoice": "DocNumber",
}
UNSALEABLE: Final = frozenset({"Category", "Group"})  # item types that no invoice line may name
CLOCKS_APART: Final = timedelta(minutes=5)
"""What is allowed between our clock and QuickBooks'."""


def lookup_query(*, type: str, names: Sequence[str]) -> str:  # noqa: A002 - QuickBooks' word
    """One statement that finds every object of that type with one of the names, inactive ones too.

    Intuit: learn/explore-the-quickbooks-online-api/data-queries (apostrophes are escaped, no more than 1,000 rows).
    """
    literals = ", ".join("'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'" for name in names)
    inactive = "" if type == "Invoice" else " AND Active IN (true, false)"
    return f"SELECT * FROM {type} WHERE {NAMES[type]} IN ({literals}){inactive} MAXRESULTS 1000"  # noqa: S608 - escaped above; QuickBooks' language has no statement that writes


def name_of(type: str, object: Mapping[str, Any]) -> str:  # noqa: A002 - QuickBooks' words
    """The name or number by which an object, or our fields of one, is looked up; empty where it has none."""
    return str(object.get(NAMES[type]) or "")


def adoptable(
    *,
    type: str,  # noqa: A002 - QuickBooks' word
    fields: Mapping[str, Any],
    marker: str | None,
    object: Mapping[str, Any],  # noqa: A002 - QuickBooks' word
    sure: bool,
) -> bool:
    """Whether an object that was found is what a create with these fields made, or may stand for it.

    An invoice has our number and marker, and our customer or amount: a copied marker alone proves nothing. With
    `sure=False` (we may have made it, and the object is no older) customer and amount do with either of the two.
    A list entry is active, has our name, and stands at the same place in the tree.
    """
    if type == "Invoice":
        return _is_our_invoice(fields=fields, marker=marker, found=object, sure=sure)
    if object.get("Active") is False or object.get("Type") in UNSALEABLE:
        return False
    same_place = _reference(object, "ParentRef") == _reference(fields, "ParentRef")
    return same_place and _same_name(type, fields, object)


def made_since(*, object: Mapping[str, Any], moment: datetime) -> bool:  # noqa: A002 - QuickBooks' word
    """Whether an object was made then or later: the moment by our clock, the object's time by QuickBooks'."""
    told = (object.get("MetaData") or {}).get("CreateTime")
    return told is None or datetime.fromisoformat(told) >= moment - CLOCKS_APART


def doubtful(*, type: str, fields: Mapping[str, Any], marker: str | None, object: Mapping[str, Any]) -> bool:  # noqa: A002 - QuickBooks' words
    """Whether an object, no older than a create with these fields, may be what it made, changed since by somebody.

    An invoice that bears our marker may be; without any, one that was edited and has two of our number, customer and
    amount. An entry of a list may be if it was edited, and has our name or stands at our place in the tree. What
    somebody else has just made has token 0.
    """
    edited = str(object.get("SyncToken")) != "0"
    if type == "Invoice":
        note = str(object.get("PrivateNote") or "")
        kept = sum(_likeness(fields=fields, found=object).values())
        return (marker is not None and marker in note) or (edited and MARKER_PREFIX not in note and kept > 1)
    same_place = _reference(object, "ParentRef") == _reference(fields, "ParentRef")
    return edited and object.get("Type") not in UNSALEABLE and (same_place or _same_name(type, fields, object))


def _is_our_invoice(*, fields: Mapping[str, Any], marker: str | None, found: Mapping[str, Any], sure: bool) -> bool:
    like = _likeness(fields=fields, found=found)
    # QuickBooks puts "Voided" into the same note, so the marker need not stand on a line of its own.
    if marker is not None and marker in str(found.get("PrivateNote") or ""):
        # Another number: somebody renumbered it, or copied it, and a copy is not made before its original.
        kept = like["customer"], like["amount"]
        return any(kept) if like["number"] else (not sure and all(kept))
    return not sure and all(like.values())


def _likeness(*, fields: Mapping[str, Any], found: Mapping[str, Any]) -> Mapping[str, bool]:
    """In which of the three that tell invoices apart one that was found is like ours."""
    return {
        "number": name_of("Invoice", found).strip() == name_of("Invoice", fields).strip(),
        "customer": _reference(found, "CustomerRef") == _reference(fields, "CustomerRef"),
        "amount": _net_amount(found) == sum((Decimal(str(line["Amount"])) for line in fields["Line"]), Decimal(0)),
    }


def _same_name(type: str, fields: Mapping[str, Any], found: Mapping[str, Any]) -> bool:  # noqa: A002 - QuickBooks' word
    return normalised(name_of(type, found)) == normalised(name_of(type, fields))


def _net_amount(found: Mapping[str, Any]) -> Decimal:
    tax = (found.get("TxnTaxDetail") or {}).get("TotalTax") or 0
    return Decimal(str(found.get("TotalAmt") or 0)) - Decimal(str(tax))


def _reference(holder: Mapping[str, Any], name: str) -> str | None:
    value = (holder.get(name) or {}).get("value")
    return None if value is None else str(value)
