"""The whole sandbox: companies, tokens, limits, memory of request ids, fault rules and the journal, on one clock."""

from zoneinfo import ZoneInfo

from infra.clock import Clock
from infra.sandbox.quickbooks.company import open_company
from infra.sandbox.quickbooks.fault_rules import FaultRules
from infra.sandbox.quickbooks.journal import Journal
from infra.sandbox.quickbooks.limits import Limiter
from infra.sandbox.quickbooks.moved_clock import MovedClock
from infra.sandbox.quickbooks.oauth import Tokens
from infra.sandbox.quickbooks.request_ids import RequestIds
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.switches import Switches

FIRST_REALM = 4620816365000000001
DEFAULT_ZONE = "America/Los_Angeles"


class Sandbox:
    """Everything in memory; gone with the process."""

    def __init__(self, *, clock: Clock, switches: Switches) -> None:
        self.clock = MovedClock(clock)
        self.switches = switches
        self.realms: dict[str, Realm] = {}
        self.tokens = Tokens(self.clock)
        self.limiter = Limiter()
        self.request_ids = RequestIds()
        self.fault_rules = FaultRules()
        self.journal = Journal()

    def open_company(self, *, name: str, realm: str | None, zone: ZoneInfo) -> Realm:
        """A new company. Raises ValueError when the realm exists or is no number."""
        wanted = realm or str(FIRST_REALM + len(self.realms))
        if wanted in self.realms or not wanted.isdecimal():
            raise ValueError(f"realm {wanted} exists already, or is no number")
        books = open_company(realm=wanted, name=name, zone=zone, clock=self.clock, switches=self.switches)
        self.realms[wanted] = books
        return books

    def switch(self, switches: Switches) -> None:
        """Behave so from now on."""
        self.switches = switches
        for books in self.realms.values():
            books.switches = switches
