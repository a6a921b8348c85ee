"""The general ledger: what each record posts, always in balance; accounts and parties show what it adds up to."""

from collections.abc import Iterable
from decimal import Decimal

from infra.sandbox.quickbooks.entities import balances
from infra.sandbox.quickbooks.store import Posting, Postings, Realm, Record
from infra.sandbox.quickbooks.wire import NOTHING


class Unbalanced(AssertionError):  # noqa: N818 - names what was found
    """A record's debits and credits differ. This is a bug of the sandbox: its books would be wrong from here on."""


def post(realm: Realm, record: Record, postings: Postings) -> None:
    """From now on the record posts this and nothing else. Raises Unbalanced."""
    if sum((one.amount for one in postings), NOTHING) != 0:
        raise Unbalanced(f"{record.entity} {record.id} posts {postings}")
    before, record.postings = record.postings, postings
    if before == postings:
        return
    _move_accounts(realm, before, postings)
    _move_parties(realm, before, postings)


def _move_accounts(realm: Realm, before: Postings, after: Postings) -> None:
    moved: dict[str, Decimal] = {}
    for sign, group in ((-1, before), (1, after)):
        for one in group:
            moved[one.account] = moved.get(one.account, NOTHING) + sign * one.amount
    for account, amount in moved.items():
        if amount:
            realm.ledger[account] = realm.ledger.get(account, NOTHING) + amount
            balances.add_to_account(realm, account, amount)


def _move_parties(realm: Realm, before: Postings, after: Postings) -> None:
    """A party is touched when anything of its own changed, even where the sum did not."""
    old, new = _by_party(before), _by_party(after)
    for party in {**old, **new}:
        if old.get(party) != new.get(party):
            more = sum(new.get(party, ()), NOTHING) - sum(old.get(party, ()), NOTHING)
            balances.add_to_party(realm, *party, more)


def _by_party(postings: Postings) -> dict[tuple[str, str], tuple[Decimal, ...]]:
    found: dict[tuple[str, str], tuple[Decimal, ...]] = {}
    for one in postings:
        if one.party is not None:
            found[one.party] = (*found.get(one.party, ()), one.owed)
    return found


def trial_balance(realm: Realm) -> dict[str, Decimal]:
    """Account id -> its balance, debits positive; all together are zero."""
    return {account: amount for account, amount in realm.ledger.items() if amount}


def gathered(entries: Iterable[tuple[str, Decimal]]) -> Postings:
    """Postings without a party, one for each account that is moved at all, in order of first mention."""
    found: dict[str, Decimal] = {}
    for account, amount in entries:
        found[account] = found.get(account, NOTHING) + amount
    return tuple(Posting(account, amount) for account, amount in found.items() if amount)
