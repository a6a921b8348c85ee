"""Faults on request: which calls are to be broken, how, and how often. Seeded, so that a run can be repeated."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, Literal, get_args

Breakage = Literal["lose_answer", "cut_before", "delay", "status"]
TOKEN_ENTITY = "token"


@dataclass(frozen=True, slots=True)
class Call:
    """What a rule may look at."""

    realm: str | None
    method: str
    path: str
    entity: str | None  # lower case; "token" for the token endpoint, "query", "cdc"


@dataclass(slots=True)
class FaultRule:
    """One way to break calls. Conditions that are None match everything but the token endpoint.

    lose_answer: the call is executed, then the connection is closed without an answer. cut_before: closed, nothing
    executed. delay: waits `seconds` before executing. status: answered with `status` and `body`, nothing executed.
    """

    id: str
    kind: Breakage
    realm: str | None = None
    method: str | None = None
    entity: str | None = None
    path_contains: str | None = None
    status: int = 503
    body: str = ""
    seconds: float = 1.0
    rate: float = 1.0
    count: int | None = None  # how many calls it may still break; None: without end
    seed: int = 0
    broken: int = 0
    _random: Random = field(default_factory=Random, repr=False)

    def __post_init__(self) -> None:
        """Check what came from outside. Raises ValueError."""
        if self.kind not in get_args(Breakage):
            raise ValueError(f"kind is one of {', '.join(get_args(Breakage))}")
        self._random = Random(self.seed)

    def matches(self, call: Call) -> bool:
        """Whether the conditions hold for this call; says nothing of rate and count."""
        if call.entity == TOKEN_ENTITY and not (self.path_contains or self.entity == TOKEN_ENTITY):
            return False
        return (
            self.realm in (None, call.realm)
            and (self.method is None or self.method.upper() == call.method)
            and (self.entity is None or self.entity.lower() == call.entity)
            and (self.path_contains is None or self.path_contains in call.path)
        )

    def strikes(self, call: Call) -> bool:
        """Whether this call is broken; counts it."""
        if self.count == 0 or not self.matches(call) or self._random.random() >= self.rate:
            return False
        self.broken += 1
        if self.count is not None:
            self.count -= 1
        return True

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

    def add(self, **wanted: Any) -> FaultRule:  # noqa: ANN401 - checked by the rule itself
        """A new rule. Raises ValueError or TypeError for what is no condition."""
        self._made += 1
        rule = FaultRule(id=str(self._made), **wanted)
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
