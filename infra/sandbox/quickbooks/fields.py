"""Tables of fields: what a body may hold, in the order in which it is answered."""

from dataclasses import dataclass
from functools import cached_property

from infra.sandbox.quickbooks.faults import Refusal, not_modelled, refusal
from infra.sandbox.quickbooks.kinds import Kind, NameOf, Reading, unreadable
from infra.sandbox.quickbooks.wire import Doc


@dataclass(frozen=True)
class Part:
    """An object inside the object, with a table of its own."""

    table: "Table"

    def read(self, value: object, path: str, reading: Reading) -> object:
        """The inner object; an empty one clears the field."""
        if not isinstance(value, dict):
            raise unreadable(f"com.intuit.schema.finance.v3.{self.table.java_class}", value)
        inner = self.table.read(value, path, reading)
        return {name: kept for name, kept in inner.items() if kept is not None} or None

    def show(self, value: object, names: NameOf) -> object:
        """The inner object in its table's order."""
        return self.table.show(value, names) if isinstance(value, dict) else value


@dataclass(frozen=True)
class Parts:
    """An array of objects of one table."""

    table: "Table"

    def read(self, value: object, path: str, reading: Reading) -> object:
        """Each of them."""
        if not isinstance(value, list):
            raise unreadable("java.util.ArrayList", value)
        return [Part(self.table).read(inner, path, reading) or {} for inner in value]

    def show(self, value: object, names: NameOf) -> object:
        """Each of them in its table's order."""
        return [self.table.show(inner, names) for inner in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Field:
    """One property. Read-only ones are ignored when sent; `query` ones may stand in a WHERE."""

    name: str
    kind: Kind
    read_only: bool = False
    query: bool = False
    default: object = None


@dataclass(frozen=True)
class Table:
    """The properties of one class, in the order they are answered.

    `unmodelled` are properties QuickBooks knows and the sandbox does not; `known` is the list that the fault about an
    unknown property prints (as much of it as was recorded), `known_count` how many it counts.
    """

    java_class: str
    fields: tuple[Field, ...]
    unmodelled: frozenset[str] = frozenset()
    known: tuple[str, ...] = ()
    known_count: int = 0

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by their exact names."""
        return {one.name: one for one in self.fields}

    @cached_property
    def by_lower_name(self) -> dict[str, Field]:
        """The fields by lower-case names, for queries."""
        return {one.name.lower(): one for one in self.fields}

    @cached_property
    def defaults(self) -> Doc:
        """What a new object has where nothing was sent."""
        return {one.name: one.default for one in self.fields if one.default is not None}

    @cached_property
    def read_only(self) -> frozenset[str]:
        """Names that only the server writes."""
        return frozenset(one.name for one in self.fields if one.read_only)

    def read(self, body: Doc, path: str, reading: Reading) -> Doc:
        """The writable values of a body, checked; a cleared one is None. Raises Refusal."""
        found: Doc = {}
        for name, value in body.items():
            known = self.by_name.get(name)
            if known is None:
                self._refuse(name, value)
            elif value is not None and not known.read_only:
                found[name] = known.kind.read(value, f"{path}.{name}" if path else name, reading)
        return found

    def show(self, doc: Doc, names: NameOf) -> Doc:
        """The object as it is answered, in the table's order."""
        return {one.name: one.kind.show(doc[one.name], names) for one in self.fields if doc.get(one.name) is not None}

    def _refuse(self, name: str, value: object) -> None:
        """A property that is not modelled may be sent empty, as some clients do with every object."""
        if name not in self.unmodelled:
            raise self._unknown(name)
        if value not in _NOTHING:
            raise not_modelled(f"{self.java_class}.{name}")

    def _unknown(self, name: str) -> Refusal:
        known = _known_properties(self.known or tuple(self.by_name), self.known_count or len(self.by_name))
        return refusal("unknown_property", name=name, java_class=self.java_class, known=known)


_NOTHING: tuple[object, ...] = (None, "", 0, [], {})  # 0 is False too

LONGEST_KNOWN = 1000  # characters; QuickBooks' JSON library stops the list there


def _known_properties(names: tuple[str, ...], count: int) -> str:
    text = f" ({count} known properties: "
    for place, name in enumerate(names):
        text += f'"{name}"' if place == 0 else f', "{name}"'
        if len(text) > LONGEST_KNOWN:
            return f"{text} [truncated]]"
    return f"{text}]"
