"""The way of one request from the door to its answer: tokens, limits, request ids, faults on request."""

from dataclasses import dataclass

from infra.sandbox.quickbooks import answers, api
from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.faults import Refusal, not_modelled, refusal
from infra.sandbox.quickbooks.journal import Entry
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.store import Realm

CHALLENGE = 'Bearer realm="Intuit", error="invalid_token"'
SERVER_TROUBLE = 500


@dataclass(frozen=True, slots=True)
class Door:
    """Who asks, and for what."""

    realm: str
    authorization: str
    accept: str
    request: api.Request


def answer(sandbox: Sandbox, door: Door, entry: Entry) -> Answer:
    """The answer to one call; what it did is done when this returns."""
    try:
        books = _admitted(sandbox, door)
    except Refusal as refused:
        return answers.gateway_fault(refused, milliseconds=int(sandbox.clock.now().timestamp() * 1000))
    if "json" not in door.accept.lower():
        return answers.xml_fault(not_modelled("XML (send Accept: application/json)"), time=books.answer_time())
    try:
        action = api.read_action(door.request)
    except Refusal as refused:
        return answers.fault(refused, time=books.answer_time())
    _note(entry, action)
    return _replayed_or_executed(sandbox, books, door, action, entry)


def _admitted(sandbox: Sandbox, door: Door) -> Realm:
    """The company, if the token is good for it and its limits allow another call. Raises Refusal (401, 403, 429)."""
    token = door.authorization.removeprefix("Bearer ").strip()
    realm = sandbox.tokens.realm_of(token)
    if realm is None:
        refused = refusal("token", token=token)
        refused.headers["WWW-Authenticate"] = CHALLENGE
        raise refused
    books = sandbox.realms.get(door.realm)
    if realm != door.realm or books is None:
        raise refusal("wrong_company", realm=door.realm)
    at = sandbox.clock.now().timestamp()
    if not sandbox.limiter.admits(realm=realm, at=at, switches=sandbox.switches):
        raise refusal("throttled")
    return books


def _note(entry: Entry, action: api.Action) -> None:
    entry.operation = action.operation
    entry.entity = action.entity.name if action.entity else None
    entry.object_id = action.object_id


def _replayed_or_executed(sandbox: Sandbox, books: Realm, door: Door, action: api.Action, entry: Entry) -> Answer:
    request, request_id = door.request, door.request.query.get("requestid", "")
    if not action.writes:
        return _executed(books, request, action)
    digest = b"\n".join((request.tail.encode(), action.operation.encode(), request.body))
    try:
        before = sandbox.request_ids.recall(
            realm=books.realm, request_id=request_id, request=digest, switches=sandbox.switches
        )
    except Refusal as refused:
        return answers.fault(refused, time=books.answer_time())
    if before is not None:
        entry.replayed = True
        return before
    made = _executed(books, request, action)
    if made.status < SERVER_TROUBLE:
        sandbox.request_ids.remember(
            realm=books.realm, request_id=request_id, request=digest, answer=made, switches=sandbox.switches
        )
    return made


def _executed(books: Realm, request: api.Request, action: api.Action) -> Answer:
    try:
        return api.execute(books, request, action)
    except Refusal as refused:
        return answers.fault(refused, time=books.answer_time())
