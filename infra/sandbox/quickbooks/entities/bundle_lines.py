"""Lines that sell a bundle: nothing themselves, with the lines of what is in it inside them."""

from collections.abc import Iterator
from decimal import Decimal

from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc, money

GROUP_LINE, ITEM_LINE = "GroupLineDetail", "SalesItemLineDetail"


def flat(lines: list[Doc]) -> Iterator[Doc]:
    """Every line, and after one of a bundle those inside it."""
    for line in lines:
        yield line
        yield from line.get(GROUP_LINE, {}).get("Line", ())


def with_inner(line: Doc, inner: list[Doc]) -> Doc:
    """The line with these inside."""
    return {**line, GROUP_LINE: {**line[GROUP_LINE], "Line": inner}}


def unfolded(realm: Realm, line: Doc) -> Doc:
    """A bundle's line with the lines that were sent inside, or those that the bundle has; its own amount is nothing.

    Raises Refusal (2020 without a bundle, 2500 for what is none).
    """
    detail = line.get(GROUP_LINE, {})
    reference = detail.get("GroupItemRef")
    if reference is None:
        raise refusal("missing", name="Line.GroupLineDetail.GroupItemRef")
    bundle = realm.records["Item"][reference["value"]].doc
    if bundle["Type"] != "Group":
        raise refusal("reference", family="Items", value=reference["value"])
    quantity = detail.get("Quantity", 1)
    inner = detail.get("Line") or [_component(realm, one, quantity) for one in _components(bundle)]
    return {**line, "Amount": NOTHING, GROUP_LINE: {**detail, "Quantity": quantity, "Line": inner}}


def _components(bundle: Doc) -> list[Doc]:
    return list(bundle.get("ItemGroupDetail", {}).get("ItemGroupLine", ()))


def _component(realm: Realm, component: Doc, quantity: Decimal | int) -> Doc:
    item = realm.records["Item"][component["ItemRef"]["value"]].doc
    count = Decimal(component.get("Qty", 1)) * Decimal(quantity)
    detail = {"ItemRef": component["ItemRef"], "UnitPrice": item["UnitPrice"], "Qty": count.normalize()}
    line = {"Amount": money(count * Decimal(item["UnitPrice"])), "DetailType": ITEM_LINE, ITEM_LINE: detail}
    return {"Description": item["Description"], **line} if "Description" in item else line
