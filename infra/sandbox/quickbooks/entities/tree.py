"""Records that stand under others of their kind: sub-customers, sub-accounts, items in categories."""

from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.store import Realm, Record


def refuse_loop(draft: Draft, parent: Record) -> None:
    """Raises Refusal (900) where the parent is the record itself, or stands below it."""
    if draft.record is not None and draft.record.id in (parent.id, *ancestors(draft.realm, parent)):
        raise refusal("own_parent", value=draft.record.id)


def ancestors(realm: Realm, record: Record) -> list[str]:
    """Ids from the parent up to the top."""
    found: list[str] = []
    above = record.doc.get("ParentRef")
    while above is not None:
        found.append(above["value"])
        above = realm.records[record.entity][above["value"]].doc.get("ParentRef")
    return found


def children(realm: Realm, record: Record) -> list[Record]:
    """What stands directly below; the entity's ParentRef is indexed."""
    found = realm.found_by(record.entity, "ParentRef", record.id) or ()
    return [realm.records[record.entity][one] for one in found]


def height(realm: Realm, record: Record | None) -> int:
    """How many levels stand below; none below a record that is not made yet."""
    return 0 if record is None else max((1 + height(realm, child) for child in children(realm, record)), default=0)
