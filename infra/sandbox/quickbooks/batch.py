"""A batch: up to thirty items, one after the other, each with its own answer or fault."""

from collections.abc import Mapping
from random import Random

from infra.sandbox.quickbooks import api
from infra.sandbox.quickbooks.answers import Answer, item_fault, item_success
from infra.sandbox.quickbooks.calls import Action, Item
from infra.sandbox.quickbooks.faults import Refusal, refusal
from infra.sandbox.quickbooks.store import Realm
from infra.sandbox.quickbooks.wire import Raw, write_json

MOST_OBJECTS = 1000  # in one answer, all items together

Settled = Mapping[str, Answer | Refusal]  # bId -> what an item is answered without being executed


class Batch:
    """One batch on its way, and what came of each item. `shuffled_by` mixes execution and answer, each by itself."""

    def __init__(self, items: tuple[Item, ...], *, shuffled_by: Random | None) -> None:
        self._items = list(items)
        self._random = shuffled_by
        self._objects = 0
        self.answers: dict[str, Answer] = {}  # bId -> answer, in the order of execution
        self.executed: list[Item] = []  # those that were not settled before

    def execute(self, realm: Realm, settled: Settled) -> None:
        """Every item, whatever became of those before it: a batch is no transaction."""
        for item in self._mixed():
            known = settled.get(item.bid)
            if known is None:
                self.executed.append(item)
                self.answers[item.bid] = self._executed(realm, item)
            else:
                self.answers[item.bid] = item_fault(known) if isinstance(known, Refusal) else known

    def written(self) -> Raw:
        """The value of `BatchItemResponse`."""
        told = (_with_bid(self.answers[item.bid].body, item.bid) for item in self._mixed())
        return Raw(f"[{','.join(told)}]")

    def noted(self) -> list[dict[str, str | bool | None]]:
        """What the journal tells of each item, in the order of execution."""
        executed = {item.bid for item in self.executed}
        sent = {item.bid: item.action for item in self._items}
        return [
            {
                "bId": bid,
                "operation": action.operation if isinstance(action := sent[bid], Action) else None,
                "entity": answer.entity,
                "object_id": answer.object_id,
                "fault_code": answer.fault_code,
                "replayed": bid not in executed and answer.fault_code is None,
            }
            for bid, answer in self.answers.items()
        ]

    def _executed(self, realm: Realm, item: Item) -> Answer:
        try:
            if isinstance(item.action, Refusal):
                raise item.action
            done = api.execute(realm, item.action)
            # What was written is written, and told; what was only looked up can be refused.
            if not item.writes and self._objects + done.objects > MOST_OBJECTS:
                raise refusal("batch_objects", most=MOST_OBJECTS)
        except Refusal as refused:
            return item_fault(refused)
        self._objects += done.objects
        return item_success(done)

    def _mixed(self) -> list[Item]:
        if self._random is None:
            return self._items
        return self._random.sample(self._items, len(self._items))


def _with_bid(body: str, bid: str) -> str:
    """An item's answer, which is a JSON object, with its bId at the end."""
    return f'{body[:-1]},"bId":{write_json(bid)}}}'
