"""Where intake starts reading a partition, and when it raises an alarm."""

import pytest

from consumers.ports import Place, Standing
from consumers.starts import Alarm, start_of


@pytest.mark.parametrize(
    ("stored", "committed", "offset", "alarms"),
    [
        pytest.param({}, None, 10, set(), id="the first time, at the beginning"),
        pytest.param({"here": 15}, 15, 15, set(), id="as stored"),
        pytest.param({"here": 15}, 12, 15, set(), id="a crash before Kafka's commit"),
        pytest.param({"here": 15}, None, 15, set(), id="Kafka forgot its commit"),
        pytest.param({"here": 5}, 5, 10, {Alarm.EVENTS_LOST}, id="dropped by retention"),
        pytest.param({"here": 21}, None, 10, {Alarm.BEYOND_END}, id="a shorter log"),
        pytest.param({"here": 20}, None, 20, set(), id="everything folded"),
        pytest.param({"there": 15}, None, 10, {Alarm.OTHER_CLUSTER}, id="another cluster"),
        pytest.param({"here": 12, "there": 3}, 12, 12, set(), id="back on a cluster known before"),
        pytest.param({"here": 12}, 15, 12, {Alarm.DATABASE_WENT_BACK}, id="restored database"),
        pytest.param({}, 15, 10, {Alarm.DATABASE_WENT_BACK}, id="lost database"),
        pytest.param(
            {"here": 5}, 15, 10, {Alarm.DATABASE_WENT_BACK, Alarm.EVENTS_LOST}, id="restored to before retention"
        ),
        pytest.param({"here": 5}, 9, 10, {Alarm.EVENTS_LOST}, id="a commit that retention has overtaken"),
    ],
)
def test_a_partition_starts_where_its_stored_offset_says(
    stored: dict[str, int], committed: int | None, offset: int, alarms: set[Alarm]
) -> None:
    """The stored offset is the truth; where it does not fit the log, that is said and the beginning is read."""
    standing = Standing(place=Place("t", 0), beginning=10, end=20, committed=committed)

    start = start_of(standing=standing, cluster="here", stored=stored)

    assert (start.offset, start.alarms) == (offset, frozenset(alarms))


def test_every_alarm_has_a_sentence_for_a_person() -> None:
    """An alarm says what happened and what follows."""
    assert all(alarm.sentence for alarm in Alarm)
