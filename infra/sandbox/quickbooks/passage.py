"""A call that was let in, through the memory of request ids to the books: executed, or played back."""

from dataclasses import dataclass

from infra.sandbox.quickbooks import answers, api
from infra.sandbox.quickbooks.answers import Answer, Outcome
from infra.sandbox.quickbooks.batch import Batch
from infra.sandbox.quickbooks.calls import Action, Request
from infra.sandbox.quickbooks.faults import Refusal
from infra.sandbox.quickbooks.journal import Entry
from infra.sandbox.quickbooks.pace import Pace
from infra.sandbox.quickbooks.request_ids import Held, Key, too_long_for_batch
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import write_json


@dataclass(frozen=True, slots=True)
class Passage:
    """One call on its way."""

    sandbox: Sandbox
    books: Realm
    request: Request
    action: Action
    entry: Entry
    pace: Pace
    began: str  # as an answer's time

    async def answer(self) -> Answer:
        """What it is answered; the call is running, for others with its request id, until this returns.

        Raises CutOff; what was executed by then is, and is remembered.
        """
        wanted = self._wanted()
        if not wanted:
            await self.pace.before()
            made = self._noted(Held(), wanted)
            await self.pace.after()
            return made
        async with self.sandbox.request_ids.held(wanted, self.sandbox.switches) as held:
            await self.pace.before()
            made = self._noted(held, wanted)
            await self.pace.after()
            return made

    def _noted(self, held: Held, wanted: dict[Key, bytes]) -> Answer:
        made = self._made(held, wanted)
        self.entry.note(made)
        return made

    def _wanted(self) -> dict[Key, bytes]:
        """The keys that are looked up and remembered, each with what was sent: of writes only."""
        realm, request_id = self.books.realm, self.request.request_id
        if not request_id or self.sandbox.switches.request_ids == "none":
            return {}
        if self.action.operation == "batch":
            return {
                (realm, request_id, one.bid): write_json(one.sent).encode() for one in self.action.items if one.writes
            }
        if not self.action.writes:
            return {}
        sent = (self.request.tail.encode(), self.action.operation.encode(), self.request.body)
        return {(realm, request_id, ""): b"\n".join(sent)}

    def _made(self, held: Held, wanted: dict[Key, bytes]) -> Answer:
        if self.action.operation == "batch":
            return self._batch(held, wanted)
        key = (self.books.realm, self.request.request_id, "")
        known = held.settled.get(key)
        if isinstance(known, Refusal):
            return self._refused(known)
        self.entry.replayed = known is not None
        made = known or self._executed()
        if known is None and key in wanted:
            held.made[key] = made
        return made

    def _executed(self) -> Answer:
        try:
            done = api.execute(self.books, self.action)
        except Refusal as refused:
            return self._refused(refused)
        if self.action.operation == "send":
            self.sandbox.limiter.mailed(realm=self.books.realm, at=self.sandbox.clock.now().timestamp())
        return answers.success(done, time=self.books.answer_time())

    def _refused(self, refused: Refusal) -> Answer:
        return answers.fault(refused, time=self.books.answer_time())

    def _batch(self, held: Held, wanted: dict[Key, bytes]) -> Answer:
        """Each item executed, or played back by the batch's request id and its own bId. Its time is its start's."""
        switches = self.sandbox.switches
        batch = Batch(
            self.action.items, shuffled_by=self.sandbox.shuffler if switches.batch_order == "shuffled" else None
        )
        batch.execute(self.books, self._settled(held))
        realm, request_id = self.books.realm, self.request.request_id
        executed = {(realm, request_id, item.bid): batch.answers[item.bid] for item in batch.executed}
        held.made.update({key: answer for key, answer in executed.items() if key in wanted})
        self.entry.items = batch.noted()
        return answers.success(Outcome({"BatchItemResponse": batch.written()}), time=self.began)

    def _settled(self, held: Held) -> dict[str, Answer | Refusal]:
        """What needs no executing: answers of before, and items whose bId makes the request id too long."""
        settled: dict[str, Answer | Refusal] = {key[2]: known for key, known in held.settled.items()}
        for item in self.action.items:
            refused = too_long_for_batch(self.request.request_id, item.bid)
            if refused is not None:
                settled[item.bid] = refused
        return settled
