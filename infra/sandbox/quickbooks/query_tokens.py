"""The words of a query, each with its column; what is no word at all is a lexical fault."""

import re
from dataclasses import dataclass

from infra.sandbox.quickbooks.faults import Refusal, refusal

_WORDS = {
    *("select", "from", "where", "and", "or", "in", "like", "orderby", "order", "by", "asc", "desc"),
    *("startposition", "maxresults", "iterator", "count", "true", "false"),
}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    | (?P<word>[A-Za-z_][\w.]*)
    | (?P<symbol><=|>=|!=|[=<>(),*])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a query; `column` counts from 1."""

    kind: str  # string, number, word, symbol, end, wrong
    text: str
    column: int

    @property
    def word(self) -> str:
        """The text in lower case if it is a key word, else nothing."""
        lower = self.text.lower()
        return lower if self.kind == "word" and lower in _WORDS else ""


def tokens(text: str) -> list[Token]:
    """The query's words and an end mark. What is no word ends them as a `wrong` one: it is a fault only if reached."""
    found: list[Token] = []
    place, text = 0, text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            at = len(text) - len(text[place:].lstrip())
            return [*found, Token("wrong", text[at], at + 1)]
        kind = str(match.lastgroup)
        found.append(Token(kind, match.group(kind), match.start(kind) + 1))
        place = match.end()
    return [*found, Token("end", "", len(text))]


def lexical(token: Token) -> Refusal:
    """The fault about a character that begins no word."""
    return refusal(
        "query_syntax",
        reason=f"Invalid content. Lexical error at line 1, column {token.column}."
        f'  Encountered: "{token.text}" ({ord(token.text)}), after : ""',
    )
