"""Where to read a partition from, once it is assigned: pure, and loud where the stored offset does not fit the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from consumers.ports import Standing


class Alarm(StrEnum):
    """What a person has to know; the value is for metrics."""

    EVENTS_LOST = "events_lost"
    OTHER_CLUSTER = "other_cluster"
    BEYOND_END = "beyond_end"
    DATABASE_WENT_BACK = "database_went_back"

    @property
    def sentence(self) -> str:
        """What happened, and what to do next."""
        return _SENTENCES[self]


_SENTENCES: Mapping[Alarm, str] = {
    Alarm.EVENTS_LOST: "Kafka dropped events before they were folded; publish those things again, or replay",
    Alarm.OTHER_CLUSTER: "this is another Kafka cluster than before; its log is folded from the beginning",
    Alarm.BEYOND_END: "Kafka's log is shorter than what was folded; it is folded from the beginning",
    Alarm.DATABASE_WENT_BACK: "the database went back in time; QuickBooks is read before anything is created there",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The offset to read first, and what is wrong."""

    offset: int
    alarms: frozenset[Alarm]


def start_of(*, standing: Standing, cluster: str, stored: Mapping[str, int]) -> Start:
    """Where to start in a partition; `stored` is its next offset to fold, by cluster id.

    Kafka's own commit follows the stored offset, so one that is ahead shows that the database went back in time.
    """
    mine = stored.get(cluster)
    offset = _offset(standing, mine=mine)
    alarms = {
        Alarm.OTHER_CLUSTER: mine is None and bool(stored),
        Alarm.BEYOND_END: mine is not None and mine > standing.end,
        Alarm.EVENTS_LOST: mine is not None and mine < standing.beginning,
        Alarm.DATABASE_WENT_BACK: _went_back(standing, mine=mine),
    }
    return Start(offset=offset, alarms=frozenset(alarm for alarm, is_so in alarms.items() if is_so))


def _offset(standing: Standing, *, mine: int | None) -> int:
    return mine if mine is not None and standing.beginning <= mine <= standing.end else standing.beginning


def _went_back(standing: Standing, *, mine: int | None) -> bool:
    if standing.committed is None:
        return False
    folded = standing.beginning if mine is None else mine
    # A commit within a log that has dropped its beginning meanwhile tells nothing about the database.
    return standing.committed > max(folded, standing.beginning)
