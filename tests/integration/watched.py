"""QuickBooks as a line's worker sees it, watched: a test may act before a call, and change what is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from infra.quickbooks.client import QuickBooksClient
from schemas import exact
from schemas.quickbooks.answers import Accepted, Answer

Body = dict[str, Any]


@dataclass
class Watched:
    """The real client behind a window. `asked` are the reads that left, in their order: name, and what was asked."""

    client: QuickBooksClient
    asked: list[tuple[str, Any]] = field(default_factory=list)
    before: dict[str, Callable[[Any], object]] = field(default_factory=dict)
    """By name of a read: what happens in QuickBooks just before it is answered."""
    answers: dict[str, Callable[[Any, Body], Body]] = field(default_factory=dict)
    """By name of a read: what its answer becomes on the way."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        return getattr(self.client, name)

    async def changes(self, **asked: Any) -> Answer:  # noqa: ANN401
        """The change feed."""
        return await self._read("changes", asked, asked["since"])

    async def query(self, **asked: Any) -> Answer:  # noqa: ANN401
        """A query."""
        return await self._read("query", asked, asked["statement"])

    async def read(self, **asked: Any) -> Answer:  # noqa: ANN401
        """One object."""
        return await self._read("read", asked, (asked["type"], asked["id"]))

    def names(self) -> list[str]:
        """The names of the reads that left."""
        return [name for name, _ in self.asked]

    async def _read(self, name: str, asked: Mapping[str, Any], what: Any) -> Answer:  # noqa: ANN401
        self.asked.append((name, what))
        self.before.get(name, lambda _: None)(what)
        answer: Answer = await getattr(self.client, name)(**asked)
        if name in self.answers and isinstance(answer, Accepted):
            return replace(answer, body=self.answers[name](what, _copy(answer.body)))
        return answer


class Window:
    """What `bootstrap` asks to wrap; `watched` is there once the worker was built."""

    watched: Watched

    def __call__(self, name: str, real: Any) -> Any:  # noqa: ANN401 - any port
        if name != "quickbooks":
            return real
        self.watched = Watched(real)
        return self.watched


def rows(body: Body, type_: str) -> list[Body]:
    """The rows of one type in an answer of the change feed, to be changed in place."""
    blocks: list[Body] = body["CDCResponse"][0]["QueryResponse"]
    block = next((one for one in blocks if type_ in one), None)
    if block is None:
        block = {type_: []}
        blocks.append(block)
    found: list[Body] = block[type_]
    return found


def _copy(body: Mapping[str, Any]) -> Body:
    copied: Body = exact.loads(exact.dumps(body))
    return copied
