"""How a company keeps the records of one entity: its table, its id sequence, and what it can be found by."""

from dataclasses import dataclass

from infra.sandbox.quickbooks.fields import Table


@dataclass(frozen=True)
class Shelf:
    """One entity's place in a company's books."""

    entity: str  # "Invoice"
    table: Table
    sequence: str  # transactions of all types share one, customers and vendors another
    title: str | None = None  # the property that references show as `name`
    name: str | None = None  # the property whose value is unique among the entities of one `namespace`
    namespace: str | None = None
    indexed: tuple[str, ...] = ()  # properties that queries find by value without a scan


def looked_up(value: object) -> str:
    """An index key: texts without regard to case and outer spaces, references by their id."""
    return str(value["value"] if isinstance(value, dict) else value).strip().casefold()
