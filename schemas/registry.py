"""Every event there is: its type and version, what its subject may be, its topic and the model of its data."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from schemas import topics
from schemas.clients import Archived, Client, ClientLocation
from schemas.commands import SyncRequested
from schemas.fields import Fact
from schemas.invoices import Deleted, Invoice, InvoiceStatusChanged
from schemas.kinds import Kind
from schemas.outcomes import SyncConflicted, SyncFailed, SyncSucceeded, SyncWaiting
from schemas.returns import PaymentReconciled, PaymentReversed
from schemas.suppliers import Supplier

TENANT: Final = "tenant"
"""What stands before the slash in the subject of an event about a whole tenant."""

_RECORDS: Final = tuple(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One released shape of event. What was released never changes but by new optional fields."""

    name: str
    version: int
    topic: str
    subjects: tuple[str, ...]
    model: type[Fact]
    versioned: bool
    """Whether `aggregateversion` is required: true for everything Klipboard tells about a record."""

    @property
    def dataschema(self) -> str:
        """The CloudEvents attribute that names type and version."""
        return dataschema(name=self.name, version=self.version)

    @property
    def schema_name(self) -> str:
        """The generated JSON Schema's name; a model that depends on the subject names its kind too."""
        kind = f".{self.subjects[0]}" if self.name in _BY_SUBJECT else ""
        return f"{self.name}{kind}.{self.version}"


_BY_SUBJECT: Final = frozenset({"StatusChanged"})


def dataschema(*, name: str, version: int) -> str:
    """`urn:klipsync:InvoiceCreated:1`."""
    return f"urn:klipsync:{name}:{version}"


def _inbound(name: str, kind: Kind, topic: str, model: type[Fact]) -> EventType:
    return EventType(name=name, version=1, topic=topic, subjects=(kind.value,), model=model, versioned=True)


def _unversioned(name: str, subjects: tuple[str, ...], topic: str, model: type[Fact]) -> EventType:
    return EventType(name=name, version=1, topic=topic, subjects=subjects, model=model, versioned=False)


EVENTS: Final = (
    _inbound("ClientCreated", Kind.CLIENT, topics.CLIENTS, Client),
    _inbound("ClientEdited", Kind.CLIENT, topics.CLIENTS, Client),
    _inbound("ClientArchived", Kind.CLIENT, topics.CLIENTS, Archived),
    _inbound("ClientLocationCreated", Kind.CLIENT_LOCATION, topics.CLIENTS, ClientLocation),
    _inbound("ClientLocationEdited", Kind.CLIENT_LOCATION, topics.CLIENTS, ClientLocation),
    _inbound("ClientLocationArchived", Kind.CLIENT_LOCATION, topics.CLIENTS, Archived),
    _inbound("SupplierCreated", Kind.SUPPLIER, topics.SUPPLIERS, Supplier),
    _inbound("SupplierEdited", Kind.SUPPLIER, topics.SUPPLIERS, Supplier),
    _inbound("SupplierArchived", Kind.SUPPLIER, topics.SUPPLIERS, Archived),
    _inbound("InvoiceCreated", Kind.INVOICE, topics.INVOICES, Invoice),
    _inbound("InvoiceEdited", Kind.INVOICE, topics.INVOICES, Invoice),
    _inbound("InvoiceDeleted", Kind.INVOICE, topics.INVOICES, Deleted),
    _inbound("StatusChanged", Kind.INVOICE, topics.INVOICES, InvoiceStatusChanged),
    _unversioned("SyncRequested", (TENANT,), topics.COMMANDS, SyncRequested),
    _unversioned("PaymentReconciled", (Kind.INVOICE.value,), topics.PAYMENTS, PaymentReconciled),
    _unversioned("PaymentReversed", (Kind.INVOICE.value,), topics.PAYMENTS, PaymentReversed),
    _unversioned("SyncSucceeded", _RECORDS, topics.OUTCOMES, SyncSucceeded),
    _unversioned("SyncFailed", _RECORDS, topics.OUTCOMES, SyncFailed),
    _unversioned("SyncWaiting", _RECORDS, topics.OUTCOMES, SyncWaiting),
    _unversioned("SyncConflicted", _RECORDS, topics.OUTCOMES, SyncConflicted),
)

_INDEX: Final[Mapping[tuple[str, int, str], EventType]] = MappingProxyType(
    {(event.name, event.version, subject): event for event in EVENTS for subject in event.subjects}
)
_VERSIONS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        name: tuple(sorted({event.version for event in EVENTS if event.name == name}))
        for name in {event.name for event in EVENTS}
    }
)


def versions(name: str) -> tuple[int, ...]:
    """The released versions of a type; empty when nobody knows it."""
    return _VERSIONS.get(name, ())


def subjects(*, name: str, version: int) -> tuple[str, ...]:
    """What may stand before the slash in the subject of this type, in order."""
    return tuple(subject for known, number, subject in _INDEX if (known, number) == (name, version))


def find(*, name: str, version: int, subject: str) -> EventType | None:
    """The event type, or None where this subject cannot have it. `subject` is the part before the slash."""
    return _INDEX.get((name, version, subject))
