"""What a plan can come to."""

from dataclasses import dataclass, field
from typing import Any

from schemas.kinds import Kind, KlipboardId

Fields = dict[str, Any]
"""Our mapped fields by their QuickBooks names. A cleared one holds None."""


@dataclass(frozen=True, kw_only=True)
class Create:
    """Make a new object. `lookup_name` finds it again if its answer is lost."""

    type: str
    path: str
    body: dict[str, Any]
    fields: Fields
    lookup_name: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Update:
    """Change the linked object: sparse where it can be, `full` where a field is cleared."""

    type: str
    path: str
    body: dict[str, Any]
    fields: Fields
    full: bool = False
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No call. `fields`, when given, become part of `sent`, because QuickBooks already shows them; None: cleared."""

    fields: Fields | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Something else must come first: the record `kind`/`id`, or (without them) what `cause` says."""

    kind: Kind | None = None
    id: KlipboardId | None = None
    cause: str = field(kw_only=True)
    next_step: str = field(kw_only=True)


@dataclass(frozen=True, kw_only=True)
class Refuse:
    """QuickBooks must not or cannot take it as it is. The next event on the record is tried at once."""

    cause: str
    next_step: str
    bug: Exception | None = None
    """What klipsync itself failed on: for the log."""


Operation = Create | Update | Nothing | Wait | Refuse
