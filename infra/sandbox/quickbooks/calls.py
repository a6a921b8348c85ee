"""A call to `/v3/company/{realm}/...`: what was sent, and what it asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.sandbox.quickbooks.entities.entity import Entity
from infra.sandbox.quickbooks.faults import Refusal
from infra.sandbox.quickbooks.wire import Doc

WRITES = frozenset({"create", "update", "void", "delete", "send"})


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `tail` is what follows the company in the path, without slashes at its ends."""

    method: str
    path: str
    url: str
    tail: str
    query: Mapping[str, str]
    body: bytes
    content_type: str = ""  # without parameters, in lower case; empty where none was sent

    @property
    def first(self) -> str:
        """The first part of the tail, in lower case: an entity, `query`, `cdc` or `batch`."""
        return self.tail.split("/")[0].lower()

    @property
    def request_id(self) -> str:
        """The request id; empty where there is none, as an empty one is."""
        return self.query.get("requestid", "")


@dataclass(frozen=True, slots=True)
class Action:
    """What a request, or one item of a batch, asks for."""

    operation: str  # create, update, void, delete, send, read, query, cdc, batch
    entity: Entity | None = None
    object_id: str | None = None
    body: Doc | None = None
    text: str = ""  # of a query
    parameters: Mapping[str, str] = field(default_factory=dict)  # of the address, where the operation has some
    items: tuple["Item", ...] = ()  # of a batch

    @property
    def writes(self) -> bool:
        """Whether it changes anything by itself; a batch does so by its items."""
        return self.operation in WRITES


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a batch; an item that asks for what there is not carries its own fault."""

    bid: str
    action: Action | Refusal
    sent: Doc

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return isinstance(self.action, Action) and self.action.writes
