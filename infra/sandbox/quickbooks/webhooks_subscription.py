"""Where an app wants to be told of changes, and how well or badly the post works on the way there."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit

from infra.sandbox.quickbooks.oauth.apps import CLIENT_ID, VERIFIER_TOKEN, Apps
from infra.sandbox.quickbooks.webhooks_events import Event, operations_of
from infra.sandbox.quickbooks.webhooks_retries import Policy
from infra.sandbox.quickbooks.wire import Doc

Entities = Mapping[str, frozenset[str]]  # entity -> operations that are told


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One URL of an app. Times are sandbox seconds, but for `answer_seconds`, which are real ones."""

    url: str
    app: str = CLIENT_ID
    format: Literal["classic", "cloudevents"] = "classic"
    verifier_token: str = VERIFIER_TOKEN
    entities: Entities | None = None  # None: all that QuickBooks tells
    realms: frozenset[str] | None = None  # None: all companies that are connected to the app
    realms_together: bool = True  # companies share a body, or each has its own
    delay_seconds: float = 1.0  # from the first event to the body that tells it, at least
    aggregate_seconds: float = 1.0  # a body takes in what happens so long after its first event
    touched_lists: bool = False  # tell of customers, vendors, accounts and items of which only a balance moved
    duplicates: float = 0.0  # how many of the bodies that were taken come a second time, from 0 to 1
    shuffle: bool = False  # events within a body in any order, and later bodies may overtake
    seed: int = 0  # of ids, duplicates and order: the same seed and the same changes give the same bodies
    retries: Policy = "new"
    hold_later: bool = False  # nothing else is sent while a body waits for its next attempt
    void_verb: Literal["void", "voided"] = "void"  # in CloudEvents
    answer_seconds: float = 3.0  # real seconds an endpoint has to answer

    def wants(self, event: Event) -> bool:
        """Whether the app has asked to be told of this."""
        if self.realms is not None and event.realm not in self.realms:
            return False
        return self.entities is None or event.operation in self.entities.get(event.entity, ())

    def shown(self) -> Doc:
        """As the control API tells it."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.entities is not None:
            told["entities"] = {entity: sorted(operations) for entity, operations in self.entities.items()}
        return {**told, "realms": None if self.realms is None else sorted(self.realms)}


def read_subscription(body: Doc, *, apps: Apps, seed: int) -> Subscription:
    """Checked settings; the app's token and `seed` where none is given. Raises ValueError, KeyError without `url`."""
    hints = get_type_hints(Subscription)
    for name in body:
        if name not in hints:
            raise ValueError(f"a subscription has no setting {name}")
    app = apps.find(str(body.get("app", CLIENT_ID)))
    if app is None:
        raise ValueError(f"app is one that is registered, not {body['app']!r}")
    wanted: dict[str, Any] = {name: _read(name, hints[name], value) for name, value in body.items()}
    return Subscription(**{"seed": seed, "verifier_token": app.verifier_token, **wanted, "url": _url(body["url"])})


def _read(name: str, kind: Any, value: object) -> object:  # noqa: ANN401 - a type
    choices = get_args(kind) if get_args(kind) and isinstance(get_args(kind)[0], str) else ()
    if name == "entities":
        return _entities(value)
    if name == "realms":
        return frozenset(str(one) for one in _list(name, value))
    if choices and value not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}")
    if kind is float:
        return _seconds(name, value)
    if kind in (bool, int, str) and type(value) is not kind:
        raise ValueError(f"{name} is a {kind.__name__}, not {value!r}")
    return value


def _seconds(name: str, value: object) -> float:
    """A number from 0; rates end at 1."""
    most = 1.0 if name == "duplicates" else math.inf
    found = math.nan if isinstance(value, (bool, str)) else float(value)  # type: ignore[arg-type]  # a number, or raises
    if not (0 <= found <= most and math.isfinite(found)):
        raise ValueError(f"{name} is a number from 0{' to 1' if most == 1 else ''}, not {value!r}")
    return found


def _list(name: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is a list, not {value!r}")  # noqa: TRY004 - the control API tells both alike
    return value


def _entities(value: object) -> Entities:
    """{"Invoice": ["Create", "Void"], "Customer": []}: an empty list, or a mere list of names, means all operations."""
    wanted = {str(one): [] for one in value} if isinstance(value, list) else value
    if not isinstance(wanted, dict):
        raise ValueError(f"entities maps names to operations, not {value!r}")  # noqa: TRY004 - as above
    return {entity: _operations(entity, _list(entity, found)) for entity, found in wanted.items()}


def _operations(entity: str, wanted: list[object]) -> frozenset[str]:
    known = operations_of(entity)
    found = frozenset(str(one) for one in wanted) or known
    if not known or not found <= known:
        raise ValueError(f"QuickBooks tells {', '.join(sorted(known)) or 'nothing'} of {entity}")
    return found


def _url(value: object) -> str:
    parts = urlsplit(str(value))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"url is an http address, not {value!r}")
    return str(value)
