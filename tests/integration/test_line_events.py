"""Events on their way to QuickBooks' books: kept, refused, put aside or ignored, each as its rule says."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from consumers.records import RealmId
from infra.database.enrolment import Enrolment, enrol
from infra.database.outbox import headers_of
from infra.quickbooks.cipher import TokenCipher
from mapping import identity
from schemas import topics
from schemas.envelope import Message
from schemas.kinds import TenantId
from tests.integration.kafka_world import without_header
from tests.integration.line import Line, an_event, an_invoice, line

pytestmark = [pytest.mark.postgres]


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Line]:
    async with line(database_url) as found:
        yield found


async def booked(here: Line, **content: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Client c1 and invoice i1, both in QuickBooks."""
    await here.client()
    await here.invoice(**content)
    await here.turns()
    return here.one("Invoice")


async def paid(here: Line, version: int) -> None:
    await here.tell("StatusChanged", "invoice/i1", version, status="Paid")


async def letters(here: Line) -> list[dict[str, str]]:
    """What our headers say of each dead letter."""
    found = await here.rows("SELECT headers FROM outbox WHERE topic = 'sync.dead-letters' ORDER BY id")
    ours = [dict(headers_of(stored)) for (stored,) in found]
    return [{name: value.decode() for name, value in one.items() if name.startswith("klipsync-")} for one in ours]


# --- what cannot be read, and what the rules refuse ---


def swapped_header(message: Message, name: str, value: str) -> Message:
    headers = tuple((key, value.encode() if key == name else held) for key, held in message.headers)
    return replace(message, headers=headers)


def swapped(message: Message, old: str, new: str) -> Message:
    assert message.value is not None
    assert old.encode() in message.value
    return replace(message, value=message.value.replace(old.encode(), new.encode()))


CLIENT = an_event("ClientCreated", "client/bad", 1, {"name": "Harbour Hotel"})
BAD: Mapping[str, tuple[Message, str, str]] = {
    "malformed": (replace(CLIENT, value=b'{"name": "Harb'), "not_decodable", "data: is no JSON"),
    "an unknown type": (
        swapped_header(CLIENT, "ce_type", "ClientExploded"),
        "unknown_type",
        "'ClientExploded' is not known here",
    ),
    "oversized": (swapped(CLIENT, "Harbour", "H" * topics.MAX_MESSAGE), "too_large", f"at most {topics.MAX_MESSAGE}"),
    "NUL in a name": (swapped(CLIENT, "Harbour", "Har\\u0000bour"), "schema_violation", "data.name: may not hold NUL"),
    "a missing tenant": (without_header(CLIENT, "ce_tenantid"), "no_tenant_id", "say whose event this is"),
    "a version used twice": (
        an_event("ClientCreated", "client/c1", 1, {"name": "Another"}),
        "version_reused",
        "aggregateversion 1 came before with another content; send what changed with a higher aggregateversion",
    ),
    "a version of a schema to come": (
        swapped_header(CLIENT, "ce_dataschema", "urn:klipsync:ClientCreated:2"),
        "unknown_version",
        "deploy klipsync first",
    ),
}


@pytest.mark.parametrize("what", BAD)
async def test_what_cannot_be_read_is_put_aside_with_a_reason_and_the_rest_reaches_quickbooks(
    here: Line, what: str
) -> None:
    """One bad message among good ones in one batch: a dead letter that says what to correct, and the books are made."""
    bad, reason, words = BAD[what]
    client = an_event("ClientCreated", "client/c1", 1, {"name": "Client c1"})
    invoice = an_event("InvoiceCreated", "invoice/i1", 1, an_invoice(number="I1"))

    await here.fold(client, bad, invoice)
    await here.turns()

    (letter,) = await letters(here)
    assert letter["klipsync-reason"] == reason
    assert words in letter["klipsync-explanation"]
    assert letter["klipsync-offset"] == "1"
    assert here.one("Customer")["DisplayName"] == "Client c1"
    assert here.one("Invoice")["DocNumber"] == "I1"


async def test_a_readable_event_that_the_rules_refuse_is_a_refused_record(here: Line) -> None:
    """R-64: an invoice in a foreign currency is no dead letter; its record says why, and the next event heals it."""
    await here.client()
    await here.invoice(currency="EUR")
    await here.turns()

    record = await here.record("invoice/i1")
    assert (record["state"], here.books("Invoice"), await letters(here)) == ("refused", [], [])
    assert "EUR" in record["cause"]
    assert record["next_step"]

    await here.invoice(version=2)
    await here.turns()
    assert here.one("Invoice")["CurrencyRef"]["value"] == "USD"
    assert (await here.record("invoice/i1"))["state"] == "synced"


# --- versions ---


async def test_a_status_without_its_invoice_waits_for_it(here: Line) -> None:
    """A StatusChanged that came first is kept, says what it waits for, and holds once the invoice comes."""
    await here.client()
    await here.tell("StatusChanged", "invoice/i1", 5, status="Sent")
    await here.turns()
    record = await here.record("invoice/i1")
    assert (record["state"], here.books("Invoice")) == ("waiting", [])
    assert "status" in record["cause"]

    await here.invoice(version=4, status="Draft")
    await here.turns()

    invoice = here.one("Invoice")
    assert (invoice["EmailStatus"], invoice["TxnDate"]) == ("EmailSent", "2026-03-05")


async def test_repeats_late_arrivals_and_replays_cost_no_write(here: Line) -> None:
    """R-40, R-41: once QuickBooks has the newest version, whatever comes again, or comes late, is no call."""
    first = an_event("InvoiceCreated", "invoice/i1", 1, an_invoice(number="I1", message="One"))
    second = an_event("InvoiceEdited", "invoice/i1", 2, an_invoice(number="I1", message="Two"))
    third = an_event("InvoiceEdited", "invoice/i1", 3, an_invoice(number="I1", message="Three"))
    await here.client()
    await here.fold(third, first)
    await here.turns()
    before = len(here.writes())

    await here.fold(second, first, first, third)
    await here.turns()

    assert here.one("Invoice")["CustomerMemo"] == {"value": "Three"}
    assert len(here.writes()) == before


async def test_ten_edits_in_a_burst_are_one_write(here: Line) -> None:
    """Folding comes before writing: QuickBooks sees the last of them, and the outcome covers all."""
    await booked(here)
    before = len(here.writes())

    for version in range(2, 12):
        await here.invoice(version=version, message=f"Edit {version}")
    await here.turns()

    assert len(here.writes()) == before + 1
    assert here.one("Invoice")["CustomerMemo"] == {"value": "Edit 11"}
    outcome = (await here.told("SyncSucceeded"))[-1]
    assert (outcome.data["first_version"], outcome.data["last_version"]) == (2, 11)


async def test_what_is_told_has_an_id_that_its_returnversion_gives_it(here: Line) -> None:
    """Outcomes and payments: ids derive from subject, type and version, and each version of a subject is greater."""
    made = await booked(here)
    here.pay(made, "30.00")
    await here.poll()
    here.pay(made, "50.00")
    await here.poll()

    events = [event for event in await here.told() if event.subject == "invoice/i1"]

    versions = [event.data["returnversion"] for event in events]
    assert len(events) >= 3
    assert versions == sorted(set(versions))
    for event in events:
        make = identity.return_event_id if event.type == "PaymentReconciled" else identity.outcome_event_id
        version = event.data["returnversion"]
        assert event.id == make(tenant=here.tenant, subject=event.subject, type=event.type, returnversion=version)


# --- Paid (R-44) ---


async def test_a_paid_that_quickbooks_agrees_with_changes_nothing(here: Line) -> None:
    """R-44: the echo of a payment that QuickBooks has is no write, no complaint and no dead letter."""
    here.pay(await booked(here), "80.00")
    await here.poll()
    before, shown = len(here.writes()), here.one("Invoice")

    await paid(here, version=2)
    await here.turns()

    record = await here.record("invoice/i1")
    assert (record["state"], record["cause"]) == ("synced", None)
    assert (len(here.writes()), here.one("Invoice")) == (before, shown)
    assert await letters(here) == []


@pytest.mark.parametrize("amount", [None, "30.00"], ids=["no payment", "a part payment"])
async def test_a_paid_that_quickbooks_does_not_know_of_is_refused_on_the_record(here: Line, amount: str | None) -> None:
    """R-44: only QuickBooks makes an invoice paid; the record says so and why, and is never a dead letter."""
    made = await booked(here)
    if amount is not None:
        here.pay(made, amount)
        await here.poll()
    before, shown = len(here.writes()), here.one("Invoice")

    await paid(here, version=2)
    await here.turns()

    record = await here.record("invoice/i1")
    assert (len(here.writes()), here.one("Invoice")) == (before, shown)
    assert "Paid was refused: only QuickBooks can make an invoice paid" in record["cause"]
    assert "Record the payment in QuickBooks" in record["cause"]
    assert await letters(here) == []
    told = (await here.told("SyncSucceeded"))[-1]
    assert (told.data["last_version"], told.data["cause"]) == (2, record["cause"])


async def test_a_refused_paid_is_taken_back_once_the_payment_is_recorded(here: Line) -> None:
    """R-44, R-45: QuickBooks' payment comes back by itself, and what was said against the Paid is said no more."""
    made = await booked(here)
    await paid(here, version=2)
    await here.turns()
    assert (await here.record("invoice/i1"))["cause"] is not None

    here.pay(made, "80.00")
    await here.poll()
    await here.turns()

    record = await here.record("invoice/i1")
    assert (record["state"], record["cause"]) == ("synced", None)
    (event,) = await here.told("PaymentReconciled")
    assert event.data["invoice_status"] == "Paid"


async def test_a_paid_does_not_undo_the_status_nor_stop_the_next_edit(here: Line) -> None:
    """R-44: the status stays the newest of Draft, Sent and Overdue, and the invoice is edited as ever."""
    await booked(here, status="Draft")
    await paid(here, version=2)
    await here.turns()
    assert here.one("Invoice")["TxnDate"] == "2026-03-02"

    await here.tell("StatusChanged", "invoice/i1", 3, status="Sent")
    await here.turns()

    invoice, record = here.one("Invoice"), await here.record("invoice/i1")
    assert (invoice["EmailStatus"], invoice["TxnDate"], invoice["Balance"]) == ("EmailSent", "2026-03-05", 80)
    assert (record["state"], record["cause"]) == ("synced", None)


async def test_an_invoice_that_comes_as_paid_is_booked_as_sent(here: Line) -> None:
    """R-44: where there was no other status it is Sent; the money is QuickBooks' to record."""
    invoice = await booked(here, status="Paid")

    record = await here.record("invoice/i1")
    assert (invoice["EmailStatus"], invoice["Balance"]) == ("EmailSent", 80)
    assert record["state"] == "synced"
    assert "Paid was refused" in record["cause"]


# --- before the connection (R-01) ---


async def test_what_came_before_the_first_connection_is_applied_once_connected(here: Line) -> None:
    """R-01, R-16: a tenant nobody knew is made, unconnected; nothing leaves; then all of it does, each once."""
    new = TenantId("newcomer")
    client = an_event("ClientCreated", "client/c1", 1, {"name": "Client c1"}, tenant=new)
    edited = an_event("ClientEdited", "client/c1", 2, {"name": "Client c1", "phone": "555"}, tenant=new)
    invoice = an_event("InvoiceCreated", "invoice/i1", 1, an_invoice(number="I1"), tenant=new)
    await here.fold(client, invoice, edited)
    assert [lease.tenant for lease in await here.worker.keeper.claim() if lease.tenant == new] == []
    assert here.writes() == []

    await connect(here, new)
    here.tenant, here.lease = new, None
    await here.turns()

    assert here.one("Customer")["PrimaryPhone"] == {"FreeFormNumber": "555"}
    assert here.one("Invoice")["DocNumber"] == "I1"
    assert [entry.operation for entry in here.writes()] == ["create"] * 3
    assert {state for (state,) in await here.rows("SELECT state FROM sync_record")} == {"synced"}


async def connect(here: Line, tenant: TenantId) -> None:
    """A person connects the tenant to a company of its own, which the line then looks at."""
    sandbox = here.running.sandbox
    here.realm = sandbox.open_company(name="Newcomer", realm=None, zone=ZoneInfo("UTC"))
    _, refresh = sandbox.tokens.grant(here.realm.realm, sandbox.switches)
    assert here.settings.token_keys is not None
    cipher = TokenCipher.of(here.settings.token_keys.get_secret_value())
    wish = Enrolment(
        tenant=tenant,
        realm=RealmId(here.realm.realm),
        environment="production",
        refresh_token=cipher.encrypt(refresh),
        income_account="79",
    )
    async with here.database.transaction() as connection:
        await enrol(connection, wish)
