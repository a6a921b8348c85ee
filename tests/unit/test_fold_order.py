"""Folding gives the same desired state however events arrive: in any order, any number of times, in any batches."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.fold import VersionReused, fold, items
from consumers.records import Desired, Record, RecordKey
from schemas.envelope import Event
from schemas.fields import Fact
from schemas.kinds import Kind, KlipboardId, TenantId

KEY = RecordKey(tenant=TenantId("t1"), kind=Kind.INVOICE, id=KlipboardId("7"))


def event(name: str, version: int, told: dict[str, Any]) -> Event:
    return Event(
        id=f"e{version}",
        source="klipboard",
        type=name,
        tenant=KEY.tenant,
        subject=KEY.subject,
        kind=KEY.kind,
        subject_id=KEY.id,
        time=datetime(2026, 3, 2, tzinfo=UTC),
        version=version,
        schema_version=1,
        traceparent=None,
        data=told,
        fact=Fact(),
    )


STATUSES = st.sampled_from(["Draft", "Sent", "Overdue", "Paid"])
CONTENTS = st.fixed_dictionaries({"number": st.sampled_from(["1", "2", "3"]), "status": STATUSES})


def of_version(version: int) -> st.SearchStrategy[Event]:
    return st.one_of(
        CONTENTS.map(lambda told: event("InvoiceEdited", version, told)),
        STATUSES.map(lambda status: event("StatusChanged", version, {"status": status})),
        st.just(event("InvoiceDeleted", version, {})),
    )


HISTORIES = st.lists(st.integers(0, 50), unique=True, max_size=12).flatmap(
    lambda versions: st.tuples(*(of_version(version) for version in versions))
)


def folded(events: list[Event], *, start: Record | None = None) -> Record:
    record = start
    for each in events:
        record = fold(record=record, event=each, key=KEY).record
    return record if record is not None else Record(key=KEY)


@given(history=HISTORIES, chance=st.data())
def test_any_order_repetition_and_splitting_gives_the_same_desired_state(
    history: tuple[Event, ...], chance: st.DataObject
) -> None:
    """Repeats, late arrivals and replays change nothing, because facts carry versions."""
    in_order = sorted(history, key=lambda each: each.version or 0)
    repeats = chance.draw(st.lists(st.sampled_from(history), max_size=8)) if history else []
    shuffled = chance.draw(st.permutations([*history, *repeats]))
    cut = chance.draw(st.integers(0, len(shuffled)))

    stored = folded(shuffled[:cut])  # a batch ends here, the next one starts from what was stored

    assert folded(shuffled[cut:], start=stored).desired == folded(in_order).desired


@given(history=HISTORIES)
def test_a_replay_is_no_reason_to_look_again(history: tuple[Event, ...]) -> None:
    """A replay of a whole topic is no write at all: not one revision more."""
    record = folded(list(history))

    assert folded(list(history), start=record) == record


def test_a_version_with_another_digest_is_refused() -> None:
    """The same version twice with different content is a bug upstream that must not pass in silence."""
    record = folded([event("InvoiceEdited", 4, {"number": "1", "status": "Sent"})])

    with pytest.raises(VersionReused, match="aggregateversion 4"):
        fold(record=record, event=event("InvoiceEdited", 4, {"number": "2", "status": "Sent"}), key=KEY)


@pytest.mark.parametrize(("first", "second"), [("Paid", "Sent"), ("Sent", "Paid")])
def test_paid_and_another_status_cannot_share_a_version(first: str, second: str) -> None:
    """R-44 keeps Paid beside the status; a version said twice is noticed all the same."""
    record = folded([event("StatusChanged", 4, {"status": first})])

    with pytest.raises(VersionReused):
        fold(record=record, event=event("StatusChanged", 4, {"status": second}), key=KEY)


def test_paid_never_becomes_the_status() -> None:
    """R-44: the status stays the newest of Draft, Sent and Overdue; Paid is kept beside it."""
    record = folded(
        [
            event("InvoiceCreated", 1, {"number": "1", "status": "Sent"}),
            event("StatusChanged", 2, {"status": "Paid"}),
        ]
    )

    assert record.desired.status is not None
    assert record.desired.status.value == "Sent"
    assert record.desired.paid is not None
    assert record.desired.paid.version == 2


def test_a_late_edit_does_not_undo_a_newer_status() -> None:
    """Content and status have versions of their own, so none undoes another out of order."""
    record = folded(
        [
            event("StatusChanged", 5, {"status": "Overdue"}),
            event("InvoiceEdited", 4, {"number": "9", "status": "Draft"}),
        ]
    )

    assert record.desired.status is not None
    assert record.desired.status.value == "Overdue"
    assert record.desired.content is not None
    assert record.desired.content.value == {"number": "9"}


def test_a_newer_fact_gives_a_failed_record_a_fresh_start() -> None:
    """A record that failed or waits is healed by the next event: its waiting ends and its tries begin again."""
    failed = replace(
        Record(key=KEY),
        revision=3,
        settled_revision=3,
        tries=7,
        waits_for=(Kind.CLIENT, KlipboardId("1")),
        next_attempt_at=datetime(2027, 1, 1, tzinfo=UTC),
        first_failed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )

    healed = fold(record=failed, event=event("StatusChanged", 1, {"status": "Sent"}), key=KEY).record

    assert (healed.revision, healed.settled_revision) == (4, 3)
    assert (healed.tries, healed.waits_for, healed.next_attempt_at, healed.first_failed_at) == (0, None, None, None)


@pytest.mark.parametrize(("version", "why"), [(3, "older"), (4, "repeated")])
def test_what_is_known_already_is_counted_by_its_reason(version: int, why: str) -> None:
    """An older version and a repeated one are no-ops that can be told apart in the metrics."""
    record = folded([event("StatusChanged", 4, {"status": "Sent"})])

    outcome = fold(record=record, event=event("StatusChanged", version, {"status": "Sent"}), key=KEY)

    assert (outcome.applied, outcome.why, outcome.record) == (False, why, record)


def test_lines_make_one_item_for_each_name() -> None:
    """R-41's lines need items: one for each name however it is spelt, the first spelling kept, in key order."""
    lines = [{"name": "Boiler  service"}, {"name": "boiler service"}, {"name": "Valve", "account_code": "200"}]

    made = items(event=event("InvoiceCreated", 1, {"number": "1", "lines": lines}))

    assert len(made) == 2
    assert [record.key for record in made] == sorted((record.key for record in made), key=RecordKey.sort_key)
    assert {"name": "Boiler  service", "account_code": None} in [_content(record.desired) for record in made]


def _content(desired: Desired) -> object:
    return desired.content.value if desired.content is not None else None
