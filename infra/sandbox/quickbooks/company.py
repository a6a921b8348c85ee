"""Opening a company: an empty set of books with what every company begins with."""

from zoneinfo import ZoneInfo

from infra.clock import Clock
from infra.sandbox.quickbooks import operations
from infra.sandbox.quickbooks.entities.registry import ENTITIES
from infra.sandbox.quickbooks.seeds import seeded
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.switches import Switches

SHELVES = {name: entity.shelf for name, entity in ENTITIES.items()}


def open_company(*, realm: str, name: str, zone: ZoneInfo, clock: Clock, switches: Switches) -> Realm:
    """A new company with its seeds."""
    books = Realm(realm=realm, name=name, zone=zone, clock=clock, shelves=SHELVES, switches=switches)
    for entity, record_id, body in seeded(name):
        operations.plant(books, ENTITIES[entity], body, record_id=record_id)
    return books
