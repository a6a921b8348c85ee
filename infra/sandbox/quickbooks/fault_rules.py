"""Faults on request: which calls are to be broken, how, and how often. Seeded, so that a run can be repeated."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Literal

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.fault_conditions import checked
from infra.sandbox.quickbooks.gateway_bodies import given_answer

Breakage = Literal[
    "lose_answer",
    "cut_before",
    "cut_mid",
    "delay",
    "delay_after",
    "drip",
    "malformed",
    "status",
    "status_after",
]
OAUTH_ENTITIES = {"token", "revoke", "authorize", "userinfo", "discovery"}


@dataclass(frozen=True, slots=True)
class Call:
    """What a rule may look at."""

    realm: str | None
    method: str
    path: str
    entity: str | None  # lower case; "query", "cdc", "batch"; for the OAuth endpoints one of theirs
    operation: str | None = None  # create, update, void, delete, send, read, query, cdc, batch
    app: str | None = None  # client id


@dataclass(slots=True)
class FaultRule:
    """One way to break calls. Conditions that are None match everything but the OAuth endpoints.

    Not executed: cut_before closes the connection; status answers with `status` and `body`, or with the page or fault
    that is `named`. Executed all the same: lose_answer closes without an answer; status_after answers as status
    does; malformed answers with half of the body, or with `body`; cut_mid closes after half of it; drip sends it in
    pieces over `seconds`; delay_after answers `seconds` late. delay waits `seconds` before executing.
    """

    id: str
    kind: Breakage
    realm: str | None = None
    app: str | None = None
    method: str | None = None
    entity: str | None = None
    operation: str | None = None
    path_contains: str | None = None
    status: int = 503
    body: str = ""
    named: str | None = None
    seconds: float = 1.0
    rate: float = 1.0
    count: int | None = None  # how many calls it may still break; None: without end
    after: int = 0  # how many matching calls it still lets through first
    seed: int = 0
    broken: int = 0
    _random: Random = field(default_factory=Random, repr=False)

    def __post_init__(self) -> None:
        """Begin the rule's own chance."""
        self._random = Random(self.seed)

    def matches(self, call: Call) -> bool:
        """Whether the conditions hold for this call; says nothing of rate and count."""
        if call.entity in OAUTH_ENTITIES and not (self.path_contains or self.entity == call.entity):
            return False
        return (
            self.realm in (None, call.realm)
            and self.app in (None, call.app)
            and (self.method is None or self.method.upper() == call.method)
            and (self.entity is None or self.entity.lower() == call.entity)
            and self.operation in (None, call.operation)
            and (self.path_contains is None or self.path_contains in call.path)
        )

    def strikes(self, call: Call) -> bool:
        """Whether this call is broken; counts it."""
        if self.count == 0 or not self.matches(call):
            return False
        if self.after:
            self.after -= 1
            return False
        if self._random.random() >= self.rate:
            return False
        self.broken += 1
        if self.count is not None:
            self.count -= 1
        return True

    def answer(self, now: datetime) -> Answer:
        """What `status` and `status_after` answer; `now` is in the company's time zone."""
        return given_answer(named=self.named, status=self.status, body=self.body, now=now)

    def shown(self) -> dict[str, Any]:
        """As the control API tells it."""
        told = asdict(self)
        told.pop("_random")
        return told


class FaultRules:
    """The rules of one sandbox, in the order they were made; the first that strikes wins."""

    def __init__(self) -> None:
        self._rules: dict[str, FaultRule] = {}
        self._made = 0

    def add(self, **wanted: Any) -> FaultRule:  # noqa: ANN401 - checked by name
        """A new rule. Raises ValueError that names the wrong field, and what it may be."""
        conditions = checked(wanted)
        self._made += 1
        rule = FaultRule(id=str(self._made), **conditions)
        self._rules[rule.id] = rule
        return rule

    def remove(self, rule_id: str | None = None) -> None:
        """Take one rule away, or all."""
        if rule_id is None:
            self._rules.clear()
        else:
            self._rules.pop(rule_id, None)

    def __iter__(self) -> Iterator[FaultRule]:
        return iter(self._rules.values())

    def striking(self, call: Call) -> FaultRule | None:
        """The rule that breaks this call."""
        return next((rule for rule in self._rules.values() if rule.strikes(call)), None)
