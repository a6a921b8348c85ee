"""The lines of purchase orders and bills: what is bought, on which account it goes, and ids that are never reused."""

from collections.abc import Iterator
from decimal import Decimal

from infra.sandbox.quickbooks.entities import roles
from infra.sandbox.quickbooks.entities.purchase_parts import ACCOUNT_LINE, ITEM_LINE
from infra.sandbox.quickbooks.faults import FaultError, fault_error, not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import NOTHING, Doc, money

MOST_LINES = 10_000
HOME, TAXED, UNTAXED = "US", "TAX", "NON"  # where lines carry one of these two codes
_WHAT = {ITEM_LINE: "ItemRef", ACCOUNT_LINE: "AccountRef"}  # kind of line -> what it must name
_NO_CUSTOMER = "When you use Accounts Receivable, you must choose a customer in the Name field."


def faults(realm: Realm, lines: list[Doc]) -> list[FaultError]:
    """What is wrong with each line: no kind, nothing bought, a strange code, an amount that lacks or does not fit."""
    return [found for line in lines for found in _line_faults(realm, line)]


def _line_faults(realm: Realm, line: Doc) -> Iterator[FaultError]:
    kind, amount = line.get("DetailType"), line.get("Amount")
    if kind not in _WHAT:
        if kind is not None:
            raise not_modelled(f"Line.DetailType {kind}")
        yield fault_error("missing", name="Line.DetailType")
        return
    detail = line.get(kind, {})
    if _WHAT[kind] not in detail:
        yield fault_error("line_detail")
    code = detail.get("TaxCodeRef", {}).get("value", UNTAXED)
    if realm.country == HOME and code not in (TAXED, UNTAXED):
        yield fault_error("line_tax_code", value=code)
    if amount is None:
        yield fault_error("missing", name="Line.Amount")
    elif _differs(detail, amount):
        yield fault_error("amount", value=_as_supplied(amount))


def completed(realm: Realm, lines: list[Doc], *, held_ids: set[str], made: int) -> tuple[list[Doc], int]:
    """Lines without faults as they are stored, and how many line ids the form has used so far. Raises Refusal."""
    if len(lines) > MOST_LINES:
        raise refusal("business", reason=f"A transaction has at most {MOST_LINES} lines.")
    return _numbered([_completed_line(realm, line) for line in lines], held_ids, made)


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
    kind = line["DetailType"]
    untaxed = {"TaxCodeRef": {"value": UNTAXED}} if realm.country == HOME else {}
    detail = {"BillableStatus": "NotBillable", **untaxed, **line[kind]}
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
    item = realm.records["Item"][detail["ItemRef"]["value"]]
    if item.doc["Type"] == "Category":
        raise refusal("reference_category", value=item.id)
    if "ExpenseAccountRef" not in item.doc:
        raise refusal("business", reason="The item has no expense account, so it cannot be bought.")
    if not detail.get("Qty") and not detail.get("UnitPrice"):  # some clients send both as zero for "not given"
        return {name: value for name, value in detail.items() if name not in ("Qty", "UnitPrice")}
    return detail


def _account_detail(realm: Realm, detail: Doc) -> Doc:
    role = realm.records["Account"][detail["AccountRef"]["value"]].doc["AccountSubType"]
    if role == roles.PAYABLE:
        raise refusal("account_type", name="AccountRef")
    if role == roles.RECEIVABLE:
        raise refusal("business", reason=_NO_CUSTOMER)
    return detail


def _check_billable(detail: Doc) -> None:
    if detail["BillableStatus"] == "HasBeenBilled":
        raise not_modelled("BillableStatus HasBeenBilled")
    if detail["BillableStatus"] == "Billable" and "CustomerRef" not in detail:
        raise refusal("business", reason="A billable expense needs a customer.")


def _differs(detail: Doc, amount: Decimal) -> bool:
    """Whether Amount is not Qty * UnitPrice to the cent; both 0 is how some clients say "not given"."""
    quantity, price = Decimal(detail.get("Qty", 0)), Decimal(detail.get("UnitPrice", 0))
    given = "Qty" in detail and "UnitPrice" in detail and (quantity or price)
    return bool(given) and money(quantity * price) != amount


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
