"""The envelope: what is read, what is refused, and what a person is told then."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import topics
from schemas.clients import Client
from schemas.commands import SyncRequested
from schemas.envelope import Reason, Unreadable, decode, encode, outgoing
from schemas.invoices import Invoice
from schemas.kinds import Kind, TenantId
from tests.unit.envelopes import INVOICE, message

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DEEP = 100_000


def refusal(**changed: object) -> Unreadable:
    """What reading says about the usual message with this change."""
    with pytest.raises(Unreadable) as caught:
        decode(message(**changed))  # type: ignore[arg-type]
    return caught.value


def test_a_message_becomes_an_event_with_its_data_both_raw_and_parsed() -> None:
    """Unknown fields and headers of others are left alone, and the raw data keeps them."""
    sent = message(data={"name": "Harbour Hotel", "loyalty": "gold"}, more=(("ce_partner", b"x"), ("trace", b"\xff")))

    event = decode(sent)

    assert (event.kind, event.subject_id, event.tenant, event.version) == (Kind.CLIENT, "c-17", "acme", 5)
    assert event.data == {"name": "Harbour Hotel", "loyalty": "gold"}
    assert event.fact == Client(name="Harbour Hotel")
    assert event.time == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert event.schema_version == 1


def test_a_message_without_a_key_is_read_by_its_header() -> None:
    """The tenant is in the header; the key only chooses the partition."""
    assert decode(message(key=None)).tenant == "acme"


def test_numbers_with_a_point_stay_exact_in_unknown_fields() -> None:
    """What we keep for later is what was sent, to the digit."""
    event = decode(message(value=b'{"name": "A", "rate": 0.1000000000000000055}'))

    assert event.data["rate"] == Decimal("0.1000000000000000055")


@pytest.mark.parametrize(
    ("changed", "reason", "words"),
    [
        ({"value": None}, Reason.NOT_DECODABLE, "value: is empty"),
        ({"value": b"\xff\xfe"}, Reason.NOT_DECODABLE, "data: is no UTF-8"),
        ({"value": b"{"}, Reason.NOT_DECODABLE, "data: is no JSON"),
        ({"value": b"[]"}, Reason.NOT_DECODABLE, "data: must be a JSON object"),
        ({"value": b'{"name": "A", "name": "B"}'}, Reason.NOT_DECODABLE, "'name' comes twice"),
        ({"value": b'{"name": "A", "x": NaN}'}, Reason.NOT_DECODABLE, "NaN"),
        ({"value": b'{"name": "A", "x": -Infinity}'}, Reason.NOT_DECODABLE, "Infinity"),
        ({"value": b'{"name": ' + b"[" * DEEP}, Reason.NOT_DECODABLE, "nested too deeply"),
        ({"value": b'{"x": ' + b"[" * 40 + b"]" * 40 + b"}"}, Reason.SCHEMA_VIOLATION, "nested more than"),
        ({"data": {"name": "A\x00B"}}, Reason.SCHEMA_VIOLATION, "data.name: may not hold NUL"),
        ({"data": {"name": "A", "x": [{"y": "\x00"}]}}, Reason.SCHEMA_VIOLATION, "data.x[0].y: may not hold NUL"),
        ({"data": {"name": "A", "\x00": 1}}, Reason.SCHEMA_VIOLATION, "name with NUL"),
        ({"value": b'{"name": "\\ud800"}'}, Reason.SCHEMA_VIOLATION, "half a surrogate pair"),
        ({"data": {"name": "A", "x": 2**63}}, Reason.SCHEMA_VIOLATION, "data.x: is an integer beyond 64 bits"),
        ({"value": b'{"name": "A", "x": 1e999999}'}, Reason.SCHEMA_VIOLATION, "data.x: is a number out of any use"),
        ({"data": {}}, Reason.SCHEMA_VIOLATION, "data.name: is missing; add it"),
        ({"data": {"name": 5}}, Reason.SCHEMA_VIOLATION, "data.name: input should be a valid string"),
        ({"data": {"name": "x" * 1024 * 1024}}, Reason.TOO_LARGE, "at most 1048576"),
        ({"tenantid": None}, Reason.NO_TENANT_ID, "tenantid: is missing"),
        ({"tenantid": "  "}, Reason.NO_TENANT_ID, "tenantid: is missing"),
        ({"key": b"other"}, Reason.WRONG_KEY, "key: differs from tenantid"),
        ({"type": "ClientExploded"}, Reason.UNKNOWN_TYPE, "known are ClientArchived"),
        ({"dataschema": "urn:klipsync:ClientCreated:2"}, Reason.UNKNOWN_VERSION, "known are 1"),
        ({"dataschema": "urn:klipsync:ClientEdited:1"}, Reason.BAD_ATTRIBUTE, "urn:klipsync:ClientCreated:1"),
        ({"aggregateversion": None}, Reason.NO_VERSION, "aggregateversion: is missing"),
        ({"aggregateversion": str(2**63)}, Reason.NO_VERSION, "64 bits"),
        ({"aggregateversion": "-1"}, Reason.NO_VERSION, "plain digits"),
        ({"aggregateversion": "٣"}, Reason.NO_VERSION, "plain digits"),
        ({"subject": "client"}, Reason.BAD_ATTRIBUTE, "such as invoice/17"),
        ({"subject": "client/"}, Reason.BAD_ATTRIBUTE, "such as invoice/17"),
        ({"subject": "invoice/17"}, Reason.BAD_ATTRIBUTE, "must be client/<id>, not 'invoice'"),
        ({"subject": None}, Reason.BAD_ATTRIBUTE, "subject: is missing"),
        ({"specversion": "0.3"}, Reason.BAD_ATTRIBUTE, "specversion"),
        ({"specversion": None}, Reason.BAD_ATTRIBUTE, "specversion: is missing"),
        ({"id": None}, Reason.BAD_ATTRIBUTE, "id: is missing"),
        ({"id": "a\x00b"}, Reason.BAD_ATTRIBUTE, "id: holds NUL"),
        ({"source": None}, Reason.BAD_ATTRIBUTE, "source: is missing"),
        ({"time": None}, Reason.BAD_ATTRIBUTE, "time: is missing"),
        ({"time": "yesterday"}, Reason.BAD_ATTRIBUTE, "RFC 3339"),
        ({"time": "2026-03-02T09:30:00"}, Reason.BAD_ATTRIBUTE, "RFC 3339"),
        ({"more": (("ce_id", b"e-2"),)}, Reason.NOT_DECODABLE, "ce_id: comes twice"),
        ({"more": (("content-type", b"application/cloudevents+json"),)}, Reason.NOT_DECODABLE, "structured mode"),
        ({"more": (("content-type", b"application/avro"),)}, Reason.NOT_DECODABLE, "application/json"),
        ({"more": (("ce_traceparent", b"\xff"),)}, Reason.NOT_DECODABLE, "headers: are no UTF-8"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(changed: dict[str, object], reason: Reason, words: str) -> None:
    """A dead letter says by code and by sentence what to correct."""
    error = refusal(**changed)

    assert error.reason is reason
    assert words in str(error)


def test_a_field_nobody_knows_is_refused_at_the_producer_alone() -> None:
    """A producer's slip is told to the producer; a consumer is lenient."""
    sent = message(data={"name": "A", "emial": "a@b.example"})

    assert decode(sent).fact == Client(name="A")
    with pytest.raises(Unreadable, match=r"data\.emial: is no field of this type"):
        decode(sent, strict=True)


@pytest.mark.parametrize("amount", [15, 15.0])
def test_an_amount_as_a_json_number_is_refused(amount: float) -> None:
    """Money is a decimal string, never a float."""
    error = refusal(data={**INVOICE, "total": amount}, type="InvoiceCreated", subject="invoice/1")

    assert error.reason is Reason.SCHEMA_VIOLATION
    assert "data.total" in str(error)
    assert "decimal strings" in str(error)


def test_a_total_that_is_not_the_sum_says_both_numbers() -> None:
    """A person sees at once which of the two is wrong."""
    error = refusal(data={**INVOICE, "total": "15.01"}, type="InvoiceCreated", subject="invoice/1")

    assert "15.01" in str(error)
    assert "15.00" in str(error)


def test_a_malformed_traceparent_is_ignored() -> None:
    """W3C Trace Context: it never makes a message unreadable."""
    good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    assert decode(message(traceparent="nonsense")).traceparent is None
    assert decode(message(traceparent=good)).traceparent == good


def test_a_message_of_exactly_the_limit_is_read() -> None:
    """1 MiB is allowed, one byte more is not."""
    empty = message(data={"name": "A", "x": ""}).size
    room = topics.MAX_MESSAGE - empty

    assert decode(message(data={"name": "A", "x": "x" * room})).id == "e-1"
    assert refusal(data={"name": "A", "x": "x" * (room + 1)}).reason is Reason.TOO_LARGE


def test_an_event_of_our_own_over_the_limit_is_not_sent() -> None:
    """Better told to whoever made it than put aside by whoever reads it."""
    lines = [
        {"id": str(n), "name": "n", "description": "d" * 4000, "quantity": "1", "unit_price": "1.00"}
        for n in range(300)
    ]
    fact = Invoice.model_validate({**INVOICE, "lines": lines, "total": "300.00"})
    event = outgoing(
        type="InvoiceCreated", tenant=TenantId("t"), subject="invoice/1", fact=fact, id="1", time=NOON, version=1
    )

    with pytest.raises(Unreadable, match="at most"):
        encode(event)


def test_a_command_names_its_own_tenant_and_needs_no_version() -> None:
    """SyncRequested is about the tenant itself."""
    fact = SyncRequested(requested_by="anna")
    event = outgoing(type="SyncRequested", tenant=TenantId("acme"), subject="tenant/acme", fact=fact, id="1", time=NOON)

    assert (event.kind, event.version) == (None, None)
    assert encode(event).topic == topics.COMMANDS
    with pytest.raises(Unreadable, match="another tenant"):
        outgoing(type="SyncRequested", tenant=TenantId("acme"), subject="tenant/x", fact=fact, id="1", time=NOON)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=50)


@given(name=TEXT, notes=TEXT, version=st.integers(0, 2**63 - 1), when=st.datetimes(timezones=st.just(UTC)))
def test_whatever_is_written_reads_back_the_same(name: str, notes: str, version: int, when: datetime) -> None:
    """Encoding and decoding lose nothing, whatever the letters."""
    event = outgoing(
        type="ClientEdited",
        tenant=TenantId("müller"),
        subject="client/ü/7",
        fact=Client(name=name, notes=notes),
        id="e",
        time=when,
        version=version,
    )

    assert decode(encode(event), strict=True) == event


@given(key=st.none() | st.binary(), value=st.none() | st.binary(), headers=st.dictionaries(TEXT, st.binary()))
def test_no_message_breaks_the_reader(key: bytes | None, value: bytes | None, headers: dict[str, bytes]) -> None:
    """Rubbish is unreadable; it is never any other error."""
    sent = message(key=key, value=value or None, more=tuple(headers.items()))

    try:
        decode(sent)
    except Unreadable as error:
        assert error.problems  # noqa: PT017 - whether it raises depends on the message
