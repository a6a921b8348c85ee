"""The query language: a tokenizer and a grammar, with the syntax faults worded as the real parser words them.

SELECT * | count(*) | columns FROM Entity [WHERE p op v [AND ...]] [ORDERBY p [ASC|DESC] [, ...]]
[STARTPOSITION n] [MAXRESULTS n]     (the last two in either order)
"""

import re
from dataclasses import dataclass

from infra.sandbox.quickbooks.faults import Refusal, not_modelled, refusal
from infra.sandbox.quickbooks.query_tokens import Token, lexical, tokens

DEFAULT_ROWS = 100
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Condition:
    """`property operator values`; only IN has several values."""

    property: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. `columns` is empty for `*`."""

    entity: str
    columns: tuple[str, ...] = ()
    counts: bool = False
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()  # (property, descending)
    start: int = 1
    rows: int = DEFAULT_ROWS


def parse(text: str) -> Query:
    """Read a query. Raises Refusal (4000 for syntax, 4001 for positions out of range)."""
    return _Parser(tokens(text)).query()


# What the real parser lists where a query might have ended, in its order and layout.
_MORE = ("<AND> ...", '"iterator" ...', '"maxresults" ...', "<OR> ...", '"order" ...', '"orderby" ...')
_AFTER_CONDITIONS = ("<EOF> ", *_MORE, '"startposition" ...')
_AFTER_ENTITY = (
    *("<EOF> ", '"iterator" ...', '"maxresults" ...', '"order" ...', '"orderby" ...', '"startposition" ...'),
    "<WHERE> ...",
)
_OPERATORS = ('"=" ...', '">" ...', '">=" ...', '"<" ...', '"<=" ...', '"in" ...', '"like" ...')
_VALUES = ("<STRING_LITERAL> ...", "<NUMBER> ...", '"true" ...', '"false" ...')


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self._tokens = words
        self._place = 0

    def query(self) -> Query:
        self._take_word("select")
        counts, columns = self._selection()
        self._take_word("from")
        entity = self._name()
        conditions = self._conditions()
        order = self._order()
        start, rows = self._page()
        if self._next.kind != "end":
            raise self._unexpected(_AFTER_CONDITIONS if conditions else _AFTER_ENTITY)
        return Query(entity, columns, counts, conditions, order, start, rows)

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        self._place += 1
        return token

    def _take_word(self, *words: str) -> str:
        if self._next.word not in words:
            raise self._unexpected(tuple(f'"{word}" ...' for word in words))
        return self._take().word

    def _take_symbol(self, symbol: str) -> None:
        if self._next.text != symbol:
            raise self._unexpected((f'"{symbol}" ...',))
        self._take()

    def _name(self) -> str:
        if self._next.kind != "word":
            raise self._unexpected(("<IDENTIFIER> ...",))
        return self._take().text

    def _selection(self) -> tuple[bool, tuple[str, ...]]:
        if self._next.word == "count":
            self._take()
            for symbol in "(*)":
                self._take_symbol(symbol)
            return True, ()
        columns = [self._column()]
        while self._next.text == ",":
            self._take()
            columns.append(self._column())
        return False, () if "*" in columns else tuple(columns)

    def _column(self) -> str:
        if self._next.text == "*":
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
        return tuple(found)

    def _condition(self) -> Condition:
        name = self._name()
        token = self._next
        if token.word == "in":
            self._take()
            return Condition(name, "in", self._list())
        if token.word != "like" and token.text not in ("=", "<", ">", "<=", ">="):
            raise self._unexpected(_OPERATORS)
        operator = self._take().text.lower()
        return Condition(name, operator, (self._value(),))

    def _list(self) -> tuple[str, ...]:
        self._take_symbol("(")
        values = [self._value()]
        while self._next.text == ",":
            self._take()
            values.append(self._value())
        self._take_symbol(")")
        return tuple(values)

    def _value(self) -> str:
        token = self._next
        if token.kind == "string":
            self._take()
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.kind == "number" or token.word in ("true", "false"):
            return self._take().text
        raise self._unexpected(_VALUES)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if self._next.word == "order":
            self._take()
            self._take_word("by")
        elif self._next.word == "orderby":
            self._take()
        else:
            return ()
        found = [self._ordering()]
        while self._next.text == ",":
            self._take()
            found.append(self._ordering())
        return tuple(found)

    def _ordering(self) -> tuple[str, bool]:
        name = self._name()
        descending = self._next.word == "desc"
        if self._next.word in ("asc", "desc"):
            self._take()
        return name, descending

    def _page(self) -> tuple[int, int]:
        found = {"startposition": 1, "maxresults": DEFAULT_ROWS}
        seen: set[str] = set()
        while self._next.word in found and self._next.word not in seen:
            word = self._take().word
            seen.add(word)
            found[word] = self._count(word)
        return found["startposition"], found["maxresults"]

    def _count(self, word: str) -> int:
        if self._next.kind != "number" or "." in self._next.text:
            raise self._unexpected(("<INTEGER> ...",))
        number = int(self._take().text)
        if number < 1:
            raise refusal("query_too_small", value=number)
        if word == "maxresults" and number > MOST_ROWS:
            raise refusal("query_too_large", value=number)
        return number

    def _unexpected(self, expected: tuple[str, ...]) -> Refusal:
        token = self._next
        if token.kind == "wrong":
            return lexical(token)
        if token.kind == "end":
            met = '"<EOF>"'
        elif token.kind == "word" and not token.word:
            met = f'" <IDENTIFIER> "{token.text} ""'
        else:
            met = f'" {_token_class(token)}"{token.text} ""'
        heading = "Was expecting one of:" if len(expected) > 1 else "Was expecting:"
        listed = "".join(f"\n    {one}" for one in expected)
        where = f"at line {1 if token.column else 0}, column {token.column}"
        return refusal("query_syntax", reason=f"Encountered {met} {where}.\n{heading}{listed}\n    ")


def _token_class(token: Token) -> str:
    return {"string": "<STRING_LITERAL> ", "number": "<NUMBER> "}.get(token.kind, "")
