"""Where an item stands: its category, its full name and level; and what a bundle is made of."""

from infra.sandbox.quickbooks.entities import tree
from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.fields import Field, Table
from infra.sandbox.quickbooks.kinds import Number, Ref
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import Doc

DEEPEST = 4  # levels below the top
BUNDLE_LINE = Table("ItemComponentLine", (Field("ItemRef", Ref("Item")), Field("Qty", Number())))


def placed(draft: Draft, doc: Doc) -> Doc:
    """FullyQualifiedName and Level from the category above. Raises Refusal (700 for another parent, 900, 6180)."""
    if "ParentRef" not in doc:
        return {"FullyQualifiedName": doc["Name"], "SubItem": None, "Level": None}
    parent = draft.realm.records["Item"][doc["ParentRef"]["value"]]
    if parent.doc["Type"] != "Category":
        raise refusal("parent_reference", value=parent.id)
    tree.refuse_loop(draft, parent)
    level = (parent.doc.get("Level") or 0) + 1
    if level > DEEPEST:
        raise refusal("too_deep")
    return {"FullyQualifiedName": f"{parent.doc['FullyQualifiedName']}:{doc['Name']}", "SubItem": True, "Level": level}


def follow(realm: Realm, record: Record, before: Doc, after: Doc) -> None:
    """What stands under a category that was renamed or moved has another full name."""
    if not before or before["FullyQualifiedName"] == after["FullyQualifiedName"]:
        return
    for child in tree.children(realm, record):
        was = child.doc
        full, level = f"{after['FullyQualifiedName']}:{was['Name']}", (after.get("Level") or 0) + 1
        realm.touch(child, {**was, "FullyQualifiedName": full, "Level": level})
        follow(realm, child, was, child.doc)
