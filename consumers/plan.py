"""Record -> operation. Pure: what QuickBooks must be told so that it shows what Klipboard wants, or why not now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from consumers.operations import Create, Fields, Nothing, Operation, Refuse, Update, Wait
from consumers.records import RESTING, Desired, Link, RealmId, Record, State
from consumers.wanted import Content, Thing, content_of, fields_wanted, things_needed
from mapping import bodies, difference, identity, lookups
from mapping.difference import LINE
from mapping.items import Item
from mapping.merge import is_void
from mapping.names import Unmappable
from schemas.clients import ClientLocation
from schemas.invoices import Invoice
from schemas.kinds import Kind, Presence, TenantId

__all__ = ["Create", "Fields", "Nothing", "Operation", "Refuse", "Surroundings", "Update", "Wait", "needs", "plan"]

TYPES: Final[Mapping[Kind, str]] = {
    Kind.CLIENT: "Customer",
    Kind.CLIENT_LOCATION: "Customer",
    Kind.SUPPLIER: "Vendor",
    Kind.ITEM: "Item",
    Kind.INVOICE: "Invoice",
}

FAILED: Final = "klipsync itself failed on this record ({bug})."
FAILED_NEXT: Final = "Report it with the worker's log; after the correction mark the record for replay."

RESTS: Final[Mapping[State, tuple[str, str]]] = {
    State.UNKNOWN: (
        "Nobody knows whether it was made in QuickBooks.",
        "Look there; then `klipsync records recreate`, or `ignore`.",
    ),
    State.GONE: (
        "It was deleted in QuickBooks. What Klipboard changed since was not sent.",
        "Delete it in Klipboard too, or `klipsync records recreate`.",
    ),
    State.IGNORED: (
        "A person decided that it is not to be in QuickBooks.",
        "`klipsync records recreate`, if that has changed.",
    ),
}
"""What is said of a record that rests, where nothing more exact is known."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a plan may look at besides the record."""

    realm: RealmId
    tenant: TenantId
    income_account: str | None
    currency: str
    links: Mapping[Thing, Link]
    """Of the records that `needs` named, those that live in this realm."""
    paid_in_quickbooks: bool | None = None
    """Whether payments and credits settle the invoice there; None: not known, or there is no invoice yet."""


def needs(record: Record) -> frozenset[Thing]:
    """The records whose links the plan wants to see in `Surroundings.links`. Where this fails, the plan says why."""
    try:
        content = content_of(record=record)
        return frozenset() if content is None else frozenset(things_needed(content=content))
    except Exception:  # noqa: BLE001 - the outer edge of planning one record, see `plan`
        return frozenset()


def plan(*, record: Record, around: Surroundings) -> Operation:
    """What to tell QuickBooks about a record now. It waits or refuses, and never raises."""
    try:
        return _blocked(record=record, around=around) or _planned(record=record, around=around)
    except ValidationError as problem:
        return _unreadable(problem=problem)
    except Unmappable as problem:
        return Refuse(cause=problem.cause, next_step=problem.next_step)
    except Exception as bug:  # noqa: BLE001 - the outer edge of planning one record: a bug in its mapping stops no other
        return Refuse(cause=FAILED.format(bug=type(bug).__name__), next_step=FAILED_NEXT, bug=bug)


def _blocked(*, record: Record, around: Surroundings) -> Wait | Refuse | None:
    """What holds a record back whatever its content is."""
    if record.state in RESTING:
        return _resting(record=record)
    if record.presence is not Presence.PRESENT or record.key.kind not in TYPES:
        return _not_supported_yet(record=record)
    if record.link is not None and record.link.realm != around.realm:
        return Wait(
            cause="It lives in another QuickBooks company than the one that is connected now.",
            next_step="Connect the tenant to its former company again, or say what the new one means for it.",
        )
    return None


def _resting(*, record: Record) -> Refuse:
    """It may be there already, or somebody took it away: making it by ourselves could double what nobody wants."""
    cause, next_step = RESTS[record.state]
    return Refuse(cause=record.cause or cause, next_step=record.next_step or next_step)


def _planned(*, record: Record, around: Surroundings) -> Operation:
    content = content_of(record=record)
    if content is None:
        return _content_missing(record=record)
    stop = _stop(record=record, content=content, around=around)
    if stop is not None:
        return stop
    wanted = fields_wanted(content=content, links=around.links, income_account=around.income_account)
    note = _paid_note(desired=record.desired, settled=around.paid_in_quickbooks)
    if record.link is None:
        return _create(record=record, wanted=wanted, note=note)
    return _change(record=record, link=record.link, wanted=wanted, note=note)


def _stop(*, record: Record, content: Content, around: Surroundings) -> Wait | Refuse | None:
    """Why nothing may leave yet, whatever changed; None: it may."""
    if isinstance(content, Invoice) and content.currency != around.currency:
        return Refuse(
            cause=f"The invoice is in {content.currency}, the books of this tenant are in {around.currency}.",
            next_step=f"Make the invoice in {around.currency} in Klipboard; amounts are never booked one to one.",
        )
    if isinstance(content, Item) and record.link is None and around.income_account is None:
        return Wait(
            cause="The tenant has no income account, which a new item in QuickBooks must name.",
            next_step="Give the tenant its account's QuickBooks id: `klipsync tenants`, option `--income-account`.",
        )
    if isinstance(content, ClientLocation) and record.link is not None:
        return None  # an edit goes to the record itself, wherever it stands in the tree by now
    return _first_missing(content=content, links=around.links)


def _first_missing(*, content: Content, links: Mapping[Thing, Link]) -> Wait | None:
    for kind, id_ in things_needed(content=content):
        if (kind, id_) not in links:
            word = kind.value.replace("_", " ")
            return Wait(
                kind=kind,
                id=id_,
                cause=f"Its {word} {id_} is not in QuickBooks yet.",
                next_step=f"It follows by itself. `klipsync records show` says how {kind}/{id_} stands.",
            )
    return None


def _create(*, record: Record, wanted: Fields, note: str | None) -> Create:
    type_, key = TYPES[record.key.kind], record.key
    marker = identity.marker(tenant=key.tenant, kind=key.kind, id=key.id) if type_ == "Invoice" else None
    return Create(
        type=type_,
        path=f"/{type_.lower()}",
        body=bodies.create_body(fields=wanted, marker=marker),
        fields=wanted,
        lookup_name=lookups.name_of(type_, wanted),
        note=note,
    )


def _change(*, record: Record, link: Link, wanted: Fields, note: str | None) -> Operation:
    """Only what Klipboard changed since it was last sent; a bookkeeper's change of anything else survives."""
    base = _base(record=record, wanted=wanted)
    changes = difference.changed(type=link.type, wanted=wanted, base=base)
    note = note or _moved_note(record=record, wanted=wanted)
    if not changes:
        return Nothing(note=note)
    gone = _gone(record=record, link=link)
    if gone is not None:
        return gone
    full = difference.clears(type=link.type, fields=changes, base=base)
    if record.seen is None and (full or LINE in changes):
        return Wait(
            cause="How QuickBooks shows this record now is not known yet.",
            next_step="It is read with the next poll and written then; there is nothing to be done.",
        )
    return _update(record=record, link=link, changes=changes, base=base, full=full, note=note)


def _update(
    *, record: Record, link: Link, changes: Fields, base: Mapping[str, Any], full: bool, note: str | None
) -> Update | Nothing:
    seen = record.seen or {}
    line = None
    if LINE in changes:
        line, entries = bodies.rebuilt_lines(
            entries=changes[LINE], base=base.get(LINE) or (), seen=seen.get(LINE) or ()
        )
        changes = {**changes, LINE: entries}
    if record.seen is not None and difference.executed(type=link.type, fields=changes, object=seen):
        sent = difference.lay_over(type=link.type, sent=base, fields=changes, answered=seen)
        return Nothing(fields={name: sent.get(name) for name in changes}, note=note)
    if full:
        body = bodies.full_body(seen=seen, fields=changes, line=line)
    else:
        # Lines are rebuilt from `seen`: its own token makes QuickBooks refuse them if they are not the newest.
        token = str(seen.get("SyncToken", link.token)) if line is not None else link.token
        body = bodies.sparse_body(id=link.id, token=token, fields=changes, line=line)
    return Update(type=link.type, path=f"/{link.type.lower()}", body=body, fields=changes, full=full, note=note)


def _base(*, record: Record, wanted: Fields) -> Mapping[str, Any]:
    """What the wanted fields are compared with: what was last sent.

    An invoice that was found in QuickBooks, not made, has no sent lines yet: its lines are paired with what it shows,
    because a line taken for new would be booked twice.
    """
    if LINE not in wanted or LINE in record.sent or record.seen is None:
        return record.sent
    return {**difference.agreed(type="Invoice", fields=wanted, object=record.seen), **record.sent}


def _gone(*, record: Record, link: Link) -> Refuse | None:
    """Why a change may not reach an object that somebody took out of use in QuickBooks."""
    seen = record.seen or {}
    if is_void(type=link.type, object=seen):
        cause, next_step = "It was voided in QuickBooks.", "Make a new invoice in Klipboard if it is still owed."
    elif seen.get("Active") is False:
        cause, next_step = "It was made inactive in QuickBooks.", "Make it active there; the change is then sent."
    else:
        return None
    return Refuse(cause=f"{cause} What Klipboard changed since was not sent.", next_step=next_step)


def _paid_note(*, desired: Desired, settled: bool | None) -> str | None:
    """R-44: a Paid from Klipboard is an echo where QuickBooks agrees, and else refused, with the reason."""
    if desired.paid is None or settled is True:
        return None
    if desired.status is not None and desired.status.version > desired.paid.version:
        return None
    reason = "its payments there leave a balance" if settled is False else "no payment of it is known there"
    return (
        f"Klipboard's Paid was refused: only QuickBooks can make an invoice paid, and {reason}. "
        "Record the payment in QuickBooks; it comes back by itself."
    )


def _moved_note(*, record: Record, wanted: Fields) -> str | None:
    before, now = record.sent.get("ParentRef"), wanted.get("ParentRef")
    if before is None or now is None or before == now:
        return None
    return "Klipboard moved the location to another client. QuickBooks keeps it where it is: move it there by hand."


def _not_supported_yet(*, record: Record) -> Wait:
    word = record.key.kind.value.replace("_", " ")
    what = f"a {word}" if record.presence is Presence.PRESENT else f"that a {word} was {record.presence}"
    return Wait(
        cause=f"not supported yet: telling QuickBooks {what}.",
        next_step="Make the change in QuickBooks by hand, or wait for a later version.",
    )


def _content_missing(*, record: Record) -> Wait:
    word = record.key.kind.value.replace("_", " ")
    return Wait(
        cause=f"A status came, but the {word} itself did not yet.",
        next_step=f"It goes on when the {word}'s Created or Edited event comes; publish that again if it was lost.",
    )


def _unreadable(*, problem: ValidationError) -> Refuse:
    first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "content"
    return Refuse(
        cause=f"`{field}` of what Klipboard sent is not as it should be: {first['msg']}.",
        next_step=f"Correct `{field}` in Klipboard and save it there; the new event is tried at once.",
    )
