"""Which bill came of which purchase order: the bill's lines are the truth, the orders follow them."""

from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import Doc

ORDER, SETTLED = "PurchaseOrder", "BillPaymentCheck"


def orders_of(lines: list[Doc]) -> dict[str, set[str]]:
    """Id of each purchase order that the lines name -> ids of its lines."""
    found: dict[str, set[str]] = {}
    for line in lines:
        for link in line.get("LinkedTxn") or ():
            found.setdefault(link["TxnId"], set()).add(str(link.get("TxnLineId")))
    return found


def headed(draft: Draft, doc: Doc) -> list[Doc]:
    """The links a bill shows at its head: its payments, which only the server writes, and then its orders.

    Raises Refusal: 610 for an order that is not there, 620 for one that cannot be linked.
    """
    wanted = orders_of(doc["Line"])
    _check_head(draft, doc, wanted)
    for order, lines in wanted.items():
        _check_order(draft, doc, order, lines)
    paid = [link for link in draft.before.get("LinkedTxn", ()) if link["TxnType"] == SETTLED]
    return [*paid, *({"TxnId": order, "TxnType": ORDER} for order in wanted)]


def check_new_lines(draft: Draft, lines: list[Doc]) -> None:
    """A line that is born of an order's line names it, and has no id or number of its own yet."""
    held = {line["Id"] for line in draft.before.get("Line", ())}
    for line in lines:
        for link in line.get("LinkedTxn") or ():
            if link.get("TxnType") != ORDER:
                raise not_modelled(f"Bill.Line.LinkedTxn {link.get('TxnType')}")
            for name in ("TxnId", "TxnLineId"):
                if not link.get(name):
                    raise refusal("missing", name=f"Line.LinkedTxn.{name}")
            if line.get("Id") not in held and (line.get("Id") or line.get("LineNum")):
                raise not_modelled("Bill.Line.Id or LineNum on a new line with LinkedTxn")


def follow(realm: Realm, bill: Record, before: Doc, after: Doc) -> None:
    """An order whose bill there is, is closed and names it; one whose bill went is open again. Tokens grow by one."""
    was, now = orders_of(before.get("Line", [])), orders_of(after.get("Line", []))
    for order in {**was, **now}:
        record = realm.records[ORDER].get(order)
        if record is not None and (order in was) != (order in now):
            link = [{"TxnId": bill.id, "TxnType": "Bill"}] if order in now else []
            realm.change(record, {**record.doc, "LinkedTxn": link, "POStatus": "Closed" if link else "Open"})


def _check_head(draft: Draft, doc: Doc, wanted: dict[str, set[str]]) -> None:
    told = {link.get("TxnId") for link in doc.get("LinkedTxn") or () if link.get("TxnType") == ORDER}
    strange = [link for link in doc.get("LinkedTxn") or () if link.get("TxnType") not in (ORDER, SETTLED)]
    if strange:
        raise not_modelled(f"Bill.LinkedTxn {strange[0].get('TxnType')}")
    if draft.record is None and told != set(wanted):
        raise not_modelled("Bill.LinkedTxn that names other purchase orders than its lines")


def _check_order(draft: Draft, doc: Doc, order: str, lines: set[str]) -> None:
    record = draft.realm.find(ORDER, order)
    if record is None:
        raise refusal("not_found")
    if order in orders_of(draft.before.get("Line", [])):
        return
    known = {line["Id"] for line in record.doc["Line"]}
    free = record.doc["POStatus"] == "Open" and not record.doc["LinkedTxn"]
    if record.doc["VendorRef"] != doc["VendorRef"] or not free or not lines <= known:
        raise refusal("cannot_link", value=order)
    if lines != known:
        raise not_modelled("a Bill for a part of a PurchaseOrder")
