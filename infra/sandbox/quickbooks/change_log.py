"""What changed when, in order: feeds and queries by time read it without looking at every record."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime

STALE_ALLOWED = 1000  # entries of older changes kept before the log is rebuilt


class ChangeLog:
    """The latest change of each record of one entity, by time."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._entries: list[tuple[int, str]] = []  # (change number, id)
        self._latest: dict[str, int] = {}
        self._changes = 0
        self.version = 0  # another one after every change

    def note(self, *, record_id: str, at: datetime) -> None:
        """This record changed then. Nearly always that is now, at the end; a seed may lie in the past."""
        self.version += 1
        self._changes += 1
        self._latest[record_id] = self._changes
        moment = at.timestamp()
        place = bisect_right(self._times, moment)
        self._times.insert(place, moment)
        self._entries.insert(place, (self._changes, record_id))
        if len(self._entries) > 2 * len(self._latest) + STALE_ALLOWED:
            self._rebuild()

    def since(self, moment: datetime) -> Iterator[str]:
        """Ids of records whose latest change is at or after `moment`, oldest change first."""
        for place in range(bisect_left(self._times, moment.timestamp()), len(self._entries)):
            change, record_id = self._entries[place]
            if self._latest.get(record_id) == change:
                yield record_id

    def all(self) -> Iterator[str]:
        """Every id, oldest change first."""
        return (record_id for change, record_id in self._entries if self._latest.get(record_id) == change)

    def forget(self, record_id: str) -> None:
        """The record is gone; its changes are no longer told."""
        self.version += 1
        self._latest.pop(record_id, None)

    def _rebuild(self) -> None:
        kept = [
            (moment, entry)
            for moment, entry in zip(self._times, self._entries, strict=True)
            if self._latest.get(entry[1]) == entry[0]
        ]
        self._times = [moment for moment, _ in kept]
        self._entries = [entry for _, entry in kept]
