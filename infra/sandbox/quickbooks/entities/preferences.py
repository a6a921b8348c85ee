"""Preferences: one object with Id 1, the company's settings. Read, queried and updated; never made or deleted."""

from infra.sandbox.quickbooks.entities import preference_groups
from infra.sandbox.quickbooks.entities.entity import Draft, Entity
from infra.sandbox.quickbooks.entities.parts import HEAD
from infra.sandbox.quickbooks.fields import Field, Part, Table
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc

TABLE = Table(
    "Preferences",
    (*(Field(name, Part(table)) for name, table in preference_groups.GROUPS.items()), *HEAD),
    unmodelled=frozenset({"AdvancedInventoryPrefs", "PrintDocumentPrefs", "FinanceChargesPrefs"}),
)


def complete(draft: Draft) -> Doc:
    """Each group keeps what is not named in it; the home currency is the company's."""
    held = draft.before or _first(draft.realm)
    doc = {**draft.doc}
    for name in preference_groups.GROUPS:
        doc[name] = {**held.get(name, {}), **doc.get(name, {})}
    doc["CurrencyPrefs"]["HomeCurrency"] = {"value": draft.realm.currency}
    _tell_own_fields(draft.realm, doc)
    doc["OtherPrefs"] = {"NameValue": _merged(held["OtherPrefs"]["NameValue"], doc["OtherPrefs"]["NameValue"])}
    return doc


def _tell_own_fields(realm: Realm, doc: Doc) -> None:
    """The company's own fields on sales forms, and on purchase orders: the same ones, or a seed's list of names."""
    if realm.custom_fields:
        doc["SalesFormsPrefs"]["CustomField"] = preference_groups.own_fields(
            "SalesFormsPrefs", "Sales", realm.custom_fields
        )
    told = doc["VendorAndPurchasesPrefs"].get("POCustomField", realm.custom_fields)
    if told and all(isinstance(one, str) for one in told):
        found = preference_groups.own_fields("PurchasePrefs", "Purchase", tuple(told))
        doc["VendorAndPurchasesPrefs"]["POCustomField"] = found


def _first(realm: Realm) -> Doc:
    """What every company begins with."""
    return {
        **preference_groups.DEFAULTS,
        "EmailMessagesPrefs": preference_groups.mails(realm.name),
        "OtherPrefs": {"NameValue": preference_groups.others()},
    }


def _merged(held: list[Doc], named: list[Doc]) -> list[Doc]:
    """The pairs that were there, with the values named anew; new names at the end."""
    values = {one["Name"]: one.get("Value") for one in (*held, *named)}
    return [{"Name": name, "Value": value} for name, value in values.items()]


def flag(realm: Realm, group: str, name: str) -> bool:
    """A setting of the company, such as SalesFormsPrefs.CustomTxnNumbers; False where it is not set."""
    return bool(setting(realm, group, name))


def setting(realm: Realm, group: str, name: str) -> object:
    """A setting's value; None where it is not set."""
    found = realm.find("Preferences", "1")
    return None if found is None else found.doc.get(group, {}).get(name)


def other(realm: Realm, name: str) -> str | None:
    """The value of a setting that has no property of its own, such as WarnDuplicateBillNumber; None without it."""
    found = realm.find("Preferences", "1")
    pairs = found.doc.get("OtherPrefs", {}).get("NameValue", ()) if found else ()
    return next((str(one["Value"]) for one in pairs if one["Name"] == name), None)


PREFERENCES = Entity(
    Shelf("Preferences", TABLE, sequence="Preferences"),
    complete,
    operations=frozenset({"read", "query", "update"}),
)
