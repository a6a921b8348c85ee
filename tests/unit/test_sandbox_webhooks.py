"""What the sandbox's webhooks tell, how it is written, and when it is sent again: values in, values out."""

import json
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from infra.sandbox.quickbooks.oauth.apps import Apps
from infra.sandbox.quickbooks.webhooks_events import Event, operations_of, told
from infra.sandbox.quickbooks.webhooks_letters import classic, cloud_events, source_of
from infra.sandbox.quickbooks.webhooks_queue import Queue
from infra.sandbox.quickbooks.webhooks_retries import wait_after
from infra.sandbox.quickbooks.webhooks_subscription import Subscription, read_subscription

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=timezone(timedelta(hours=-8)))
URL = "http://127.0.0.1:1/hook"
MINUTE, HOUR = 60, 3600


def event(operation: str = "Update", entity: str = "Invoice", id_: str = "7", realm: str = "1") -> Event:
    return Event(realm, entity, id_, operation, NOON, NOON.replace(microsecond=123456))


def operations(*burst: Event, touched_lists: bool = False) -> list[tuple[str, str]]:
    return [(one.entity, one.operation) for one in told(burst, touched_lists=touched_lists)]


def waits(policy: str, *, status: int | None = 500) -> Iterator[float | None]:
    queue = Queue(Subscription(url=URL, retries=policy))  # type: ignore[arg-type]  # one of the two
    queue.take([event()], now=0.0)
    at, now = NOON, 1.0
    while (delivery := queue.due(now=now)) is not None:
        outcome = queue.settle(delivery, status=status, now=now, at=at)
        yield outcome.wait
        now, at = now + (outcome.wait or 0), at + timedelta(seconds=outcome.wait or 0)


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        ("Invoice", {"Create", "Update", "Delete", "Merge", "Void", "Emailed"}),
        ("Payment", {"Create", "Update", "Delete", "Merge", "Void"}),
        ("PurchaseOrder", {"Create", "Update", "Delete", "Merge", "Emailed"}),
        ("Customer", {"Create", "Update", "Delete", "Merge"}),
        ("Preferences", {"Update"}),
        ("CompanyInfo", set()),
        ("TaxCode", set()),
    ],
)
def test_an_entity_has_its_own_operations(entity: str, expected: set[str]) -> None:
    """Voiding and mailing are told of those that can be; of some entities nothing is told at all."""
    assert operations_of(entity) == expected


def test_a_touched_balance_is_silent_unless_asked_for() -> None:
    """A customer's or an account's balance that moved is in the change feed; a transaction that moved is an Update."""
    burst = [event("Touch", "Customer"), event("Touch", "Account"), event("Touch", "Payment")]

    assert operations(*burst) == [("Payment", "Update")]
    assert operations(*burst, touched_lists=True) == [
        ("Customer", "Update"),
        ("Account", "Update"),
        ("Payment", "Update"),
    ]


def test_a_touch_adds_nothing_to_what_is_told_of_the_record_anyway() -> None:
    """What one operation did to its own record beside the point is no second event, whichever came first."""
    assert operations(event("Create"), event("Touch")) == [("Invoice", "Create")]
    assert operations(event("Touch"), event("Void")) == [("Invoice", "Void")]
    assert operations(event("Touch"), event("Delete", id_="8")) == [("Invoice", "Update"), ("Invoice", "Delete")]


def test_the_same_is_not_said_twice_in_one_moment() -> None:
    """Two changes by one operation are one event; a create and an update of it by a batch are two."""
    assert operations(event(), event()) == [("Invoice", "Update")]
    assert operations(event("Create"), event()) == [("Invoice", "Create"), ("Invoice", "Update")]


def test_what_is_not_told_as_such_is_an_update_or_nothing() -> None:
    """Bills have no Void in the list of operations, and Preferences are only ever updated."""
    assert operations(event("Void", "Bill")) == [("Bill", "Update")]
    assert operations(event("Create", "Preferences"), event("Update", "Preferences")) == [("Preferences", "Update")]
    assert operations(event("Create", "CompanyInfo"), event("Update", "TaxRate")) == []


def test_a_classic_body_has_one_entry_for_each_company() -> None:
    """Names and ids only, with the record's time in UTC; written without spaces."""
    body = classic([event(), event(realm="2", id_="9"), event("Void", id_="8")])

    assert body.startswith(b'{"eventNotifications":[{"realmId":"1","dataChangeEvent":{"entities":[{"name":"Invoice",')
    entries = json.loads(body)["eventNotifications"]
    assert [entry["realmId"] for entry in entries] == ["1", "2"]
    assert entries[0]["dataChangeEvent"]["entities"] == [
        {"name": "Invoice", "id": "7", "operation": "Update", "lastUpdated": "2026-03-02T12:00:00.000Z"},
        {"name": "Invoice", "id": "8", "operation": "Void", "lastUpdated": "2026-03-02T12:00:00.000Z"},
    ]


def test_cloud_events_are_a_bare_list() -> None:
    """Each says its company and record itself, with nine digits of a second."""
    events = [event("Emailed"), event("Create", "BillPayment", realm="2")]
    found = json.loads(cloud_events(events, ids=["a", "b"], source="intuit.x=", void_verb="void"))

    assert found[0] == {
        "specversion": "1.0",
        "id": "a",
        "source": "intuit.x=",
        "type": "qbo.invoice.emailed.v1",
        "datacontenttype": "application/json",
        "time": "2026-03-02T12:00:00.123456000Z",
        "intuitentityid": "7",
        "intuitaccountid": "1",
        "data": {},
    }
    assert (found[1]["type"], found[1]["intuitaccountid"]) == ("qbo.billpayment.created.v1", "2")


@pytest.mark.parametrize("verb", ["void", "voided"])
def test_the_verb_of_voiding_is_a_setting(verb: str) -> None:
    """Sources differ; a client accepts both."""
    found = json.loads(cloud_events([event("Void")], ids=["a"], source="s", void_verb=verb))

    assert found[0]["type"] == f"qbo.invoice.{verb}.v1"


def test_an_apps_source_is_its_own() -> None:
    """`intuit.` and 32 bytes in base64."""
    name, _, value = source_of("one").partition(".")

    assert (name, len(b64decode(value, validate=True)), value[-1]) == ("intuit", 32, "=")
    assert source_of("one") != source_of("two")


def test_the_new_policy_never_gives_up() -> None:
    """10, 20 and 30 s, 5 and 20 min, 2, 4 and 6 h, and each 6 h from then on."""
    found = waits("new", status=404)

    expected = [10, 20, 30, 5 * MINUTE, 20 * MINUTE, 2 * HOUR, 4 * HOUR, 6 * HOUR, 6 * HOUR, 6 * HOUR]
    assert [next(found) for _ in expected] == expected


def test_a_first_retry_may_come_at_once() -> None:
    """As one announcement has it; then the new schedule."""
    found = waits("immediate")

    assert [next(found) for _ in range(4)] == [0, 10, 20, 30]


def test_the_old_policy_drops_after_three_more_attempts() -> None:
    """20, 30 and 50 min, then the body is lost."""
    assert list(waits("old")) == [20 * MINUTE, 30 * MINUTE, 50 * MINUTE, None]
    assert list(waits("old", status=None)) == [20 * MINUTE, 30 * MINUTE, 50 * MINUTE, None]


@pytest.mark.parametrize(("status", "expected"), [(408, 1200), (503, 1200), (404, None), (204, None), (301, None)])
def test_the_old_policy_repeats_only_for_some_answers(status: int, expected: float | None) -> None:
    """500, 502, 503, 504, 408 and silence; whatever else was answered, the body is lost."""
    assert wait_after("old", failures=1, status=status) == expected


def test_an_endpoint_that_fails_for_a_day_is_off() -> None:
    """The old policy: everything that waits is lost, and so is what comes."""
    queue = Queue(Subscription(url=URL, retries="old"))
    names = []
    for hours in (0, 10, 23, 24):
        queue.take([event()], now=hours * HOUR)
        delivery = queue.due(now=hours * HOUR + 1)
        assert delivery is not None
        names.append(queue.settle(delivery, status=404, now=hours * HOUR + 1, at=NOON + timedelta(hours=hours)).name)
    queue.take([event()], now=25 * HOUR)

    assert names == ["dropped", "dropped", "dropped", "off"]
    assert (queue.off, queue.waiting, queue.due(now=99 * HOUR)) == (True, 0, None)


def test_one_body_taken_makes_an_endpoint_good_again() -> None:
    """A day of failures is counted from the last success."""
    queue = Queue(Subscription(url=URL, retries="old"))
    names = []
    for hours, status in ((0, 404), (23, 200), (25, 404)):
        queue.take([event()], now=hours * HOUR)
        delivery = queue.due(now=hours * HOUR + 1)
        assert delivery is not None
        at = NOON + timedelta(hours=hours)
        names.append(queue.settle(delivery, status=status, now=hours * HOUR + 1, at=at).name)

    assert (names, queue.off) == (["dropped", "taken", "dropped"], False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://there"},
        {"url": URL, "format": "xml"},
        {"url": URL, "retries": "sometimes"},
        {"url": URL, "duplicates": 1.5},
        {"url": URL, "delay_seconds": -1},
        {"url": URL, "delay_seconds": "soon"},
        {"url": URL, "shuffle": 1},
        {"url": URL, "colour": "red"},
        {"url": URL, "app": "nobody's"},
        {"url": URL, "entities": {"CompanyInfo": []}},
        {"url": URL, "entities": {"Customer": ["Void"]}},
        {"url": URL, "entities": "Invoice"},
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, object]) -> None:
    """Before anything is subscribed."""
    with pytest.raises(ValueError, match=r"\w+ (is|has|maps|tells)"):
        read_subscription(wrong, apps=Apps(), seed=1)


def test_a_subscription_says_what_it_wants() -> None:
    """An entity without operations is wanted with all of them; so is one in a plain list of names."""
    some = read_subscription({"url": URL, "entities": {"Invoice": ["Void"], "Payment": []}}, apps=Apps(), seed=1)
    listed = read_subscription({"url": URL, "entities": ["Invoice"], "realms": ["1"]}, apps=Apps(), seed=1)

    assert [some.wants(event(one)) for one in ("Void", "Update")] == [True, False]
    assert [some.wants(event("Update", one)) for one in ("Payment", "Customer")] == [True, False]
    assert [listed.wants(event(realm=one)) for one in ("1", "2")] == [True, False]
    assert (some.seed, some.delay_seconds, NOON.astimezone(UTC).hour) == (1, 1.0, 12)
