"""What becomes of the payments of a document that shrinks, is voided or goes, and of what they post."""

from infra.sandbox.quickbooks.entities import ledger, links, postings, purchase_postings
from infra.sandbox.quickbooks.faults import refusal
from infra.sandbox.quickbooks.store import Realm, Record

_POSTS = {"Payment": postings.received, "BillPayment": purchase_postings.settled}


def freed(realm: Realm, target: Record, *, bump: bool) -> None:
    """Take the document out of all its payments."""
    settlers = links.settlers_of(realm, target)
    links.unlink(realm, target, bump=bump)
    _posted_anew(realm, settlers)


def freed_or_refused(realm: Realm, target: Record) -> None:
    """Deleting a paid document sets its payments free, or is refused, as the switch says. Raises Refusal (6000)."""
    if not links.settlers_of(realm, target):
        return
    if realm.switches.paid_invoice_delete == "refused":
        raise refusal("business", reason="Unlink the payments before you delete this transaction.")
    freed(realm, target, bump=True)


def given_back(realm: Realm, target: Record) -> None:
    """What is applied beyond the document's total is given back to its payments."""
    settlers = links.settlers_of(realm, target)
    links.give_back_excess(realm, target)
    _posted_anew(realm, settlers)


def _posted_anew(realm: Realm, settlers: list[Record]) -> None:
    """A payment posts to who owns what it settles, at their rates: with them, its parties and its gain change."""
    for settler in settlers:
        ledger.post(realm, settler, _POSTS[settler.entity](realm, settler.doc))
