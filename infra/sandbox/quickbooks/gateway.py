"""The way of one request from the door to its answer: tokens, limits, and then the company's books."""

from dataclasses import dataclass

from infra.sandbox.quickbooks import answers
from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.calls import Action, Request
from infra.sandbox.quickbooks.faults import Refusal, not_modelled, refusal
from infra.sandbox.quickbooks.journal import Entry
from infra.sandbox.quickbooks.pace import Pace
from infra.sandbox.quickbooks.passage import Passage
from infra.sandbox.quickbooks.request_ids import check_length
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.store import Realm

THROTTLED = {"429": "throttled", "400": "throttled_plainly"}
PLAINLY = "ThrottleExceeded"  # the type of the throttling fault that comes in the ordinary envelope
CHALLENGE = 'Bearer realm="Intuit", error="invalid_token"'


@dataclass(frozen=True, slots=True)
class Door:
    """Who asks, and for what."""

    realm: str
    token: str
    accept: str
    request: Request
    action: Action | Refusal

    @property
    def wants_xml(self) -> bool:
        """QuickBooks answers in XML unless JSON is asked for."""
        return "json" not in self.accept.lower()


async def answer(sandbox: Sandbox, door: Door, entry: Entry, pace: Pace) -> Answer:
    """The answer to one call; what it did is done when this returns. Raises CutOff."""
    try:
        books, app = _admitted(sandbox, door)
    except Refusal as refused:
        await pace.before()
        return _turned_away(sandbox, door, refused)
    try:
        return await _answered(sandbox, books, door, entry, pace)
    finally:
        sandbox.limiter.ended(realm=books.realm, app=app)


async def _answered(sandbox: Sandbox, books: Realm, door: Door, entry: Entry, pace: Pace) -> Answer:
    try:
        action = _understood(sandbox, door)
    except Refusal as refused:
        await pace.before()
        write = answers.xml_fault if door.wants_xml else answers.fault
        return write(refused, time=books.answer_time())
    entry.operation, entry.object_id = action.operation, action.object_id
    entry.entity = action.entity.name if action.entity else None
    return await Passage(sandbox, books, door.request, action, entry, pace, began=books.answer_time()).answer()


def _admitted(sandbox: Sandbox, door: Door) -> tuple[Realm, str]:
    """The company and the app, if the token is good for it and its limits allow another call.

    Raises Refusal (401, 403, 429).
    """
    holder = sandbox.tokens.holder_of(door.token)
    if holder is None:
        if sandbox.switches.disconnected_as == "403" and sandbox.tokens.withdrawn(door.token):
            raise refusal("withdrawn")
        refused = refusal("token", token=door.token)
        refused.headers["WWW-Authenticate"] = CHALLENGE
        raise refused
    app, realm = holder
    books, switches = sandbox.realms.get(door.realm), sandbox.switches
    if realm != door.realm or books is None:
        raise refusal("wrong_company", realm=door.realm)
    operation = door.action.operation if isinstance(door.action, Action) else ""
    at = sandbox.clock.now().timestamp()
    if not sandbox.limiter.admits(realm=realm, app=app, operation=operation, at=at, switches=switches):
        raise refusal(THROTTLED[switches.throttle_as])
    return books, app


def _turned_away(sandbox: Sandbox, door: Door, refused: Refusal) -> Answer:
    now = sandbox.clock.now()
    if door.wants_xml:
        return answers.xml_fault(refused, time=now.isoformat(timespec="milliseconds"))
    if refused.type == PLAINLY:
        return answers.fault(refused, time=sandbox.realms[door.realm].answer_time())
    return answers.gateway_fault(refused, milliseconds=int(now.timestamp() * 1000))


def _understood(sandbox: Sandbox, door: Door) -> Action:
    """What is asked for. Raises Refusal for what cannot be, before anything is executed."""
    if sandbox.switches.user_rights == "lost":
        raise refusal("access_lost")
    if isinstance(door.action, Refusal):
        raise door.action
    if door.wants_xml:
        raise not_modelled("XML (send Accept: application/json)")
    check_length(door.request.request_id)
    if len(door.action.items) > sandbox.switches.batch_size:
        raise refusal("batch_too_large", most=sandbox.switches.batch_size)
    return door.action
