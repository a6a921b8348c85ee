"""Opening a company for somebody who wants to use it at once: its books, and a consent for the sandbox's app."""

from infra.sandbox.quickbooks.company import income_account
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.seed_files import Seed
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Doc


def connected(sandbox: Sandbox, seed: Seed, realm: str | None = None) -> Doc:
    """Open a company and consent for the sandbox's app: its realm, its tokens, its income account."""
    books = sandbox.open(seed, realm=realm)
    access, refresh = sandbox.tokens.grant(books.realm, sandbox.switches)
    return {**described(books), "access_token": access, "refresh_token": refresh}


def described(realm: Realm) -> Doc:
    """A company without its tokens."""
    return {
        "realm": realm.realm,
        "name": realm.name,
        "time_zone": realm.zone.key,
        "income_account": income_account(realm),
    }
