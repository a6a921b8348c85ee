"""Rules shared by the lists: names that are unique, inactive records, addresses with ids."""

from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.wire import Doc

SUFFIX = " (deleted)"  # what an inactive record's name ends with
FORBIDDEN = ":\t\n"
NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
ADDRESSES = ("BillAddr", "ShipAddr")


def named(draft: Draft, doc: Doc) -> Doc:
    """A customer's or vendor's DisplayName, made of its parts where it was not given (6080 without any)."""
    name = doc.get("DisplayName") or " ".join(str(doc[part]) for part in NAME_PARTS if doc.get(part))
    if not name.strip():
        raise refusal("no_name")
    for part in NAME_PARTS:
        _check_characters(str(doc.get(part, "")), part)
    return activity({**doc, "DisplayName": name}, draft, "DisplayName")


def activity(doc: Doc, draft: Draft, name: str) -> Doc:
    """Inactive records end in " (deleted)" and may go on holding their name; the name itself is checked."""
    active = doc.get("Active", True)
    plain = str(doc[name]).removesuffix(SUFFIX) if not active else str(doc[name])
    _check_characters(plain, name)
    checked = {**doc, name: plain if active else plain + SUFFIX, "Active": active}
    checked.pop("_held_name", None)
    if not active and draft.realm.switches.inactive_names == "taken":
        checked["_held_name"] = plain
    return checked


def _check_characters(text: str, name: str) -> None:
    """Raises Refusal (2040) for a name with a colon, a tab or a new line."""
    if any(character in FORBIDDEN for character in text):
        raise refusal("invalid_string", value=text, name=name)


def check_unique(draft: Draft, entity: str, doc: Doc) -> None:
    """Refuse a name that another record of the same namespace holds (6240); a record may keep the names it has."""
    shelf = draft.realm.shelves[entity]
    namespace, held = shelf.namespace, (shelf.name or "", "_held_name")
    kept = {draft.before.get(one) for one in held}
    for name in (doc[one] for one in held if doc.get(one)):
        holder = draft.realm.holder_of(namespace, name) if namespace and name not in kept else None
        if holder and (draft.record is None or holder != (entity, draft.record.id)):
            raise refusal("name_taken")


def with_addresses(draft: Draft, doc: Doc, names: tuple[str, ...] = ADDRESSES) -> Doc:
    """Each address gets an id of its own, and keeps it while it is edited; a seed says which it has."""
    found = dict(doc)
    for name in names:
        address = doc.get(name)
        if address:
            before = draft.before.get(name) or {}
            content = {key: value for key, value in address.items() if key != "Id"}
            found[name] = {"Id": before.get("Id") or _address_id(draft, address), **content}
    return found


def _address_id(draft: Draft, address: Doc) -> str:
    given = str(address.get("Id", ""))
    if draft.origin != "seed" or not given.isdecimal():
        return draft.realm.next_id("Address")
    draft.realm.reserve("Address", int(given))
    return given
