from infra.sandbox.klipboard.books import Books, Thing
from infra.sandbox.klipboard.klipboard import Klipboard

__all__ = ["Books", "Klipboard", "Thing"]
