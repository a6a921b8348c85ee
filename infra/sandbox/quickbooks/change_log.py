"""What changed when, in order: feeds and queries by time read it without looking at every record."""

from bisect import bisect_left
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

    def note(self, *, record_id: str, at: datetime) -> None:
        """This record changed now; times never fall, so the log stays sorted."""
        self._changes += 1
        self._latest[record_id] = self._changes
        moment = at.timestamp()
        if self._times and moment < self._times[-1]:
            moment = self._times[-1]
        self._times.append(moment)
        self._entries.append((self._changes, record_id))
        if len(self._entries) > 2 * len(self._latest) + STALE_ALLOWED:
            self._rebuild()

    def since(self, moment: datetime) -> Iterator[str]:
        """Ids of records whose latest change is at or after `moment`, oldest change first."""
        for place in range(bisect_left(self._times, moment.timestamp()), len(self._entries)):
            change, record_id = self._entries[place]
            if self._latest.get(record_id) == change:
                yield record_id

    def forget(self, record_id: str) -> None:
        """The record is gone; its changes are no longer told."""
        self._latest.pop(record_id, None)

    def _rebuild(self) -> None:
        kept = [
            (moment, entry)
            for moment, entry in zip(self._times, self._entries, strict=True)
            if self._latest.get(entry[1]) == entry[0]
        ]
        self._times = [moment for moment, _ in kept]
        self._entries = [entry for _, entry in kept]
