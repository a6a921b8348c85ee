"""The lines of a sales form: ids that are never reused, amounts that must add up, the subtotal QuickBooks appends."""

from decimal import Decimal

from infra.sandbox.quickbooks.faults import Refusal, fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc, money

DEFAULT_ITEM = "1"  # a line that names none sells "Services"
DISCOUNT_ACCOUNT = "86"
MOST_LINES = 10_000
ITEM_LINE, DISCOUNT_LINE, TEXT_LINE, SUBTOTAL_LINE = (
    "SalesItemLineDetail",
    "DiscountLineDetail",
    "DescriptionOnly",
    "SubTotalLineDetail",
)


def completed(realm: Realm, lines: list[Doc], *, held_ids: set[str], made: int) -> tuple[list[Doc], int]:
    """The lines as they are stored, and how many line ids the form has used so far.

    What was sent as SubTotal is made anew; a line keeps its Id where the form has a line with it, others get the next.
    """
    wanted = [line for line in lines if line.get("DetailType") != SUBTOTAL_LINE]
    if not wanted:
        raise refusal("missing", name="Line")
    if len(wanted) > MOST_LINES:
        raise refusal("business", reason=f"A transaction has at most {MOST_LINES} lines.")
    _check_amounts(wanted)
    forms = [_completed_line(realm, line) for line in wanted]
    numbered, used = _numbered([line for line in forms if line["DetailType"] != DISCOUNT_LINE], held_ids, made)
    total = sum((line.get("Amount", NOTHING) for line in numbered), NOTHING)
    discounts = [_discounted(line, total) for line in forms if line["DetailType"] == DISCOUNT_LINE]
    discounts, used = _numbered(discounts, held_ids, used, first=len(numbered) + 1)
    return [*numbered, _subtotal(total), *discounts], used


def total_of(lines: list[Doc]) -> Decimal:
    """What the form is worth before tax: its items less its discounts."""
    total = NOTHING
    for line in lines:
        if line["DetailType"] == DISCOUNT_LINE:
            total -= line["Amount"]
        elif line["DetailType"] != SUBTOTAL_LINE:
            total += line.get("Amount", NOTHING)
    return total


def quantities(lines: list[Doc]) -> dict[str, Decimal]:
    """Item id -> how many are sold."""
    sold: dict[str, Decimal] = {}
    for line in lines:
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
    if line.get(ITEM_LINE, {}).get("Qty") is not None:
        empty[ITEM_LINE] = {**line[ITEM_LINE], "Qty": 0}
    return empty


def _check_amounts(lines: list[Doc]) -> None:
    """6070 once for each line whose Amount is not Qty * UnitPrice to the cent; 2020 for a line without one."""
    wrong = []
    for line in lines:
        detail, amount = line.get(ITEM_LINE, {}), line.get("Amount")
        if amount is None and line.get("DetailType") == ITEM_LINE:
            raise refusal("missing", name="Line.Amount")
        if amount is not None and "Qty" in detail and "UnitPrice" in detail:
            product = money(Decimal(detail["Qty"]) * Decimal(detail["UnitPrice"]))
            if product != amount:
                wrong.append(fault_error("amount", value=_as_supplied(amount)))
    if wrong:
        raise Refusal(tuple(wrong))


def _as_supplied(amount: Decimal) -> str:
    return str(int(amount)) if amount == int(amount) else format(amount.normalize(), "f")


def _completed_line(realm: Realm, line: Doc) -> Doc:
    kind = line.get("DetailType")
    if kind is None:
        raise refusal("missing", name="Line.DetailType")
    if kind == ITEM_LINE:
        return {**line, ITEM_LINE: _item_detail(realm, line.get(ITEM_LINE, {}))}
    if kind == DISCOUNT_LINE:
        detail = {"PercentBased": False, **line.get(DISCOUNT_LINE, {})}
        return {**line, DISCOUNT_LINE: {"DiscountAccountRef": {"value": DISCOUNT_ACCOUNT}, **detail}}
    if kind == TEXT_LINE:
        return {"DescriptionLineDetail": {}, **line}
    raise not_modelled(f"Line.DetailType {kind}")


def _item_detail(realm: Realm, detail: Doc) -> Doc:
    item = detail.get("ItemRef", {"value": DEFAULT_ITEM})
    if "IncomeAccountRef" not in realm.records["Item"][item["value"]].doc:
        raise refusal("business", reason="The item has no income account, so it cannot be sold.")
    return {"TaxCodeRef": {"value": "NON"}, **detail, "ItemRef": item}


def _discounted(line: Doc, total: Decimal) -> Doc:
    detail = line[DISCOUNT_LINE]
    if detail["PercentBased"]:
        if "DiscountPercent" not in detail:
            raise refusal("missing", name="DiscountPercent")
        return {**line, "Amount": money(total * Decimal(detail["DiscountPercent"]) / 100)}
    if "Amount" not in line:
        raise refusal("missing", name="Line.Amount")
    return line


def _subtotal(total: Decimal) -> Doc:
    return {"Amount": total, "DetailType": SUBTOTAL_LINE, SUBTOTAL_LINE: {}}


def _numbered(lines: list[Doc], held_ids: set[str], made: int, *, first: int = 1) -> tuple[list[Doc], int]:
    numbered, free = [], set(held_ids)
    for place, line in enumerate(lines, start=first):
        line_id = line.get("Id")
        if line_id in free:
            free.discard(str(line_id))
        else:
            made += 1
            line_id = str(made)
        numbered.append({**line, "Id": line_id, "LineNum": place})
    return numbered, made
