"""Ports with somebody at the gate who counts; they change nothing."""

from collections.abc import Mapping, Sequence
from typing import Final, Self

from yarl import URL

from consumers.ports import Arrived, Log, Place, Standing
from infra.quickbooks.queries import BATCH
from infra.quickbooks.transport import NotSent, Reply, Request, Transport
from infra.telemetry import metrics
from infra.telemetry.vitals import Loop, Vitals
from producers.kafka import Kafka
from schemas.envelope import Message

_BY_PATH: Final = {"query": "query", "cdc": "changes", BATCH.strip("/"): "batch"}
_BY_STATUS: Final = {401: "unauthorised", 429: "throttled"}
UNANSWERED: Final = "unanswered"
_FIRST_FAULT, _FIRST_FAILURE = 400, 500


class CountedTransport:
    """Counts what goes to QuickBooks and what comes back."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109 - the port's word
        """As the transport does."""
        outcome = UNANSWERED  # so it stays when this is cancelled: the request may have left
        try:
            reply = await self._transport.send(request, timeout=timeout)
            outcome = outcome_of(reply.status)
        except NotSent:
            outcome = "never_left"
            raise
        finally:
            metrics.CALLS.labels(verb_of(request), outcome).inc()
        return reply


def verb_of(request: Request) -> str:
    """What a request asks for; see `metrics.CALLS`."""
    path = URL(request.url).path
    if "/company/" not in path:
        return "token"
    asked = _BY_PATH.get(path.rpartition("/")[2])
    if asked is not None:
        return asked
    if request.method != "POST":
        return "read"
    # An update names the version that it changes. Within a text of JSON these quotes would be escaped.
    return "update" if b'"SyncToken"' in (request.body or b"") else "create"


def outcome_of(status: int) -> str:
    """What an HTTP status says about a call; see `metrics.CALLS`."""
    if status >= _FIRST_FAILURE:
        return UNANSWERED
    return _BY_STATUS.get(status, "faulted" if status >= _FIRST_FAULT else "accepted")


class CountedKafka:
    """Counts what Kafka acknowledges."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka

    async def __aenter__(self) -> Self:
        await self._kafka.__aenter__()
        return self

    async def __aexit__(self, *left: object) -> None:
        await self._kafka.__aexit__(*left)

    async def send(self, messages: Sequence[Message]) -> None:
        """As Kafka does."""
        await self._kafka.send(messages)
        for message in messages:
            metrics.RELAYED.labels(message.topic).inc()


class WatchedLog:
    """Notes when intake comes round: when it begins a pass after one that did not fail, and when it tells of a fold.

    Both count, because one pass may hold several messages that are each tried for half a minute.
    """

    def __init__(self, log: Log, vitals: Vitals) -> None:
        self._log = log
        self._vitals = vitals
        self._taken = False

    @property
    def cluster(self) -> str:
        """As the log says."""
        return self._log.cluster

    async def unplaced(self) -> Sequence[Standing]:
        """As the log says. Asked first in each pass, so what the last one took is folded now."""
        if self._taken:
            self._vitals.beat(Loop.INTAKE)
        self._taken = False
        return await self._log.unplaced()

    def start_from(self, starts: Mapping[Place, int]) -> None:
        """As the log does."""
        self._log.start_from(starts)

    async def take(self, *, limit: int, seconds: float) -> Sequence[Arrived]:
        """As the log does."""
        arrived = await self._log.take(limit=limit, seconds=seconds)
        self._taken = True
        return arrived

    async def commit(self, following: Mapping[Place, int]) -> None:
        """As the log does."""
        await self._log.commit(following)
        self._vitals.beat(Loop.INTAKE)

    def forget(self) -> None:
        """As the log does. So a pass ends that failed: it was none."""
        self._taken = False
        self._log.forget()
