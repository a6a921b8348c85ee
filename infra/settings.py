"""Every address, secret and duration of klipsync: environment variables with the prefix KLIPSYNC_."""

import socket
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        msg = "must be longer than zero"
        raise ValueError(msg)
    return value


def _seconds(value: object) -> object:
    """A number, which an environment variable gives as text, is seconds; everything else is left as it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Duration = Annotated[timedelta, BeforeValidator(_seconds), AfterValidator(_positive)]
"""Seconds as a number, or ISO 8601 such as PT10S."""

AT_LEAST: Final = (
    ("lease", 3, ("lease_renewal",)),
    ("repeat_after", 1, ("call_time_out", "quickbooks_lag")),
    ("poll_overlap", 1, ("quickbooks_lag",)),
    ("give_up_open_after", 1, ("repeat_after",)),
    ("retry_longest", 1, ("retry_first",)),
    ("retry_give_up", 1, ("retry_longest",)),
)
"""Which duration lasts at least so many times as long as which others together."""


class Durations(BaseSettings):
    """How long everything lasts. All of it may be shortened; none of it may contradict the rest."""

    model_config = SettingsConfigDict(env_prefix="KLIPSYNC_", extra="ignore", frozen=True)

    lease: Duration = timedelta(seconds=10)
    """A tenant's owner is its owner for so long after its last renewal: three missed renewals."""
    lease_renewal: Duration = timedelta(seconds=3)
    call_time_out: Duration = timedelta(seconds=120)
    """QuickBooks cuts a request off after 120 s (Intuit: learn/limits-and-throttles)."""
    quickbooks_lag: Duration = timedelta(seconds=60)
    """QuickBooks' queries and its change feed may show a company as it was so long ago; reads by id do not."""
    repeat_after: Duration = timedelta(seconds=185)
    """An unanswered write is not looked for sooner: QuickBooks may be at work on it for the whole time-out, and only
    then begins the time until it shows. 5 s are for the connection, which may come after the write was stored."""
    give_up_open_after: Duration = timedelta(minutes=10)
    """A create that is absent in QuickBooks for so long was not executed."""
    retry_first: Duration = timedelta(seconds=30)
    retry_longest: Duration = timedelta(hours=1)
    retry_give_up: Duration = timedelta(hours=24)
    throttle_pause: Duration = timedelta(seconds=60)
    outage_pause: Duration = timedelta(seconds=30)
    poll_every: Duration = timedelta(seconds=60)
    poll_overlap: Duration = timedelta(minutes=5)
    """How far back the change feed is read again, against late rows and clock differences."""
    idle_wait: Duration = timedelta(seconds=1)
    """How long a worker with nothing due waits for a wake-up before it looks again."""
    head_start: Duration = timedelta(seconds=5)
    """So long, at most, a worker that starts lets intake look at Kafka before it claims: a restored database is noticed
    before anything is created. With Kafka away it then goes on without."""
    stop_grace: Duration = timedelta(seconds=8)
    """On SIGTERM calls under way may finish for so long."""
    poison_retry: Duration = timedelta(seconds=30)
    """A message that cannot be folded is tried three times more over this long."""
    idle_transaction: Duration = timedelta(seconds=10)
    """The database ends a transaction in which nothing happens for so long: a suspended worker must not keep locks."""
    database_backoff: Duration = timedelta(seconds=5)
    """The longest wait between two tries when the database or Kafka is out of reach."""
    outbox_lease: Duration = timedelta(seconds=10)
    keep_sent: Duration = timedelta(days=3)
    """Relayed outbox rows are kept for so long, for a person to look at."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        for longer, times, others in AT_LEAST:
            if getattr(self, longer) < times * sum((getattr(self, one) for one in others), timedelta()):
                often = {1: "as long as", 3: "three times"}[times]
                needed = " and ".join(f"KLIPSYNC_{one.upper()}" for one in others)
                together = " together" if len(others) > 1 else ""
                msg = f"KLIPSYNC_{longer.upper()} must be at least {often} {needed}{together}"
                raise ValueError(msg)
        return self


class Settings(Durations):
    """The whole configuration of a process."""

    state: Path = Path(".klipsync")
    """Where embedded parts keep their data and logs."""
    kafka: str | None = None
    """host:port of Kafka; without it the embedded one is started."""
    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    """Stands before the names of topics and group: installations that share one Kafka need different ones."""
    database: SecretStr | None = None
    """SQLAlchemy URL (postgresql+asyncpg://…); without it the embedded PostgreSQL is started."""
    worker_name: str = Field(default_factory=socket.gethostname, min_length=1, max_length=100)
    """Stable over restarts and different for every worker."""
    token_keys: SecretStr | None = None
    """Fernet keys, comma separated; the first encrypts, all decrypt."""
    quickbooks_api: str = "https://quickbooks.api.intuit.com"
    quickbooks_token_url: str = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    calls_per_minute: int = Field(default=500, ge=1)
    calls_per_second: int = Field(default=10, ge=1)
    calls_in_flight: int = Field(default=10, ge=1)
    partitions: int = Field(default=12, ge=1)
    intake_batch: int = Field(default=500, ge=1)
    log_json: bool = False
    """Logs as one line of JSON for each event, instead of lines for people."""
    metrics_port: int | None = Field(default=None, ge=0, le=65_535)
    """The port of /metrics and /health, on every address of the machine; 0 takes any free one. Without it: none."""

    def seconds(self, name: str) -> float:
        """One of the durations, in seconds."""
        value: timedelta = getattr(self, name)
        return value.total_seconds()
