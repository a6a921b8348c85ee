"""The whole sandbox: companies, tokens, limits, memory of request ids, fault rules and the journal, on one clock."""

from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from infra.clock import Clock
from infra.sandbox.quickbooks.company import open_company, open_seed
from infra.sandbox.quickbooks.fault_rules import FaultRules
from infra.sandbox.quickbooks.journal import Journal
from infra.sandbox.quickbooks.limits import Limiter
from infra.sandbox.quickbooks.moved_clock import MovedClock
from infra.sandbox.quickbooks.oauth.apps import Apps
from infra.sandbox.quickbooks.oauth.codes import Codes
from infra.sandbox.quickbooks.oauth.signer import Signer
from infra.sandbox.quickbooks.oauth.tokens import Tokens
from infra.sandbox.quickbooks.plan import FIRST_REALM
from infra.sandbox.quickbooks.request_ids import RequestIds
from infra.sandbox.quickbooks.seed_files import Seed
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.switches import Switches
from infra.sandbox.quickbooks.webhooks import Webhooks


class Sandbox:
    """Everything in memory; gone with the process."""

    def __init__(self, *, clock: Clock, switches: Switches) -> None:
        self.clock = MovedClock(clock)
        self.switches = switches
        self.realms: dict[str, Realm] = {}
        self.apps = Apps()
        self.tokens = Tokens(self.clock)
        self.codes = Codes(self.clock)
        self.signer = Signer()
        self.limiter = Limiter()
        self.request_ids = RequestIds(self.clock.now)
        self.shuffler = Random(0)  # mixes batches, where a switch says so; seeded, so that a run can be repeated
        self.fault_rules = FaultRules()
        self.journal = Journal()
        self.snapshots: dict[str, str] = {}  # by name, as `snapshots` writes them
        self.webhooks = Webhooks(self.clock, apps=self.apps, tokens=self.tokens)

    def open_company(self, *, name: str, realm: str | None, zone: ZoneInfo) -> Realm:
        """A new company with nothing in it. Raises ValueError when the realm exists or is no number."""
        wanted = self._free(realm)
        return self._opened(open_company(realm=wanted, name=name, zone=zone, clock=self.clock, switches=self.switches))

    def open(self, seed: Seed, *, realm: str | None = None) -> Realm:
        """A new company as its seed says. Raises ValueError, and then nothing was opened."""
        return self._opened(open_seed(seed, realm=self._free(realm), clock=self.clock, switches=self.switches))

    def take_in(self, books: Realm) -> None:
        """A company that was made elsewhere, in the place of one of its realm."""
        self._opened(books)

    def close(self, realm: str) -> None:
        """A company is gone, with its tokens and what it remembers. Raises KeyError where there is none."""
        del self.realms[realm]
        self.tokens.put_back(realm, [], {})
        self.request_ids.put_back(realm, [])

    def switch(self, switches: Switches) -> None:
        """Behave so from now on."""
        self.switches = switches
        for books in self.realms.values():
            books.switches = switches

    def _opened(self, books: Realm) -> Realm:
        self.realms[books.realm] = books
        self.webhooks.watch(books)
        return books

    def _free(self, realm: str | None) -> str:
        """The realm that is wanted, or the next number that no company has."""
        if realm is None:
            numbers = map(str, count(FIRST_REALM + len(self.realms)))
            return next(number for number in numbers if number not in self.realms)
        if realm in self.realms or not realm.isdecimal():
            raise ValueError(f"realm {realm} exists already, or is no number")
        return realm
