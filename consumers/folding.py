"""One batch of messages folded in one transaction: records, dead letters and the next offsets, all or nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from consumers import counts, dead_letters
from consumers.fold import VersionReused, fold, items
from consumers.ports import Arrived, IntakeStore, Intaking, Place
from consumers.records import Record, RecordKey
from schemas import topics
from schemas.envelope import Event, Message, decode
from schemas.kinds import TenantId
from schemas.unreadable import Problem, Reason, Unreadable

_INBOUND_TYPES: Final = frozenset(name for topic in topics.INBOUND for name in topics.CARRIES[topic])


class WentBack(Exception):  # noqa: N818 - the name says what happened
    """The stored offset is lower than what this worker has folded: the database went back in time under it."""

    def __init__(self, behind: Mapping[Place, int], reached: Mapping[Place, int]) -> None:
        spoken = ", ".join(f"{p.topic} [{p.partition}] is stored as {behind[p]}, was {reached[p]}" for p in behind)
        super().__init__(spoken)
        self.places = tuple(behind)


@dataclass(slots=True)
class _Gathered:
    """What a batch comes to, before any of it is written."""

    records: dict[RecordKey, Record] = field(default_factory=dict)
    changed: dict[RecordKey, Record] = field(default_factory=dict)
    items: dict[RecordKey, Record] = field(default_factory=dict)
    asked: set[TenantId] = field(default_factory=set)
    letters: dict[TenantId | None, list[Message]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


async def fold_batch(
    *, store: IntakeStore, cluster: str, batch: Sequence[Arrived], reached: Mapping[Place, int]
) -> Mapping[Place, int]:
    """Fold messages and store the offsets that follow them, which are returned. `reached`: what was folded here before.

    Raises:
        WentBack: the stored offsets are lower than `reached`.
    """
    following = {arrived.place: arrived.offset + 1 for arrived in batch}
    read = [(arrived, _read(arrived)) for arrived in batch if not arrived.mark]
    async with store.intaking() as transaction:
        # The offsets are locked first. Whoever else folds these partitions (a member that slept through losing them)
        # waits here, and then finds in the stored offsets which of its messages are folded already.
        stored = await transaction.offsets(cluster, following)
        refuse_a_step_back(stored, reached)
        fresh = [(arrived, found) for arrived, found in read if arrived.offset >= stored[arrived.place]]
        gathered = await _gather(transaction, fresh, cluster=cluster)
        await _write(transaction, gathered)
        # Last, and with the rest: a crash before the commit folds the same batch again, one after it never does.
        await transaction.move(cluster, following)
    _count(gathered)
    return following


async def put_aside(*, store: IntakeStore, cluster: str, arrived: Arrived, error: Exception, tries: int) -> None:
    """Put one message aside as a bug of ours, and go on behind it."""
    sentence = dead_letters.BUG_SENTENCE.format(error=type(error).__name__)
    gathered = _Gathered()
    _set_aside(gathered, arrived, cluster=cluster, tenant=None, reason=dead_letters.BUG, sentence=sentence, tries=tries)
    async with store.intaking() as transaction:
        stored = await transaction.offsets(cluster, [arrived.place])
        if arrived.offset < stored[arrived.place]:
            return
        await _write(transaction, gathered)
        await transaction.move(cluster, {arrived.place: arrived.offset + 1})
    _count(gathered)


def refuse_a_step_back(stored: Mapping[Place, int], reached: Mapping[Place, int]) -> None:
    """Raises WentBack where a stored offset is lower than what was folded here before."""
    behind = {place: offset for place, offset in stored.items() if offset < reached.get(place, 0)}
    if behind:
        raise WentBack(behind, reached)


def _read(arrived: Arrived) -> Event | Unreadable:
    if arrived.flaw is not None:
        return Unreadable(Reason.NOT_DECODABLE, Problem("headers", arrived.flaw))
    try:
        event = decode(arrived.message)
    except Unreadable as error:
        return error
    if event.type not in _INBOUND_TYPES:
        hint = "tells what klipsync did or found; it is never sent to klipsync"
        return Unreadable(Reason.UNKNOWN_TYPE, Problem("type", hint))
    return event


async def _gather(
    transaction: Intaking, read: Iterable[tuple[Arrived, Event | Unreadable]], *, cluster: str
) -> _Gathered:
    """Lock what the events are about, and lay them over it, one after the other."""
    gathered = _Gathered()
    events: list[tuple[Arrived, Event]] = []
    for arrived, found in read:
        if isinstance(found, Unreadable):
            _set_aside(gathered, arrived, cluster=cluster, tenant=None, reason=found.reason, sentence=str(found))
        else:
            events.append((arrived, found))
    if events:
        await transaction.add_tenants({event.tenant for _, event in events})
        gathered.records.update(await transaction.records({key for _, event in events if (key := _key(event))}))
    for arrived, event in events:
        _lay_over(gathered, arrived, event, cluster=cluster)
    return gathered


def _key(event: Event) -> RecordKey | None:
    if event.kind is None:
        return None
    return RecordKey(tenant=event.tenant, kind=event.kind, id=event.subject_id)


def _lay_over(gathered: _Gathered, arrived: Arrived, event: Event, *, cluster: str) -> None:
    key = _key(event)
    if key is None:  # about the tenant itself: SyncRequested
        gathered.asked.add(event.tenant)
        gathered.outcomes["asked"] += 1
        return
    try:
        folded = fold(record=gathered.records.get(key), event=event, key=key)
    except VersionReused as error:
        reason = dead_letters.VERSION_REUSED
        _set_aside(gathered, arrived, cluster=cluster, tenant=event.tenant, reason=reason, sentence=str(error))
        return
    gathered.outcomes[folded.why] += 1
    for item in items(event=event):
        gathered.items.setdefault(item.key, item)
    if folded.applied:
        gathered.records[key] = gathered.changed[key] = folded.record


def _set_aside(
    gathered: _Gathered,
    arrived: Arrived,
    *,
    cluster: str,
    tenant: TenantId | None,
    reason: str,
    sentence: str,
    tries: int = 1,
) -> None:
    letter = dead_letters.letter(arrived=arrived, cluster=cluster, reason=reason, sentence=sentence, tries=tries)
    gathered.letters.setdefault(tenant, []).append(letter)
    gathered.outcomes["put_aside"] += 1
    gathered.reasons[reason] += 1


async def _write(transaction: Intaking, gathered: _Gathered) -> None:
    if gathered.changed or gathered.items:
        await transaction.store(gathered.changed.values(), items=gathered.items.values())
    if gathered.asked:
        await transaction.sync_now(gathered.asked)
    for tenant, letters in gathered.letters.items():
        await transaction.put_aside(tenant, letters)
    if touched := gathered.asked | {key.tenant for key in gathered.changed}:
        await transaction.wake(touched)


def _count(gathered: _Gathered) -> None:
    for outcome, number in gathered.outcomes.items():
        counts.EVENTS.labels(outcome).inc(number)
    for reason, number in gathered.reasons.items():
        counts.DEAD_LETTERS.labels(reason).inc(number)
