"""Which payment settles which document by how much: the payments' lines are the truth, balances follow them.

A settler (Payment, BillPayment) has lines that name targets (Invoice, Bill, ...); each target's LinkedTxn names its
settlers, the newest first. A credit among the targets (CreditMemo) pays the others along with the payment's own money.
"""

from decimal import Decimal

from infra.sandbox.quickbooks.entities import exchange
from infra.sandbox.quickbooks.entities.entity import voided_note
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING, Doc

Target = tuple[str, str]  # (entity, id) of a document that can be settled

LINK_TYPES = {"Payment": "Payment", "BillPayment": "BillPaymentCheck"}  # how a target's LinkedTxn calls its settler
CREDITS = frozenset({"CreditMemo"})
_SETTLERS = {told: entity for entity, told in LINK_TYPES.items()}


def applied(settler: Doc) -> dict[Target, Decimal]:
    """(entity, id) -> how much of it this payment settles, or uses up."""
    found: dict[Target, Decimal] = {}
    for line in settler.get("Line") or ():
        target = _target(line)
        found[target] = found.get(target, NOTHING) + line["Amount"]
    return found


def unapplied(settler: Doc) -> Decimal:
    """What is left of a payment and its credits."""
    spent = sum((part if entity not in CREDITS else -part for (entity, _), part in applied(settler).items()), NOTHING)
    return Decimal(settler["TotalAmt"]) - spent


def settlers_of(realm: Realm, target: Record) -> list[Record]:
    """The payments linked to a document, newest first."""
    return [
        realm.records[_SETTLERS[link["TxnType"]]][link["TxnId"]]
        for link in target.doc.get("LinkedTxn", ())
        if link["TxnType"] in _SETTLERS
    ]


def follow(realm: Realm, settler: Record, before: Doc, after: Doc) -> None:
    """The targets' balances, links and tokens (+1) follow a payment's lines."""
    was, now = applied(before), applied(after)
    for target in {**was, **now}:
        if was.get(target) != now.get(target):
            more = now.get(target, NOTHING) - was.get(target, NOTHING)
            _apply(realm, target, settler, more=more, linked=target in now)


def unlink(realm: Realm, target: Record, *, bump: bool) -> None:
    """Take the document out of all its payments; their money is unapplied again."""
    for settler in settlers_of(realm, target):
        _reduce(realm, settler, target, applied(settler.doc)[target.entity, target.id], bump=bump)


def voided(realm: Realm, settler: Record) -> Doc:  # noqa: ARG001 - the shape all entities share
    """A payment without money and lines; its note says "Voided"."""
    kept = {name: value for name, value in settler.doc.items() if name != "Line"}
    empty: Doc = {name: NOTHING for name in ("TotalAmt", "UnappliedAmt") if name in kept}
    return {**kept, **empty, "PrivateNote": voided_note(settler.doc)}


def give_back_excess(realm: Realm, target: Record) -> None:
    """A document became smaller than what was applied to it: the newest payments give back first."""
    settlers = settlers_of(realm, target)
    key = (target.entity, target.id)
    covered = sum((applied(one.doc)[key] for one in settlers), NOTHING)
    excess = covered - target.doc["TotalAmt"]
    for settler in settlers:
        less = min(excess, applied(settler.doc)[key])
        if less > 0:
            _reduce(realm, settler, target, less, bump=True)
            excess -= less
    held = {one.id for one in settlers if key in applied(one.doc)}
    if len(held) < len(settlers):
        links = [link for link in target.doc["LinkedTxn"] if link["TxnType"] not in _SETTLERS or link["TxnId"] in held]
        realm.touch(target, {**target.doc, "LinkedTxn": links})


def _target(line: Doc) -> Target:
    link = line["LinkedTxn"][0]
    return link["TxnType"], link["TxnId"]


def _apply(realm: Realm, target: Target, settler: Record, *, more: Decimal, linked: bool) -> None:
    record = realm.records[target[0]].get(target[1])
    if record is None:  # it is being deleted, and takes its links along
        return
    links = record.doc.get("LinkedTxn", [])
    others = [link for link in links if link["TxnId"] != settler.id]
    mine = [{"TxnId": settler.id, "TxnType": LINK_TYPES[settler.entity]}] if linked else []
    stays = linked and len(others) < len(links)  # an edit keeps the link where it stands
    moved = exchange.moved(record.doc, balance=record.doc["Balance"] - more)
    doc = {**record.doc, **moved, "LinkedTxn": links if stays else mine + others}
    if "RemainingCredit" in doc:
        doc["RemainingCredit"] = doc["Balance"]
    realm.change(record, doc)


def _reduce(realm: Realm, settler: Record, target: Record, less: Decimal, *, bump: bool) -> None:
    """Apply `less` less of this payment to the document, which has its new balance already."""
    doc = _with_unapplied(_lessened(settler.doc, (target.entity, target.id), less))
    (realm.change if bump else realm.touch)(settler, doc)
    if "UnappliedAmt" in doc:
        _even(realm, settler)


def _lessened(settler: Doc, target: Target, less: Decimal) -> Doc:
    """The payment with that much less on its lines for the document; a line that is down to nothing goes."""
    lines, rest = [], less
    for line in settler["Line"]:
        if _target(line) != target or not rest:
            lines.append(line)
            continue
        taken = min(rest, line["Amount"])
        rest -= taken
        if line["Amount"] > taken:
            lines.append({**line, "Amount": line["Amount"] - taken})
    return {**settler, "Line": lines}


def _with_unapplied(settler: Doc) -> Doc:
    return {**settler, "UnappliedAmt": unapplied(settler)} if "UnappliedAmt" in settler else settler


def _even(realm: Realm, settler: Record) -> None:
    """A credit pays as much as it is used up by: where one side of a payment shrank, the other side follows."""
    left = settler.doc["UnappliedAmt"]
    spare = left - settler.doc["TotalAmt"]  # of credits, that pay for nothing any more
    wanted = spare if spare > 0 else -left
    for (entity, record_id), part in reversed(applied(settler.doc).items()):
        if wanted <= 0:
            break
        if (entity in CREDITS) == (spare > 0):
            taken = min(wanted, part)
            wanted -= taken
            realm.touch(settler, _with_unapplied(_lessened(settler.doc, (entity, record_id), taken)))
            _apply(realm, (entity, record_id), settler, more=-taken, linked=part > taken)
