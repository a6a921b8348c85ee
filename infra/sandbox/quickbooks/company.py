"""Opening a company: a set of books with what its seed says, and the little that every company has."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from infra.clock import Clock
from infra.sandbox.quickbooks.entities.registry import ENTITIES
from infra.sandbox.quickbooks.planting import plant
from infra.sandbox.quickbooks.seed_files import BARE, Planned, Seed, built_in
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.switches import Switches

SHELVES = {name: entity.shelf for name, entity in ENTITIES.items()}
DOCUMENTS = "DocNumber"  # among the sequences of a seed's `next`: what the next invoice is called


def open_company(*, realm: str, name: str, zone: ZoneInfo, clock: Clock, switches: Switches) -> Realm:
    """A new company that has nothing but what every company has."""
    seed = replace(built_in(BARE), name=name, legal_name=name, zone=zone)
    return open_seed(seed, realm=realm, clock=clock, switches=switches)


def open_seed(seed: Seed, *, realm: str, clock: Clock, switches: Switches) -> Realm:
    """A new company as its seed says. Raises SeedWrong."""
    books = Realm(realm=realm, name=seed.name, zone=seed.zone, clock=clock, shelves=SHELVES, switches=switches)
    books.country, books.currency, books.custom_fields = seed.country, seed.currency, seed.custom_fields
    books.warns_of_duplicates, books.exchange_rates = seed.warns_of_duplicates, dict(seed.exchange_rates)
    plant(books, (*_heads(seed), *seed.objects))
    for sequence, number in seed.next.items():
        if sequence == DOCUMENTS:
            books.last_number = number - 1
        else:
            books.reserve(sequence, number - 1)
    return books


def income_account(realm: Realm) -> str | None:
    """Id of the account that sales of the first item post to: what a client sets new items up with."""
    found = realm.find("Item", "1")
    return None if found is None else str(found.doc["IncomeAccountRef"]["value"])


def _heads(seed: Seed) -> tuple[Planned, Planned]:
    """The two objects that every company has one of."""
    company = {"Id": 1, "CompanyName": seed.name, "LegalName": seed.legal_name, "Country": seed.country}
    settings = {"Id": 1, **seed.preferences}
    return (
        Planned("CompanyInfo", f"{seed.where}, the company", company),
        Planned("Preferences", f"{seed.where}, preferences", settings),
    )
