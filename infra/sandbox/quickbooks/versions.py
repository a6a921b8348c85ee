"""What records were before their last changes, kept only while something lags behind writes."""

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.sandbox.quickbooks.store import Record

Before = dict[str, dict[str, "Record | None"]]  # entity -> id -> the record as it was; None: it was not there yet


class Versions:
    """The versions of one company's records, by the moment they were replaced."""

    def __init__(self) -> None:
        self._replaced: deque[tuple[datetime, str, str, Record | None]] = deque()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._replaced)

    def keep(self, *, entity: str, record_id: str, before: "Record | None", at: datetime, seconds: int) -> None:
        """A record is about to change; what it was is kept for `seconds`, and not at all for 0."""
        oldest = at - timedelta(seconds=seconds)
        while self._replaced and (not seconds or self._replaced[0][0] <= oldest):
            self._replaced.popleft()
        if seconds:
            was = None if before is None else replace(before, written=None)
            self._replaced.append((at, entity, record_id, was))

    def before(self, moment: datetime) -> Before:
        """Every record that changed after `moment`, as it was then."""
        found: Before = {}
        for at, entity, record_id, was in reversed(self._replaced):
            if at <= moment:
                break
            found.setdefault(entity, {})[record_id] = was
        return found
