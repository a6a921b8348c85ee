"""What a record becomes when something about it is settled. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from consumers.attempts import Attempt, Closing, Verb
from consumers.patience import Patience, next_try
from consumers.records import Record, State
from mapping import difference, lines
from mapping.difference import LINE, lay_over
from mapping.merge import merge
from mapping.outcomes import Outcome
from schemas import exact

Shown = Mapping[str, Any]


def settled(record: Record, *, revision: int, version: int) -> Record:
    """The record with this revision behind it; a revision that a fold raised meanwhile stays due."""
    return replace(
        record,
        settled_revision=max(record.settled_revision, revision),
        settled_version=max(record.settled_version, version),
        cause=None,
        next_step=None,
        waits_for=None,
        next_attempt_at=None,
        first_failed_at=None,
        tries=0,
    )


def attempted(record: Record, attempt: Attempt) -> Record:
    """The record with everything behind it that an attempt was planned from."""
    return settled(record, revision=attempt.planned_revision, version=attempt.last_version)


def explained(record: Record, *, state: State, outcome: Outcome) -> Record:
    """The record with its state and, for a person, the cause and the next step."""
    return replace(record, state=state, cause=outcome.cause, next_step=outcome.next_step)


def failed(record: Record, *, outcome: Outcome, patience: Patience, now: datetime, jitter: float) -> Record:
    """The record after one more failed try. Without a next one (`next_attempt_at` is None) it has been given up."""
    since, tries = record.first_failed_at or now, record.tries + 1
    again = next_try(patience=patience, tries=tries, first_failed_at=since, now=now, jitter=jitter)
    tried = replace(record, tries=tries, first_failed_at=since, next_attempt_at=again)
    return explained(tried, state=State.FAILED, outcome=outcome)


def executed(record: Record, attempt: Attempt, shown: Shown, *, found: bool) -> Record:
    """The record once QuickBooks has what an attempt asked for.

    `found`: the object was looked up. It may show what others changed since, which the answer to a call does not.
    """
    base = {} if attempt.verb is Verb.CREATE else record.sent
    sent = lay_over(type=attempt.type, sent=base, fields=attempt.fields, answered=shown)
    noted = {name: value for name, value in record.unreturned.items() if name not in attempt.fields or name == LINE}
    merged = merge(
        type=attempt.type,
        sent=sent,
        here={},
        seen=_before_others(record, attempt) if found else shown,
        unreturned=noted,
        object=shown,
    )
    done = attempted(record, attempt)
    return replace(done, state=State.SYNCED, cause=attempt.note, sent=sent, unreturned=merged.unreturned)


def judged(record: Record, attempt: Attempt, shown: Shown) -> Closing:
    """How an update ended of which only the object can tell: it may show our own success.

    Lines are what could be there twice. One that the update added is known by what it says; where a bookkeeper may have
    edited it since, a person must tell it from one of theirs. A token that grew by one tells of one change alone.
    """
    if shown.get("status") == "Deleted":
        return Closing.STALE
    if difference.executed(type=attempt.type, fields=without(attempt.fields, {LINE: None}), object=shown) and (
        LINE not in attempt.fields or lines.executed_amid(**_lines(record, attempt, shown))
    ):
        return Closing.ADOPTED
    before = exact.loads(attempt.body)["SyncToken"]
    if attempt.repeats == 0 or LINE not in attempt.fields or int(shown["SyncToken"]) == int(before) + 1:
        return Closing.STALE
    added = lines.added(**_lines(record, attempt, shown))
    return Closing.UNKNOWN if added is None else (Closing.ADOPTED if added else Closing.STALE)


def _lines(record: Record, attempt: Attempt, shown: Shown) -> dict[str, Any]:
    known = {line.get("Id") for line in (record.seen or {}).get(LINE) or ()}
    return {"entries": attempt.fields[LINE], "object_lines": shown.get(LINE), "known": known}


def without(fields: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `fields` that are not among the names."""
    return {name: value for name, value in fields.items() if name not in names}


def _before_others(record: Record, attempt: Attempt) -> Shown | None:
    """What the object showed before anybody else touched it, as far as it is known."""
    if attempt.verb is Verb.UPDATE:
        return record.seen
    return without(attempt.fields, {LINE: None})
