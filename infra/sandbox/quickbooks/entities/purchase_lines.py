"""The lines of purchase orders and bills: what is bought, on which account it goes, and ids that are never reused."""

from collections.abc import Iterator
from decimal import Decimal

from infra.sandbox.quickbooks.entities import roles
from infra.sandbox.quickbooks.entities.purchase_parts import ACCOUNT_LINE, ITEM_LINE
from infra.sandbox.quickbooks.faults import Refusal, fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc, money

MOST_LINES = 10_000
US_CODES = ("TAX", "NON")
_NO_CUSTOMER = "When you use Accounts Receivable, you must choose a customer in the Name field."
_UNTAXED = {"TaxCodeRef": {"value": "NON"}}  # a US line that names no code


def completed(realm: Realm, lines: list[Doc], *, held_ids: set[str], made: int) -> tuple[list[Doc], int]:
    """The lines as they are stored, and how many line ids the form has used so far. Raises Refusal."""
    if not lines:
        raise refusal("missing", name="Line")
    if len(lines) > MOST_LINES:
        raise refusal("business", reason=f"A transaction has at most {MOST_LINES} lines.")
    whole = [_completed_line(realm, line) for line in lines]
    _check_amounts(whole)
    return _numbered(whole, held_ids, made)


def total_of(lines: list[Doc], *, tax: Decimal) -> Decimal:
    """What the form is worth. Raises Refusal where that is less than nothing."""
    total = sum((line["Amount"] for line in lines), NOTHING) + tax
    if total < 0:
        raise refusal("business", reason="The transaction amount must be 0 or greater.")
    return total


def quantities(realm: Realm, lines: list[Doc]) -> dict[str, Decimal]:
    """Id of an inventory item -> how many are bought."""
    bought: dict[str, Decimal] = {}
    for line in lines:
        detail = line.get(ITEM_LINE)
        if detail and realm.records["Item"][detail["ItemRef"]["value"]].doc["Type"] == "Inventory":
            item = detail["ItemRef"]["value"]
            bought[item] = bought.get(item, Decimal(0)) + Decimal(detail.get("Qty", 0))
    return bought


def spent(realm: Realm, lines: list[Doc]) -> Iterator[tuple[str, Decimal]]:
    """(account id, amount) of each line: stock of an inventory item, the item's expense account, or the line's."""
    for line in lines:
        if line["DetailType"] == ACCOUNT_LINE:
            yield line[ACCOUNT_LINE]["AccountRef"]["value"], line["Amount"]
        else:
            item = realm.records["Item"][line[ITEM_LINE]["ItemRef"]["value"]].doc
            account = "AssetAccountRef" if item["Type"] == "Inventory" else "ExpenseAccountRef"
            yield item[account]["value"], line["Amount"]


def unbilled(realm: Realm, customer: str) -> bool:
    """Whether a bill has a line that this customer should be billed for. Looks through all bills."""
    details = (detail_of(line) for bill in realm.records["Bill"].values() for line in bill.doc["Line"])
    return any(
        one["BillableStatus"] == "Billable" and one.get("CustomerRef", {}).get("value") == customer for one in details
    )


def _completed_line(realm: Realm, line: Doc) -> Doc:
    kind = line.get("DetailType")
    if kind is None:
        raise refusal("missing", name="Line.DetailType")
    if kind not in (ITEM_LINE, ACCOUNT_LINE):
        raise not_modelled(f"Line.DetailType {kind}")
    if line.get("Amount") is None:
        raise refusal("missing", name="Line.Amount")
    detail = {"BillableStatus": "NotBillable", **(_UNTAXED if realm.country == "US" else {}), **line.get(kind, {})}
    if realm.country == "US" and detail["TaxCodeRef"]["value"] not in US_CODES:
        raise refusal("line_tax_code", value=detail["TaxCodeRef"]["value"])
    _check_billable(detail)
    return with_detail(line, _item_detail(realm, detail) if kind == ITEM_LINE else _account_detail(realm, detail))


def detail_of(line: Doc) -> Doc:
    """What the line is about."""
    return dict(line[line["DetailType"]])


def with_detail(line: Doc, detail: Doc) -> Doc:
    """The line about this, and about nothing else."""
    without = (ITEM_LINE, ACCOUNT_LINE) if line.get("LinkedTxn") else (ITEM_LINE, ACCOUNT_LINE, "LinkedTxn")
    rest = {name: value for name, value in line.items() if name not in without}
    return {**rest, line["DetailType"]: detail}


def _item_detail(realm: Realm, detail: Doc) -> Doc:
    if "ItemRef" not in detail:
        raise refusal("line_detail")
    if "ExpenseAccountRef" not in realm.records["Item"][detail["ItemRef"]["value"]].doc:
        raise refusal("business", reason="The item has no expense account, so it cannot be bought.")
    if not detail.get("Qty") and not detail.get("UnitPrice"):  # some clients send both as zero for "not given"
        return {name: value for name, value in detail.items() if name not in ("Qty", "UnitPrice")}
    return detail


def _account_detail(realm: Realm, detail: Doc) -> Doc:
    if "AccountRef" not in detail:
        raise refusal("line_detail")
    role = realm.records["Account"][detail["AccountRef"]["value"]].doc["AccountSubType"]
    if role == roles.PAYABLE:
        raise refusal("account_type", name="AccountRef")
    if role == roles.RECEIVABLE:
        raise refusal(
            "business", reason="When you use Accounts Receivable, you must choose a customer in the Name field."
        )
    return detail


def _check_billable(detail: Doc) -> None:
    if detail["BillableStatus"] == "HasBeenBilled":
        raise not_modelled("BillableStatus HasBeenBilled")
    if detail["BillableStatus"] == "Billable" and "CustomerRef" not in detail:
        raise refusal("business", reason="A billable expense needs a customer.")


def _check_amounts(lines: list[Doc]) -> None:
    """6070 once for each line whose Amount is not Qty * UnitPrice to the cent."""
    wrong = []
    for line in lines:
        detail = line.get(ITEM_LINE, {})
        if "Qty" in detail and "UnitPrice" in detail:
            product = money(Decimal(detail["Qty"]) * Decimal(detail["UnitPrice"]))
            if product != line["Amount"]:
                wrong.append(fault_error("amount", value=_as_supplied(line["Amount"])))
    if wrong:
        raise Refusal(tuple(wrong))


def _as_supplied(amount: Decimal) -> str:
    return str(int(amount)) if amount == int(amount) else format(amount.normalize(), "f")


def _numbered(lines: list[Doc], held_ids: set[str], made: int) -> tuple[list[Doc], int]:
    """A line keeps its Id where the form has a line with it; others get the next."""
    numbered, free = [], set(held_ids)
    for place, line in enumerate(lines, start=1):
        line_id = line.get("Id")
        if line_id in free:
            free.discard(str(line_id))
        else:
            made += 1
            line_id = str(made)
        numbered.append({**line, "Id": line_id, "LineNum": place})
    return numbered, made
