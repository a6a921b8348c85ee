"""Which estimates an invoice is made from: checked when it is, closed when it is stored, opened when it is gone."""

from infra.sandbox.quickbooks.entities.entity import Draft
from infra.sandbox.quickbooks.entities.estimate import BEFORE, CLOSED, OPEN
from infra.sandbox.quickbooks.faults import not_modelled, refusal
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import Doc

KIND = "Estimate"
ITEM_LINE = "SalesItemLineDetail"


def named(draft: Draft) -> list[str]:
    """Ids of the estimates that an invoice on its way names.

    Raises Refusal: 610 for an estimate that is not there, 620 for one that cannot be linked.
    """
    ids = []
    for link in draft.doc.get("LinkedTxn") or ():
        kind = link.get("TxnType")
        if kind == KIND:
            ids.append(str(link.get("TxnId")))
            _check(draft, draft.doc, ids[-1])
        elif draft.origin != "seed" and link not in draft.before.get("LinkedTxn", ()):
            raise not_modelled(f"LinkedTxn {kind}")
    return ids


def linked(draft: Draft, doc: Doc, ids: list[str]) -> Doc:
    """The invoice with its links: those of its payments as they were, newest first, and then its estimates."""
    held = [link for link in draft.before.get("LinkedTxn", ()) if link["TxnType"] != KIND]
    links = [{"TxnId": one, "TxnType": KIND} for one in ids]
    return {**doc, "LinkedTxn": [*held, *links], "Line": _linked_lines(draft, doc["Line"], ids)}


def _check(draft: Draft, doc: Doc, estimate_id: str) -> None:
    realm, estimate = draft.realm, draft.realm.find(KIND, estimate_id)
    if estimate is None:
        raise refusal("not_found")
    others = [link["TxnId"] for link in estimate.doc.get("LinkedTxn", ()) if realm.find("Invoice", link["TxnId"])]
    mine = draft.record is not None and draft.record.id in others
    if estimate.doc["CustomerRef"] != doc.get("CustomerRef") or (others and not mine):
        raise refusal("cannot_link", value=estimate_id)


def _linked_lines(draft: Draft, lines: list[Doc], ids: list[str]) -> list[Doc]:
    """A line that sells what the one estimate offers says so, where it says nothing itself."""
    if len(ids) != 1:
        return lines
    offered = [_item(line) for line in draft.realm.records[KIND][ids[0]].doc["Line"] if ITEM_LINE in line]
    link = [{"TxnId": ids[0], "TxnType": KIND}]
    return [{"LinkedTxn": link, **line} if ITEM_LINE in line and _item(line) in offered else line for line in lines]


def _item(line: Doc) -> object:
    return line[ITEM_LINE].get("ItemRef", {}).get("value")


def follow(realm: Realm, invoice: Record, before: Doc, after: Doc) -> None:
    """Estimates that the invoice is made from are closed and name it; times move, tokens do not."""
    was, now = _estimates(before), _estimates(after)
    for one in was - now:
        _reopen(realm, one, invoice)
    for one in now - was:
        _close(realm, one, invoice)


def _estimates(doc: Doc) -> set[str]:
    return {link["TxnId"] for link in doc.get("LinkedTxn", ()) if link["TxnType"] == KIND}


def _close(realm: Realm, estimate_id: str, invoice: Record) -> None:
    estimate = realm.records[KIND][estimate_id]
    links = [{"TxnId": invoice.id, "TxnType": "Invoice"}]
    before = estimate.doc.get(BEFORE, estimate.doc["TxnStatus"])
    realm.touch(estimate, {**estimate.doc, "TxnStatus": CLOSED, "LinkedTxn": links, BEFORE: before})


def _reopen(realm: Realm, estimate_id: str, invoice: Record) -> None:
    """As it was before the invoice was made from it."""
    estimate = realm.find(KIND, estimate_id)
    if estimate is None:
        return
    rest = {name: value for name, value in estimate.doc.items() if name not in ("LinkedTxn", BEFORE)}
    links = [link for link in estimate.doc.get("LinkedTxn", ()) if link["TxnId"] != invoice.id]
    before = estimate.doc.get(BEFORE, OPEN)
    status = OPEN if before == CLOSED else before
    realm.touch(estimate, {**rest, "TxnStatus": status, **({"LinkedTxn": links} if links else {})})
