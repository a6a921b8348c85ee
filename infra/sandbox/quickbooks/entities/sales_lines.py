"""The lines of a sales form: ids that are never reused, amounts that must add up, the subtotal QuickBooks appends."""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import roles
from infra.sandbox.quickbooks.entities.bundle_lines import GROUP_LINE, flat, unfolded, with_inner
from infra.sandbox.quickbooks.faults import FaultError, fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc, money

DEFAULT_ITEM = "1"  # a line that names none sells "Services"
MOST_LINES, MOST_TAXED_LINES = 10_000, 750
ROUNDING = Decimal("0.005")  # as far as a line's Amount may be from its quantity times its price
ITEM_LINE, DISCOUNT_LINE, TEXT_LINE, SUBTOTAL_LINE = (
    "SalesItemLineDetail",
    "DiscountLineDetail",
    "DescriptionOnly",
    "SubTotalLineDetail",
)


def wanted(lines: list[Doc]) -> list[Doc]:
    """The lines that were sent but for subtotals, which are made anew. A price and quantity of 0 were not given."""
    return [_given(line) for line in lines if line.get("DetailType") != SUBTOTAL_LINE]


def _given(line: Doc) -> Doc:
    detail = line.get(ITEM_LINE, {})
    if not line.get("Amount") or detail.get("Qty") != 0 or detail.get("UnitPrice") != 0:
        return line
    return {**line, ITEM_LINE: {name: value for name, value in detail.items() if name not in ("Qty", "UnitPrice")}}


def faults(lines: list[Doc]) -> list[FaultError]:
    """2020 for each line without an amount or a kind, 6070 for each whose Amount is not Qty * UnitPrice."""
    found = []
    for line in flat(lines):
        amount, detail = line.get("Amount"), line.get(ITEM_LINE, {})
        if line.get("DetailType") is None:
            found.append(fault_error("missing", name="Line.DetailType"))
        elif amount is None and line["DetailType"] == ITEM_LINE:
            found.append(fault_error("missing", name="Line.Amount"))
        elif amount is not None and _differs(amount, detail):
            found.append(fault_error("amount", value=_as_supplied(amount)))
    return found


def _differs(amount: Decimal, detail: Doc) -> bool:
    if "Qty" not in detail or "UnitPrice" not in detail:
        return False
    return abs(Decimal(detail["Qty"]) * Decimal(detail["UnitPrice"]) - amount) > ROUNDING


def completed(realm: Realm, lines: list[Doc], *, held_ids: set[str], made: int) -> tuple[list[Doc], int]:
    """The lines as they are stored, and how many line ids the form has used so far.

    A line keeps its Id where the form has a line with it, others get the next.
    """
    _check_count(lines)
    forms = [_completed_line(realm, line) for line in lines]
    numbered, used = _numbered([line for line in forms if line["DetailType"] != DISCOUNT_LINE], held_ids, made)
    total = sum((line.get("Amount", NOTHING) for line in flat(numbered)), NOTHING)
    discounts = [_discounted(line, total) for line in forms if line["DetailType"] == DISCOUNT_LINE]
    discounts, used = _numbered(discounts, held_ids, used, first=len(numbered) + 1)
    return [*numbered, _subtotal(total), *discounts], used


def _check_count(lines: list[Doc]) -> None:
    if len(lines) > MOST_LINES:
        raise refusal("business", reason=f"A transaction has at most {MOST_LINES} lines.")
    if len(lines) > MOST_TAXED_LINES and any(_is_taxed(line) for line in flat(lines)):
        raise refusal("business", reason=f"A taxed transaction has at most {MOST_TAXED_LINES} lines.")


def _is_taxed(line: Doc) -> bool:
    return bool(line.get(ITEM_LINE, {}).get("TaxCodeRef", {}).get("value", "NON") != "NON")


def total_of(lines: list[Doc]) -> Decimal:
    """What the form is worth before tax: its items less its discounts."""
    total = NOTHING
    for line in flat(lines):
        if line["DetailType"] == DISCOUNT_LINE:
            total -= line["Amount"]
        elif line["DetailType"] != SUBTOTAL_LINE:
            total += line.get("Amount", NOTHING)
    return total


def quantities(lines: list[Doc]) -> dict[str, Decimal]:
    """Item id -> how many are sold."""
    sold: dict[str, Decimal] = {}
    for line in flat(lines):
        detail = line.get(ITEM_LINE)
        if detail:
            item = detail["ItemRef"]["value"]
            sold[item] = sold.get(item, Decimal(0)) + Decimal(detail.get("Qty", 0))
    return sold


def emptied(lines: list[Doc]) -> list[Doc]:
    """The lines of a voided form: amounts and quantities zero."""
    return [_emptied_line(line) for line in lines]


def _emptied_line(line: Doc) -> Doc:
    empty = {**line, "Amount": NOTHING} if "Amount" in line else dict(line)
    if GROUP_LINE in line:
        return with_inner(empty, emptied(line[GROUP_LINE]["Line"]))
    if line.get(ITEM_LINE, {}).get("Qty") is not None:
        empty[ITEM_LINE] = {**line[ITEM_LINE], "Qty": 0}
    return empty


def _as_supplied(amount: Decimal) -> str:
    return str(int(amount)) if amount == int(amount) else format(amount.normalize(), "f")


def _completed_line(realm: Realm, line: Doc) -> Doc:
    kind, line = line["DetailType"], _linked(line)
    if kind == ITEM_LINE:
        return {**line, ITEM_LINE: _item_detail(realm, line.get(ITEM_LINE, {}))}
    if kind == DISCOUNT_LINE:
        detail = {"PercentBased": False, **line.get(DISCOUNT_LINE, {})}
        account = detail.get("DiscountAccountRef") or {"value": roles.account(realm, roles.DISCOUNTS)}
        return {**line, DISCOUNT_LINE: {**detail, "DiscountAccountRef": account}}
    if kind == GROUP_LINE:
        line = unfolded(realm, line)
        return with_inner(line, [_completed_line(realm, one) for one in line[GROUP_LINE]["Line"]])
    if kind == TEXT_LINE:
        return {"DescriptionLineDetail": {}, **line}
    raise not_modelled(f"Line.DetailType {kind}")


def _linked(line: Doc) -> Doc:
    """A line of an invoice may say from which estimate it comes."""
    links = line.get("LinkedTxn")
    if links is None:
        return line
    for link in links:
        if link.get("TxnType") != "Estimate":
            raise not_modelled(f"Line.LinkedTxn {link.get('TxnType')}")
    return line if links else {name: value for name, value in line.items() if name != "LinkedTxn"}


def _item_detail(realm: Realm, detail: Doc) -> Doc:
    item = detail.get("ItemRef", {"value": DEFAULT_ITEM})
    record = realm.find("Item", item["value"])
    if record is not None and record.doc["Type"] in ("Category", "Group"):
        raise refusal("reference_category", value=item["value"])
    if record is None or "IncomeAccountRef" not in record.doc:
        raise refusal("business", reason="The item has no income account, so it cannot be sold.")
    if realm.country != "US":
        return {**detail, "ItemRef": item}
    if detail.get("TaxInclusiveAmt"):
        raise not_modelled("TaxInclusiveAmt in a US company")
    rest = {name: value for name, value in detail.items() if name != "TaxInclusiveAmt"}
    return {"TaxCodeRef": {"value": "NON"}, **rest, "ItemRef": item}


def _discounted(line: Doc, total: Decimal) -> Doc:
    detail = line[DISCOUNT_LINE]
    if detail["PercentBased"]:
        if "DiscountPercent" not in detail:
            raise refusal("discount_missing")
        return {**line, "Amount": money(total * Decimal(detail["DiscountPercent"]) / 100)}
    if "Amount" not in line:
        raise refusal("discount_missing")
    return line


def _subtotal(total: Decimal) -> Doc:
    return {"Amount": total, "DetailType": SUBTOTAL_LINE, SUBTOTAL_LINE: {}}


def _numbered(lines: list[Doc], held_ids: set[str], made: int, *, first: int = 1) -> tuple[list[Doc], int]:
    """Ids run through the lines, those inside a bundle's included; places are counted outside alone."""
    numbered, free = [], set(held_ids)
    for place, line in enumerate(lines, start=first):
        whole, made = _identified(line, free, made)
        if GROUP_LINE in whole:
            inner = []
            for one in whole[GROUP_LINE]["Line"]:
                known, made = _identified(one, free, made)
                inner.append({name: value for name, value in known.items() if name != "LineNum"})
            whole = with_inner(whole, inner)
        numbered.append({**whole, "LineNum": place})
    return numbered, made


def _identified(line: Doc, free: set[str], made: int) -> tuple[Doc, int]:
    """With the Id it has, if the form has a line with it, or the next."""
    if line.get("Id") in free:
        free.discard(str(line["Id"]))
        return line, made
    return {**line, "Id": str(made + 1)}, made + 1
