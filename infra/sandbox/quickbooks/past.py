"""How a company looked some seconds ago: what queries and the change feed see while they lag behind writes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from infra.sandbox.quickbooks.change_log import ChangeLog
from infra.sandbox.quickbooks.store import Realm, Record
from infra.sandbox.quickbooks.versions import Before
from infra.sandbox.quickbooks.wire import Raw, write_json

Was = dict[str, Record | None]  # id -> the record as it was; None: it was not there yet


def as_seen(realm: Realm, seconds: int) -> Realm:
    """The company as it was `seconds` ago, to be read and never changed; itself where nothing changed since."""
    before = realm.versions.before(realm.clock.now() - timedelta(seconds=seconds)) if seconds else None
    return PastRealm(realm, before) if before else realm


class PastRealm(Realm):
    """A company with some of its records as they were. Only the lists of entities that changed are copied."""

    def __init__(self, present: Realm, before: Before) -> None:
        # What is not replaced here is the present company's own, and so is never changed through this view.
        self.__dict__.update(present.__dict__)
        self._before = before
        self.records = {**present.records}
        self.logs = {**present.logs}
        self.deletions = {**present.deletions}
        for entity, was in before.items():
            self.records[entity] = _as_they_were(present.records[entity], was)
            self.logs[entity] = PastLog(present.logs[entity], was, self.records[entity])
            self.deletions[entity] = PastDeletions(present.deletions[entity], was)

    def found_by(self, entity: str, name: str, value: object) -> tuple[str, ...] | None:
        """Ids by today's index and all that changed since: who asks tests each record all the same."""
        found = super().found_by(entity, name, value)
        return None if found is None else tuple(dict.fromkeys((*found, *self._before.get(entity, ()))))

    def written(self, record: Record) -> Raw:
        """The object as JSON, with the names of then; not kept, because the present has other names."""
        return Raw(write_json(self.shown(record)))


class PastLog(ChangeLog):
    """The change log of an entity, as it was."""

    def __init__(self, present: ChangeLog, was: Was, records: dict[str, Record]) -> None:
        self._present = present
        self._was = was
        self._records = records

    def since(self, moment: datetime) -> Iterator[str]:
        """Ids of records whose latest change then was at or after `moment`, oldest change first."""
        others = [one for one in self._present.since(moment) if one not in self._was]
        changed = [one for one, record in self._was.items() if record is not None and record.updated >= moment]
        return iter(sorted(others + changed, key=lambda one: self._records[one].updated))


class PastDeletions(ChangeLog):
    """The deletions of an entity, as they were."""

    def __init__(self, present: ChangeLog, was: Was) -> None:
        self._present = present
        self._was = was

    def since(self, moment: datetime) -> Iterator[str]:
        """Ids of what was gone already: a record that was still there then, or not yet, has no stub."""
        return (one for one in self._present.since(moment) if one not in self._was)


def _as_they_were(present: dict[str, Record], was: Was) -> dict[str, Record]:
    records = {one: was.get(one, record) for one, record in present.items()}
    restored = {**records, **{one: record for one, record in was.items() if one not in present}}
    return {one: record for one, record in restored.items() if record is not None}
