"""The page of one record: everything that is known about it."""

from collections.abc import Mapping
from typing import Any, Final

from consumers.records import Link
from infra.cli.record_list import list_json, step, why
from infra.cli.tables import Facts, Part, Table, cell
from infra.database.rows import desired_json
from infra.database.sheets import Applied, Sheet, Try
from infra.database.standing import waiting
from schemas import exact

TRY_COLUMNS: Final = (
    "verb",
    "outcome",
    "sent",
    "answered",
    "repeats",
    "fault",
    "versions",
    "request id",
    "intuit_tid",
    "fence",
)
SCREEN_TRY_COLUMNS: Final = ("what", "outcome", "left, and was answered", "request id, and intuit_tid")
PAYMENT_COLUMNS: Final = ("payment", "amount", "paid on", "method", "reference", "state", "told")


def page_json(sheet: Sheet) -> dict[str, Any]:
    """A record with everything, for machines; numbers as QuickBooks and Klipboard gave them, money as text."""
    record = sheet.record
    return {
        **list_json(sheet.standing, sheet.around),
        "waits_for": _awaited_json(sheet),
        "desired": desired_json(record.desired),
        "versions": {"newest": record.desired.newest_version, "settled": record.settled_version},
        "revisions": {"newest": record.revision, "settled": record.settled_revision},
        "tries": record.tries,
        "first_failed_at": record.first_failed_at,
        "next_attempt_at": record.next_attempt_at,
        "generation": record.generation,
        "refusals": record.refusals,
        "link": link_json(record.link),
        "sent": record.sent,
        "seen": record.seen,
        "unreturned": record.unreturned,
        "attempts": [_try_json(attempt) for attempt in sheet.tries],
        "payments": [_payment_json(payment) for payment in sheet.payments],
    }


def page_parts(sheet: Sheet, *, on_screen: bool) -> list[Part]:
    """A record with everything, for a person."""
    record, tries = sheet.record, sheet.tries
    columns, row = (SCREEN_TRY_COLUMNS, _screen_try_row) if on_screen else (TRY_COLUMNS, _try_row)
    wanted = [_part(name, part) for name, part in desired_json(record.desired).items()]
    return [
        _state(sheet),
        Facts(title="Wanted by Klipboard", facts=wanted),
        _where(sheet),
        Facts(title="Last accepted by QuickBooks from us", facts=_fields(record.sent)),
        Facts(title="Changed in QuickBooks and not told to Klipboard yet", facts=_fields(record.unreturned)),
        Table(title="Payments on it", columns=PAYMENT_COLUMNS, rows=[_payment_row(one) for one in sheet.payments]),
        Table(title="Its last attempts", columns=columns, rows=[row(one) for one in tries]),
    ]


def link_json(link: Link | None) -> dict[str, str] | None:
    """Where a record lives in QuickBooks."""
    return None if link is None else {"realm": link.realm, "type": link.type, "id": link.id, "token": link.token}


def _awaited_json(sheet: Sheet) -> dict[str, Any] | None:
    if sheet.record.waits_for is None:
        return None
    kind, id_ = sheet.record.waits_for
    if sheet.awaited is None:
        return {"tenant": sheet.record.key.tenant, "kind": kind, "id": id_, "state": None}
    return list_json(sheet.awaited, sheet.around)


def _state(sheet: Sheet) -> Facts:
    record, standing = sheet.record, sheet.standing
    reason = waiting(record=standing, around=sheet.around)
    versions = (
        f"{_version(record.desired.newest_version)} told by Klipboard, {_version(record.settled_version)} settled"
    )
    revisions = f"{record.revision}, of which {record.settled_revision} settled"
    tries = f"{record.tries} in vain since {cell(record.first_failed_at)}"
    named = f" ({standing.name})" if standing.name else ""
    return Facts(
        title=f"{record.key.subject}{named} of tenant {record.key.tenant}",
        facts=[
            ("state", f"{record.state} since {cell(standing.since)}{', due now' if standing.due else ''}"),
            ("waits", None if reason is None else reason.why),
            ("cause", record.cause),
            ("next step", step(standing, reason)),
            ("waits for", _awaited(sheet)),
            ("versions", versions),
            ("revisions", revisions),
            ("tries", tries if record.tries else None),
            ("generation", f"{record.generation}" if record.generation else None),
        ],
    )


def _awaited(sheet: Sheet) -> str | None:
    if sheet.record.waits_for is None:
        return None
    subject = "/".join(sheet.record.waits_for)
    other = sheet.awaited
    if other is None:
        return f"{subject}, of which no event came yet"
    cause = why(other, waiting(record=other, around=sheet.around))
    return f"{subject}, which is {other.state} since {cell(other.since)}" + (f": {cause}" if cause else "")


def _where(sheet: Sheet) -> Facts:
    link = sheet.record.link
    place = "nowhere yet" if link is None else f"{link.type} {link.id} (token {link.token}) of company {link.realm}"
    return Facts(title="In QuickBooks", facts=[("it is", place)])


def _part(name: str, part: Mapping[str, Any]) -> tuple[str, str]:
    return (name, f"version {part['version']}: {_value(part['value'])}")


def _version(number: int) -> str:
    return "none" if number < 0 else str(number)


def _fields(fields: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    return [(name, _value(value)) for name, value in sorted(fields.items())]


def _value(value: Any) -> str:  # noqa: ANN401 - JSON
    return value if isinstance(value, str) and value else exact.dumps(value)


def _try_json(attempt: Try) -> dict[str, Any]:
    stored = {name: getattr(attempt, name) for name in attempt.__slots__}
    return {**stored, "fault_code": attempt.fault_code}


def _versions(attempt: Try) -> str:
    return "-".join(str(version) for version in (attempt.first_version, attempt.last_version) if version is not None)


def _screen_try_row(attempt: Try) -> tuple[str, ...]:
    what = (f"{attempt.verb} {attempt.type}", f"versions {_versions(attempt)}", f"fence {attempt.fence}")
    fault = None if attempt.fault_code is None else f"fault {attempt.fault_code}"
    repeated = f"repeated {attempt.repeats}x" if attempt.repeats else None
    outcome = (attempt.outcome or "open", fault, repeated)
    times = (cell(attempt.sent_at), cell(attempt.answered_at))
    return tuple(
        "\n".join(filter(None, lines)) for lines in (what, outcome, times, (attempt.request_id, attempt.intuit_tid))
    )


def _try_row(attempt: Try) -> tuple[str, ...]:
    values = (
        f"{attempt.verb} {attempt.type}",
        attempt.outcome or "open",
        attempt.sent_at,
        attempt.answered_at,
        attempt.repeats,
        attempt.fault_code,
        _versions(attempt),
        attempt.request_id,
        attempt.intuit_tid,
        attempt.fence,
    )
    return tuple(cell(value) for value in values)


def _payment_json(payment: Applied) -> dict[str, Any]:
    return {name: getattr(payment, name) for name in payment.__slots__} | {"amount": str(payment.amount)}


def _payment_row(payment: Applied) -> tuple[str, ...]:
    state = payment.state if payment.reason is None else f"{payment.state} ({payment.reason})"
    values = (
        f"{payment.payment_type} {payment.payment_id}",
        f"{payment.amount} {payment.currency}",
        payment.paid_on,
        payment.method,
        payment.reference,
        state,
        payment.told,
    )
    return tuple(cell(value) for value in values)
