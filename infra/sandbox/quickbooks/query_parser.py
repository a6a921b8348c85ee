"""The query language: a grammar over its words, with the syntax faults worded as the real parser words them.

SELECT * | count(*) | columns FROM Entity [WHERE p op v [AND ...]] [ORDERBY p [ASC|DESC] [, ...]]
[STARTPOSITION n] [MAXRESULTS n]     (the last two in either order)
"""

import re
from dataclasses import dataclass, field

from infra.sandbox.quickbooks.faults import Refusal, not_modelled, refusal
from infra.sandbox.quickbooks.query_tokens import Token, expectation, tokens, unexpected

DEFAULT_ROWS = 100
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Condition:
    """`property operator values`; only IN has several values. An empty or blank value stands for null."""

    property: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. `columns` is empty for `*`; `also` are columns that were named beside the star."""

    entity: str
    columns: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    counts: bool = False
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()  # (property, descending)
    start: int = 1
    rows: int = DEFAULT_ROWS
    bare: Refusal | None = field(default=None, compare=False)  # what is wrong if numbers must be quoted, and one is not


def parse(text: str) -> Query:
    """Read a query. Raises Refusal (4000 for syntax, 4001 for positions out of range)."""
    return _Parser(tokens(text)).query()


# What the real parser lists where a query might have ended, in its order. Only what follows a condition was recorded;
# the other places list by analogy.
_END = "<EOF> "
_ORDER = tuple(expectation(word) for word in ("order", "orderby"))
_ITERATOR, _MOST, _START = (expectation(word) for word in ("iterator", "maxresults", "startposition"))
_AND, _OR, _WHERE, _COMMA = (expectation(word) for word in ("and", "or", "where", ","))
_AFTER_ENTITY = (_END, _ITERATOR, _MOST, *_ORDER, _START, _WHERE)
_AFTER_CONDITION = (_END, _AND, _ITERATOR, _MOST, _OR, *_ORDER, _START)
_AFTER_PROPERTY = (_END, _COMMA, expectation("asc"), expectation("desc"), _ITERATOR, _MOST, _START)
_AFTER_DIRECTION = (_END, _COMMA, _ITERATOR, _MOST, _START)
_AFTER_START = (_END, _ITERATOR, _MOST)
_AFTER_MOST = (_END, _ITERATOR, _START)
_OPERATORS = tuple(expectation(one) for one in ("<", "<=", "=", ">", ">=", "in", "like"))
_VALUES = ("<STRING> ...", "<NUMBER> ...", "<DATE> ...", *(expectation(one) for one in ("false", "true")))


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self._tokens = words
        self._place = 0
        self._more = _AFTER_ENTITY  # what could follow what was read last
        self._bare: Refusal | None = None

    def query(self) -> Query:
        self._take_word("select")
        counts, columns = self._selection()
        self._take_word("from")
        entity = self._name()
        conditions = self._conditions()
        order = self._order()
        start, rows = self._page()
        if self._next.word == "iterator":
            raise not_modelled("ITERATOR in a query")
        if self._next.kind != "end":
            raise unexpected(self._next, self._more)
        named = tuple(column for column in columns if column != "*")
        chosen, also = ((), named) if "*" in columns else (named, ())
        return Query(entity, chosen, also, counts, conditions, order, start, rows, self._bare)

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        self._place += 1
        return token

    def _take_word(self, word: str) -> None:
        if self._next.word != word:
            raise unexpected(self._next, (expectation(word),))
        self._take()

    def _take_symbol(self, symbol: str) -> None:
        if self._next.kind != "symbol" or self._next.text != symbol:
            raise unexpected(self._next, (expectation(symbol),))
        self._take()

    def _took_comma(self) -> bool:
        if self._next.kind != "symbol" or self._next.text != ",":
            return False
        self._take()
        return True

    def _name(self) -> str:
        if self._next.kind != "word" or self._next.word:
            raise unexpected(self._next, ("<IDENTIFIER> ...",))
        return self._take().text

    def _selection(self) -> tuple[bool, tuple[str, ...]]:
        if self._next.word == "count":
            self._take()
            for symbol in "(*)":
                self._take_symbol(symbol)
            return True, ()
        columns = [self._column()]
        while self._took_comma():
            columns.append(self._column())
        return False, tuple(columns)

    def _column(self) -> str:
        if self._next.kind == "symbol" and self._next.text == "*":
            return self._take().text
        return self._name()

    def _conditions(self) -> tuple[Condition, ...]:
        if self._next.word != "where":
            return ()
        self._take()
        found = [self._condition()]
        while self._next.word in ("and", "or"):
            if self._take().word == "or":
                raise not_modelled("OR in a query")
            found.append(self._condition())
        self._more = _AFTER_CONDITION
        return tuple(found)

    def _condition(self) -> Condition:
        name = self._name()
        token = self._next
        if token.word == "in":
            self._take()
            return Condition(name, "in", self._list())
        if token.word != "like" and (token.kind != "symbol" or token.text not in ("=", "<", ">", "<=", ">=")):
            raise unexpected(token, _OPERATORS)
        operator = self._take().text.lower()
        return Condition(name, operator, (self._value(),))

    def _list(self) -> tuple[str, ...]:
        self._take_symbol("(")
        values = [self._value()]
        while self._took_comma():
            values.append(self._value())
        self._take_symbol(")")
        return tuple(values)

    def _value(self) -> str:
        token = self._next
        if token.kind == "string":
            return re.sub(r"\\(.)", r"\1", self._take().text[1:-1], flags=re.DOTALL)
        if token.kind == "number":
            self._bare = self._bare or unexpected(token, ("<STRING> ...",))
        current = token.kind == "word" and token.text.lower() == "current_date"
        if token.kind in ("number", "date") or token.word in ("true", "false") or current:
            return self._take().text
        raise unexpected(token, _VALUES)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if self._next.word not in ("order", "orderby"):
            return ()
        if self._take().word == "order":
            self._take_word("by")
        found = [self._ordering()]
        while self._took_comma():
            found.append(self._ordering())
        return tuple(found)

    def _ordering(self) -> tuple[str, bool]:
        name = self._name()
        self._more = _AFTER_PROPERTY
        descending = self._next.word == "desc"
        if self._next.word in ("asc", "desc"):
            self._take()
            self._more = _AFTER_DIRECTION
        return name, descending

    def _page(self) -> tuple[int, int]:
        found: dict[str, int] = {}
        while self._next.word in ("startposition", "maxresults") and self._next.word not in found:
            word = self._take().word
            found[word] = self._count(word)
            self._more = (_END, _ITERATOR) if len(found) > 1 else _AFTER_MOST if word == "maxresults" else _AFTER_START
        return found.get("startposition", 1), found.get("maxresults", DEFAULT_ROWS)

    def _count(self, word: str) -> int:
        if not self._next.whole:
            raise unexpected(self._next, ("<INTEGER> ...",))
        number = int(self._take().text[:18])  # a longer one is past any end all the same
        if number < 1:
            raise refusal("query_too_small", value=number)
        if word == "maxresults" and number > MOST_ROWS:
            raise refusal("query_too_large", value=number, most=MOST_ROWS)
        return number
