"""The words of a query, each with its line and column; what is no word at all is a lexical fault.

Places and wordings are those of the parser generator behind the real one (JavaCC): lines and columns count from 1, a
tab goes to the next multiple of eight, the end of a text is where its last character stands.
"""

import re
from typing import NamedTuple

from infra.sandbox.quickbooks.faults import Refusal, refusal

_WORDS = {
    *("select", "from", "where", "and", "or", "in", "like", "orderby", "order", "by", "asc", "desc"),
    *("startposition", "maxresults", "iterator", "count", "true", "false"),
}
_NAMED = {"and", "or", "where"}  # what the real parser's faults write as <AND>; the others are written as they are
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<date>\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?(?![\w.]))
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    | (?P<word>[A-Za-z_][\w.]*)
    | (?P<symbol><=|>=|[=<>(),*])
    )""",
    re.VERBOSE | re.DOTALL,
)
_CLASSES = {"string": "<STRING>", "date": "<DATE>", "number": "<NUMBER>", "word": "<IDENTIFIER>"}
TAB = 8
_ESCAPES = str.maketrans({'"': r"\"", "'": r"\'", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


class Token(NamedTuple):
    """One word of a query, and where in the whole text it begins."""

    kind: str  # string, date, number, word, symbol, end, wrong
    text: str
    word: str  # in lower case if it is a key word, else nothing
    at: int
    query: str

    @property
    def whole(self) -> bool:
        """Whether it is a number without a fraction."""
        return self.kind == "number" and "." not in self.text

    @property
    def place(self) -> tuple[int, int]:
        """Line and column. Counted when a fault tells them, because a long list of ids has thousands of words."""
        return _place(self.query, self.at) if self.query else (0, 0)


def tokens(text: str) -> list[Token]:
    """The query's words and an end mark. What is no word ends them as a `wrong` one: it is a fault only if reached."""
    found: list[Token] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            at = len(text) - len(text[place:].lstrip())
            return [*found, Token("wrong", text[at:], "", at, text)]
        kind = str(match.lastgroup)
        said, lower = match[kind], ""
        if kind == "word" and said.lower() in _WORDS:
            lower = said.lower()
        place = match.end()
        found.append(Token(kind, said, lower, place - len(said), text))
    return [*found, Token("end", "", "", len(text) - 1, text)]


def _place(text: str, at: int) -> tuple[int, int]:
    """Line and column of a character."""
    before = re.sub(r"\r\n?", "\n", text[:at])
    line, column = before.count("\n") + 1, 0
    for character in before[before.rfind("\n") + 1 :]:
        column = (column // TAB + 1) * TAB if character == "\t" else column + 1
    return line, column + 1


def lexical(token: Token) -> Refusal:
    """The fault about text that is no word: a character that begins none, or a string that never ends."""
    line, column = token.place
    met, after = f'"{_escaped(token.text[0])}" ({ord(token.text[0])}),', ""
    if token.text.startswith("'"):
        line, column = _place(token.query, len(token.query))
        met, after = "<EOF>", _escaped(token.text)
    return refusal(
        "query_syntax",
        reason=f'Invalid content. Lexical error at line {line}, column {column}.  Encountered: {met} after : "{after}"',
    )


def unexpected(token: Token, expected: tuple[str, ...]) -> Refusal:
    """The fault about a word that cannot stand where it does, with all that could."""
    if token.kind == "wrong":
        return lexical(token)
    met = '"<EOF>"' if token.kind == "end" else f'" {_class_of(token)} "{_escaped(token.text)} ""'
    line, column = token.place
    heading = "Was expecting one of:" if len(expected) > 1 else "Was expecting:"
    listed = "".join(f"\n    {one}" for one in expected)
    return refusal(
        "query_syntax",
        reason=f"Encountered {met} at line {line}, column {column}.\n{heading}{listed}\n    ",
    )


def expectation(word: str) -> str:
    """A key word or a symbol as a fault lists it."""
    return f"{_image(word)} ..."


def _image(word: str) -> str:
    return f"<{word.upper()}>" if word in _NAMED else f'"{word}"'


def _class_of(token: Token) -> str:
    if token.kind == "symbol" or token.word:
        return _image(token.word or token.text)
    return _CLASSES[token.kind]


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
