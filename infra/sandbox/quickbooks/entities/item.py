"""Item: products and services, the categories they stand under, and bundles, which the API can only read."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import item_places, names
from infra.sandbox.quickbooks.entities.entity import Draft, Entity, require
from infra.sandbox.quickbooks.entities.parts import HEAD, made, text
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.fields import Field, Part, Parts, Table
from infra.sandbox.quickbooks.kinds import Day, Flag, Number, Ref, Text, Whole
from infra.sandbox.quickbooks.shelf import Shelf
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc, shortest

CATEGORY, BUNDLE = "Category", "Group"
TYPES = ("Inventory", "NonInventory", "Service", CATEGORY, BUNDLE)

BUNDLED = Table("ItemGroupDetail", (Field("ItemGroupLine", Parts(item_places.BUNDLE_LINE)),))
TABLE = Table(
    "Item",
    (
        text("Name", 100, query=True),
        text("Description", 4000, query=True),
        Field("Active", Flag(), query=True, default=True),
        Field("SubItem", Flag(), query=True),
        Field("ParentRef", Ref("Item"), query=True),
        made("Level", Whole()),
        made("FullyQualifiedName", query=True),
        Field("Taxable", Flag(), query=True, default=False),
        Field("SalesTaxIncluded", Flag()),
        Field("UnitPrice", Number(), query=True, default=0),
        Field("Type", Text(), query=True),
        Field("IncomeAccountRef", Ref("Account")),
        text("PurchaseDesc", 1000),
        Field("PurchaseTaxIncluded", Flag()),
        Field("PurchaseCost", Number(), query=True, default=0),
        Field("ExpenseAccountRef", Ref("Account")),
        Field("AssetAccountRef", Ref("Account")),
        Field("SalesTaxCodeRef", Ref("TaxCode", named=False)),
        Field("PurchaseTaxCodeRef", Ref("TaxCode", named=False)),
        Field("TrackQtyOnHand", Flag(), default=False),
        Field("QtyOnHand", Number(), query=True),
        Field("InvStartDate", Day()),
        Field("ItemGroupDetail", Part(BUNDLED)),
        text("Sku", 100, query=True),
        *HEAD,
    ),
    unmodelled=frozenset(
        {
            *("ClassRef", "ReorderPoint", "PrefVendorRef", "TaxClassificationRef", "Source", "ServiceType"),
            *("ReverseChargeRate", "AbatementRate", "UQCDisplayText", "UQCId", "PrintGroupedItems"),
            *("ItemCategoryType", "SpecialItem", "SpecialItemType", "CustomField", "AttachableRef", "ManPartNum"),
            *("DeferredRevenue", "AvgCost", "QtyOnPurchaseOrder", "QtyOnSalesOrder", "RatePercent", "UOMSetRef"),
        }
    ),
)


def complete(draft: Draft) -> Doc:
    """Accounts, type, place and name of an item."""
    doc = {**TABLE.defaults, **draft.doc}
    require(doc, "Name")
    _check_type(draft, doc)
    if doc["Type"] == "Inventory":
        _check_stock(draft, doc)
    else:
        doc["TrackQtyOnHand"] = False
        if doc["Type"] not in (CATEGORY, BUNDLE) and "ExpenseAccountRef" not in doc:
            require(doc, "IncomeAccountRef")
    _check_income_account(draft.realm, doc)
    doc = names.activity(doc, draft, "Name")
    doc = {**doc, **item_places.placed(draft, doc)}
    names.check_unique(draft, "Item", doc)
    return doc


def _check_type(draft: Draft, doc: Doc) -> None:
    if doc.get("Type") not in TYPES:
        raise not_modelled(f"Item.Type {doc.get('Type')}")
    if draft.before and draft.before["Type"] != doc["Type"]:
        raise not_modelled("change of Item.Type")
    if doc["Type"] == BUNDLE and draft.origin == "api":
        raise not_modelled("Item.Type Group: bundles are made in QuickBooks itself")


def _check_stock(draft: Draft, doc: Doc) -> None:
    if not doc["TrackQtyOnHand"]:
        raise refusal("missing", name="TrackQtyOnHand")
    require(doc, "QtyOnHand", "InvStartDate", "AssetAccountRef", "IncomeAccountRef", "ExpenseAccountRef")
    if draft.before and draft.before["QtyOnHand"] != doc["QtyOnHand"]:
        raise not_modelled("change of Item.QtyOnHand (an inventory adjustment)")


def _check_income_account(realm: Realm, doc: Doc) -> None:
    account = doc.get("IncomeAccountRef")
    if account and realm.records["Account"][account["value"]].doc["Classification"] != "Revenue":
        raise refusal("account_type", name="IncomeAccountRef")


def take_from_stock(realm: Realm, item_id: str, quantity: Decimal) -> None:
    """A sale of an inventory item: its quantity falls and its token grows."""
    record = realm.records["Item"][item_id]
    if record.doc["Type"] == "Inventory" and quantity:
        realm.change(record, {**record.doc, "QtyOnHand": shortest(Decimal(record.doc["QtyOnHand"]) - quantity)})


ITEM = Entity(
    Shelf(
        "Item",
        TABLE,
        sequence="Item",
        title="FullyQualifiedName",
        name="Name",
        namespace="Item",
        indexed=("Name", "FullyQualifiedName", "Sku", "ParentRef"),
    ),
    complete,
    item_places.follow,
    kept=frozenset({"Active", "Type", "QtyOnHand", "InvStartDate"}),
    order=("FullyQualifiedName", False),
)
