"""Event + record -> record. Pure, and indifferent to repeats and to order, because facts carry versions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from consumers.records import Desired, Part, Record, RecordKey
from mapping import identity
from schemas.envelope import Event
from schemas.kinds import Kind, Presence

PAID: Final = "Paid"


class VersionReused(ValueError):  # noqa: N818 - the name says what happened
    """One version of a thing came with two different contents. Send the newer one with a higher aggregateversion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The record after an event; `why` is a constant word for counting: applied, older or repeated."""

    record: Record
    applied: bool
    why: str


_PRESENCES: Final[Mapping[str, Presence]] = {"Archived": Presence.ARCHIVED, "Deleted": Presence.DELETED}
_STATUS_CHANGED: Final = "StatusChanged"


def fold(*, record: Record | None, event: Event, key: RecordKey) -> Folded:
    """Lay one event over what is known of its thing; any newer part is a reason to look at the record again.

    Raises:
        VersionReused: a part has this very version already, with another digest.
    """
    before = record if record is not None else Record(key=key)
    facts = _facts(event)
    newer = {name: part for name, part in facts.items() if _is_newer(before.desired, name=name, part=part)}
    if not newer:
        repeated = any(_same_version(before.desired, name=name, part=part) for name, part in facts.items())
        return Folded(record=before, applied=False, why="repeated" if repeated else "older")
    return Folded(record=_with(before, newer), applied=True, why="applied")


def items(*, event: Event) -> tuple[Record, ...]:
    """The item records that an invoice's lines call for: by name and account, made once, in key order.

    Every invoice event is asked, an outdated one too, so that the items do not depend on the order of arrival.
    """
    if event.kind is not Kind.INVOICE or "lines" not in event.data:
        return ()
    found = {record.key: record for record in (_item(event, line) for line in reversed(event.data["lines"]))}
    return tuple(found[key] for key in sorted(found, key=RecordKey.sort_key))


def _item(event: Event, line: Mapping[str, Any]) -> Record:
    content = {"name": line["name"], "account_code": line.get("account_code")}
    key = RecordKey(tenant=event.tenant, kind=Kind.ITEM, id=identity.item_id(content["name"], content["account_code"]))
    part = Part(version=0, digest=identity.digest(content), value=content)
    return Record(key=key, desired=Desired(content=part), revision=1)


def _facts(event: Event) -> dict[str, Part]:
    """Which parts of a record an event tells, by the field of `Desired` that keeps them."""
    version = event.version
    if version is None:
        raise ValueError(f"{event.type} has no aggregateversion; decoding should have refused it")
    for ending, presence in _PRESENCES.items():
        if event.type.endswith(ending):
            return {"presence": Part(version=version, digest=identity.digest(dict(event.data)), value=presence.value)}
    status = _status(event.data, version=version)
    if event.type == _STATUS_CHANGED:
        return status
    # Without its status, which has a version of its own: a later StatusChanged must not be undone by a late edit.
    content = {name: value for name, value in event.data.items() if name != "status"}
    return {"content": Part(version=version, digest=identity.digest(content), value=content), **status}


def _status(told: Mapping[str, Any], *, version: int) -> dict[str, Part]:
    if "status" not in told:
        return {}
    digest = identity.digest(told["status"])
    if told["status"] == PAID:
        # Kept beside the status: only QuickBooks makes an invoice paid.
        return {"paid": Part(version=version, digest=digest, value=True)}
    return {"status": Part(version=version, digest=digest, value=told["status"])}


def _is_newer(desired: Desired, *, name: str, part: Part) -> bool:
    # Paid and the other statuses are told by the same events, so that one version may not say both.
    rivals = ("status", "paid") if name in {"status", "paid"} else (name,)
    for rival in rivals:
        known: Part | None = getattr(desired, rival)
        if known is not None and known.version == part.version and known.digest != part.digest:
            raise VersionReused(
                f"aggregateversion {part.version} came before with another {name}; "
                "send what changed with a higher aggregateversion"
            )
    mine: Part | None = getattr(desired, name)
    return mine is None or mine.version < part.version


def _same_version(desired: Desired, *, name: str, part: Part) -> bool:
    known: Part | None = getattr(desired, name)
    return known is not None and known.version == part.version


def _with(record: Record, newer: Mapping[str, Part]) -> Record:
    """The record looked at afresh: whatever made it wait or fail may be healed by what it was just told."""
    return replace(
        record,
        desired=replace(record.desired, **newer),
        revision=record.revision + 1,
        waits_for=None,
        next_attempt_at=None,
        first_failed_at=None,
        tries=0,
    )
