"""Every table of klipsync. Migrations are made from these; SQL that matters is written by hand beside its use."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

NOW = text("clock_timestamp()")


def _when(*, null: bool = True) -> Any:  # noqa: ANN401 - SQLModel's Field is Any
    default = None if null else NOW
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=null, server_default=default))


def _json(*, null: bool = False) -> Any:  # noqa: ANN401
    return Field(default=None, sa_column=Column(JSONB, nullable=null, server_default=None if null else text("'{}'")))


def _big(default: int | None = 0) -> Any:  # noqa: ANN401
    server = None if default is None else text(str(default))
    return Field(default=default, sa_column=Column(BigInteger, nullable=default is None, server_default=server))


class Tenant(SQLModel, table=True):
    """One Klipboard company: settings, pauses, and when it is to be polled next."""

    id: str = Field(primary_key=True)
    name: str = ""
    time_zone: str = "UTC"
    currency: str = "USD"
    income_account: str | None = None
    settings: dict[str, Any] = _json()
    operator_pause: str | None = None
    pause_cause: str | None = None
    paused_until: datetime | None = _when()
    next_poll_at: datetime | None = _when()
    polled_at: datetime | None = _when()
    rewound_at: datetime | None = _when()
    """When the database was found to have gone back in time: nothing is created before the feed was read since."""
    rewound_to: datetime | None = _when()
    """The moment it went back to: what QuickBooks shows as made between the two may be ours."""
    created_at: datetime = _when(null=False)


class Connection(SQLModel, table=True):
    """The OAuth grant of a tenant; tokens are encrypted."""

    tenant_id: str = Field(primary_key=True, foreign_key="tenant.id")
    realm: str
    environment: str
    access_token: bytes | None = None
    access_expires_at: datetime | None = _when()
    refresh_token: bytes
    refresh_expires_at: datetime | None = _when()
    consent: int = _big(1)
    session: str = "stay_connected"
    state: str = "connected"
    cause: str | None = None
    connected_at: datetime = _when(null=False)


class Lease(SQLModel, table=True):
    """Who may act for a tenant, until when by this database's clock, and the fence."""

    tenant_id: str = Field(primary_key=True, foreign_key="tenant.id")
    owner: str
    session: str
    fence: int = _big(0)
    expires_at: datetime = _when(null=False)


class OutboxLease(SQLModel, table=True):
    """Who may relay one shard of the outbox."""

    __tablename__ = "outbox_lease"
    shard: int = Field(primary_key=True)
    owner: str
    session: str
    expires_at: datetime = _when(null=False)


class Worker(SQLModel, table=True):
    """The newest process of each worker name; an older one of the same name stops."""

    name: str = Field(primary_key=True)
    session: str
    started_at: datetime = _when(null=False)
    seen_at: datetime = _when(null=False)


class SyncRecord(SQLModel, table=True):
    """The desired and the known state of one Klipboard thing."""

    __tablename__ = "sync_record"
    __table_args__ = (
        Index(
            "sync_record_due",
            "tenant_id",
            text("coalesce(next_attempt_at, '-infinity'::timestamptz)"),
            postgresql_where=text("revision <> settled_revision"),
        ),
        Index(
            "sync_record_waits_for",
            "tenant_id",
            "waits_kind",
            "waits_id",
            postgresql_where=text("waits_id is not null"),
        ),
        Index("sync_record_state", "tenant_id", "state"),
        Index("sync_record_reread", "tenant_id", postgresql_where=text("reread")),
    )
    tenant_id: str = Field(primary_key=True, foreign_key="tenant.id")
    kind: str = Field(primary_key=True)
    klipboard_id: str = Field(primary_key=True)
    desired: dict[str, Any] = _json()
    revision: int = _big(0)
    settled_revision: int = _big(0)
    settled_version: int = _big(-1)
    state: str = "pending"
    cause: str | None = None
    next_step: str | None = None
    waits_kind: str | None = None
    waits_id: str | None = None
    next_attempt_at: datetime | None = _when()
    first_failed_at: datetime | None = _when()
    tries: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    generation: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    refusals: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    return_version: int = _big(0)
    sent: dict[str, Any] = _json()
    seen: dict[str, Any] | None = _json(null=True)
    unreturned: dict[str, Any] = _json()
    reread: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """The change feed showed this object while an attempt was open: read it again when the attempt closes."""
    folded_at: datetime | None = _when()
    settled_at: datetime | None = _when()


class Link(SQLModel, table=True):
    """Klipboard id ↔ QuickBooks object. Never pruned."""

    __table_args__ = (Index("link_object", "ledger", "realm", "type", "quickbooks_id", unique=True),)
    ledger: str = Field(primary_key=True, default="quickbooks")
    realm: str = Field(primary_key=True)
    tenant_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    klipboard_id: str = Field(primary_key=True)
    type: str
    quickbooks_id: str
    token: str
    linked_at: datetime = _when(null=False)


class Attempt(SQLModel, table=True):
    """One operation in one call, stored with its exact bytes before it leaves; open while `outcome` is null."""

    __table_args__ = (
        Index(
            "attempt_open", "tenant_id", "kind", "klipboard_id", unique=True, postgresql_where=text("outcome is null")
        ),
        Index("attempt_echo", "realm", "type", "quickbooks_id", "token_answered"),
        Index("attempt_sent", "realm", "sent_at"),
    )
    id: str = Field(primary_key=True)
    call_id: str
    bid: str | None = None
    tenant_id: str
    kind: str
    klipboard_id: str
    operation: str
    note: str | None = None
    type: str
    path: str
    request_id: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    fields: dict[str, Any] = _json()
    planned_revision: int = _big(0)
    first_version: int | None = _big(None)
    last_version: int = _big(0)
    realm: str
    fence: int = _big(0)
    first_sent_at: datetime = _when(null=False)
    sent_at: datetime = _when(null=False)
    repeats: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    answered_at: datetime | None = _when()
    next_step_at: datetime | None = _when()
    quickbooks_id: str | None = None
    token_answered: str | None = None
    outcome: str | None = None
    fault: dict[str, Any] | None = _json(null=True)
    intuit_tid: str | None = None


class ReadCall(SQLModel, table=True):
    """A read noted before it leaves: it spends the same budget as a write, and the app's monthly allowance."""

    __tablename__ = "read_call"
    __table_args__ = (Index("read_call_sent", "realm", "sent_at"),)
    id: str = Field(primary_key=True)
    tenant_id: str
    realm: str
    path: str
    sent_at: datetime = _when(null=False)
    answered_at: datetime | None = _when()


class PaymentApplication(SQLModel, table=True):
    """One line of one QuickBooks payment: so much of it on that transaction, as last read and as last told."""

    __tablename__ = "payment_application"
    __table_args__ = (Index("payment_application_txn", "realm", "txn_type", "txn_id"),)
    realm: str = Field(primary_key=True)
    payment_type: str = Field(primary_key=True, default="Payment")
    payment_id: str = Field(primary_key=True)
    txn_type: str = Field(primary_key=True)
    txn_id: str = Field(primary_key=True)
    tenant_id: str
    amount: Decimal = Field(sa_column=Column(Numeric(18, 2), nullable=False))
    currency: str = "USD"
    paid_on: date
    method: str | None = None
    reference: str | None = None
    payment_token: str
    state: str = "applied"
    reason: str | None = None
    told: str | None = None
    """Digest of what was last published about it; null when nothing was."""
    changed_at: datetime = _when(null=False)


class QuickBooksOnly(SQLModel, table=True):
    """An object of QuickBooks that belongs to no record: counted, listed, and judged again when a create closes."""

    __tablename__ = "quickbooks_only"
    __table_args__ = (Index("quickbooks_only_name", "realm", "type", "name"),)
    realm: str = Field(primary_key=True)
    type: str = Field(primary_key=True)
    quickbooks_id: str = Field(primary_key=True)
    tenant_id: str
    name: str | None = None
    """DisplayName, Name or DocNumber."""
    token: str
    seen: dict[str, Any] = _json()
    deleted_at: datetime | None = _when()
    first_seen_at: datetime = _when(null=False)


class ReferenceData(SQLModel, table=True):
    """What QuickBooks is master of and we only look up: payment methods now."""

    __tablename__ = "reference_data"
    realm: str = Field(primary_key=True)
    type: str = Field(primary_key=True)
    quickbooks_id: str = Field(primary_key=True)
    name: str
    read_at: datetime = _when(null=False)


class Outbox(SQLModel, table=True):
    """A message to Kafka, stored in the transaction that made it true; relayed later, in order within a tenant."""

    __table_args__ = (Index("outbox_unsent", "shard", "id", postgresql_where=text("sent_at is null")),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    shard: int
    tenant_id: str | None = None
    topic: str
    key: bytes | None = None
    headers: list[Any] = _json()
    value: bytes | None = None
    created_at: datetime = _when(null=False)
    sent_at: datetime | None = _when()


class Cursor(SQLModel, table=True):
    """How far a realm's change feed was read, by QuickBooks' clock."""

    realm: str = Field(primary_key=True)
    feed: str = Field(primary_key=True, default="cdc")
    tenant_id: str
    changed_since: datetime = _when(null=False)


class IntakeOffset(SQLModel, table=True):
    """The next offset to fold, per Kafka cluster, topic and partition: the truth, whatever Kafka's own commit says."""

    __tablename__ = "intake_offset"
    cluster_id: str = Field(primary_key=True)
    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    next_offset: int = _big(0)
    moved_at: datetime = _when(null=False)


class OperatorAction(SQLModel, table=True):
    """What a person asked for: a replay mark, a pause, a new connection."""

    __tablename__ = "operator_action"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    tenant_id: str | None = None
    action: str
    details: dict[str, Any] = _json()
    at: datetime = _when(null=False)
