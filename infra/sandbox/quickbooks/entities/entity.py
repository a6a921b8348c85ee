"""What an entity is to the sandbox: its shelf, what may be done with it, and its rules as plain functions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.kinds import Reading
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Postings, Realm, Record
from infra.sandbox.quickbooks.wire import Doc

ALL_OPERATIONS = frozenset({"create", "update", "read", "query"})
LOOK_ONLY = frozenset({"read", "query"})


Origin = Literal["seed", "api", "person"]  # a person works in QuickBooks' own pages


@dataclass(frozen=True, slots=True)
class Draft:
    """An object on its way to be stored: what it will hold, and what it was before (None for a new one)."""

    realm: Realm
    record: Record | None
    doc: Doc
    sparse: bool = False  # a sparse edit leaves alone what it does not name
    origin: Origin = "seed"  # who makes it

    @property
    def before(self) -> Doc:
        """What was stored; empty for a new object."""
        return self.record.doc if self.record else {}


Complete = Callable[[Draft], Doc]  # the whole object with defaults and server-made values; raises Refusal
Effects = Callable[[Realm, Record, Doc, Doc], None]  # (realm, record, before, after): moves what hangs on it
Posts = Callable[[Realm, Doc], Postings]  # what the object posts in the general ledger
Voided = Callable[[Realm, Record], Doc]  # the object as voiding leaves it


def no_effects(realm: Realm, record: Record, before: Doc, after: Doc) -> None:
    """Nothing else changes."""


def no_postings(realm: Realm, doc: Doc) -> Postings:  # noqa: ARG001 - the shape all entities share
    """It moves no money."""
    return ()


@dataclass(frozen=True)
class Entity:
    """One entity of the API."""

    shelf: Shelf
    complete: Complete
    effects: Effects = no_effects
    voided: Voided | None = None
    operations: frozenset[str] = ALL_OPERATIONS
    kept: frozenset[str] = frozenset()  # writable values that a full update may leave out without clearing them
    order: tuple[str, bool] = ("Id", False)  # the default order of a query: property, newest or highest first
    sparse_edits: bool = True
    postings: Posts = no_postings
    before_removal: Callable[[Realm, Record], None] | None = None
    told_currency: bool = False  # a create has to name its currency, in a company of several

    @property
    def name(self) -> str:
        """The name as answers spell it, such as Invoice."""
        return self.shelf.entity


def voided_note(doc: Doc) -> str:
    """The private note of a voided transaction: it says so, before what it said."""
    note = doc.get("PrivateNote")
    return f"Voided - {note}" if note else "Voided"


# How QuickBooks calls the lists in which it did not find a reference.
_FAMILIES = {"Customer": "Names", "Vendor": "Names", "Employee": "Names", "Account": "Accounts", "Item": "Items"}


def check_references(realm: Realm, reading: Reading, *, unchanged: Doc) -> None:
    """Refuse references to what does not exist or is inactive; what the object held before may stay."""
    held = _held(unchanged)
    for entity, record_id in reading.references:
        target = realm.find(entity, record_id)
        if target is None:
            raise refusal("reference", family=_FAMILIES.get(entity, f"{entity}s"), value=record_id)
        if target.doc.get("Active") is False and (entity, record_id) not in held:
            raise refusal("not_found")


def _held(doc: Doc) -> set[tuple[str, str]]:
    """Every (entity, id) that stands in the stored object, guessed from the names of its references."""
    held: set[tuple[str, str]] = set()
    pending: list[object] = [doc]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            pending.extend(value.values())
            held.update(
                (_entity_of(name), inner["value"])
                for name, inner in value.items()
                if name.endswith("Ref") and isinstance(inner, dict) and "value" in inner
            )
    return held


_ENTITIES = {
    "ParentRef": "Customer",
    "SalesTermRef": "Term",
    "TxnTaxCodeRef": "TaxCode",
    "DefaultTaxCodeRef": "TaxCode",
}


def _entity_of(reference: str) -> str:
    if reference.endswith("AccountRef"):
        return "Account"
    return _ENTITIES.get(reference, reference.removesuffix("Ref"))


def require(doc: Doc, *names: str) -> None:
    """Refuse an object without one of these properties."""
    for name in names:
        if doc.get(name) in (None, []):
            raise refusal("missing", name=name)
