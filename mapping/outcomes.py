"""What an answer of QuickBooks means for a record: one table of fault codes, with words that a person can act on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from schemas.quickbooks.answers import Accepted, Answer, Faulted, FaultError, NeverLeft


class OutcomeKind(StrEnum):
    """What is decided after a call. The order is the order of precedence where one fault names several codes."""

    UNKNOWN = "unknown"
    """It may have been executed: the attempt stays open."""
    REAUTHORISE = "reauthorise"
    """The access token is not taken: refresh it once and repeat; it counts as not executed."""
    PAUSE = "pause"
    """The tenant's trouble, not the record's: wait without counting tries."""
    STALE = "stale"
    """The sync token is not the current one: read the object, then plan afresh."""
    NOT_FOUND = "not_found"
    """The object, or one it names, was deleted or made inactive: read it to know which."""
    DUPLICATE_NAME = "duplicate_name"
    """The name is taken: perhaps by what our own lost answer made."""
    DUPLICATE_NUMBER = "duplicate_number"
    """The document number is taken: perhaps by what our own lost answer made."""
    REFUSE = "refuse"
    """It stays refused until somebody changes something."""
    RETRY = "retry"
    """Nothing came of it, and the same again may succeed."""
    SETTLED = "settled"
    """Executed."""


PRECEDENCE: Final = tuple(OutcomeKind)
READS: Final = frozenset({"query", "read", "changes"})
"""Operations that change nothing, so that an answer that is missing is only asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A decision with its cause and next step.

    `everybody`: the trouble is QuickBooks' own, for all tenants. `bug`: nobody foresaw it; it must be loud.
    """

    kind: OutcomeKind
    cause: str = ""
    next_step: str = ""
    everybody: bool = False
    bug: bool = False
    code: str = ""

    @property
    def pauses(self) -> bool:
        """Whether it is the trouble of the whole tenant, or of everybody, and tells nothing of one record."""
        return self.kind in (OutcomeKind.PAUSE, OutcomeKind.REAUTHORISE)

    @classmethod
    def for_a_person(cls, *, cause: str, next_step: str) -> "Outcome":
        """Nothing can be decided here: it rests, as refused, until a person does."""
        return cls(kind=OutcomeKind.REFUSE, cause=cause, next_step=next_step)


TRANSIENT_WORDING: Final = "unexpected error occurred while accessing or saving your data"
"""In a 6000 these words mean "perhaps later"; QuickBooks has no code of its own for it."""

_NOTHING_TO_DO: Final = "Nothing; it goes on by itself."
_REPORT: Final = "This is an error of klipsync: report it with the intuit_tid."


def _refuse(cause: str, next_step: str) -> Outcome:
    return Outcome(kind=OutcomeKind.REFUSE, cause=cause, next_step=next_step)


def _bug(cause: str) -> Outcome:
    return Outcome(kind=OutcomeKind.REFUSE, cause=cause, next_step=_REPORT, bug=True)


def _pause(cause: str, next_step: str) -> Outcome:
    return Outcome(kind=OutcomeKind.PAUSE, cause=cause, next_step=next_step)


def _of(kind: OutcomeKind, cause: str, next_step: str) -> Outcome:
    return Outcome(kind=kind, cause=cause, next_step=next_step)


_PERIOD_CLOSED: Final = _refuse(
    "The accounting period of this date is closed in QuickBooks.", "Reopen it there, or change the date in Klipboard."
)
_TAX: Final = _refuse(
    "QuickBooks does not take the tax of this invoice.", "Check the company's sales tax settings in QuickBooks."
)
_MAYBE: Final = _of(
    OutcomeKind.UNKNOWN,
    "QuickBooks failed on its side and did not say whether it was executed.",
    "Nothing; it is looked up and, if need be, sent again.",
)

FAULTS: Final[Mapping[str, Outcome]] = {
    "120": _pause(
        "The person who connected QuickBooks may no longer use it.", "Connect QuickBooks again as an administrator."
    ),
    "500": _bug("QuickBooks does not know this operation."),
    "600": _of(
        OutcomeKind.UNKNOWN,
        "QuickBooks has had this request before and did not say what became of it.",
        "Nothing; it is looked up and, if need be, sent again.",
    ),
    "610": _of(
        OutcomeKind.NOT_FOUND,
        "In QuickBooks it, or something it names, was deleted or made inactive.",
        "Make the customer, item or account active there again, or choose another in Klipboard.",
    ),
    "620": _refuse(
        "QuickBooks cannot link these transactions in their state.", "Check the linked transactions in QuickBooks."
    ),
    "1040": _bug("More was sent in one request than QuickBooks takes."),
    "2010": _bug("QuickBooks does not know a field that was sent."),
    "2020": _bug("QuickBooks misses a field that it needs."),
    "2030": _bug("QuickBooks was sent an id that is no number."),
    "2040": _refuse(
        "A text holds a character that QuickBooks does not allow.",
        "Take colons, tabs and line breaks out of the names.",
    ),
    "2050": _refuse("A text is too long for QuickBooks.", "Shorten it in Klipboard."),
    "2130": _bug("QuickBooks does not take the request id."),
    "2500": _refuse(
        "A customer, item or account that it names does not exist in QuickBooks, or is inactive.",
        "Make it active there again, or choose another in Klipboard.",
    ),
    "3001": _pause("QuickBooks' limit of requests was reached.", _NOTHING_TO_DO),
    "3100": _pause(
        "QuickBooks no longer lets klipsync into this company.",
        "Connect QuickBooks again, and check that it is the right company.",
    ),
    "3200": _of(OutcomeKind.REAUTHORISE, "QuickBooks did not take the access token.", _NOTHING_TO_DO),
    "4000": _bug("QuickBooks could not read a query."),
    "4001": _bug("QuickBooks refused a query."),
    "4002": _of(OutcomeKind.RETRY, "QuickBooks failed over a query.", _NOTHING_TO_DO),
    "5010": _of(OutcomeKind.STALE, "Somebody changed it in QuickBooks meanwhile.", _NOTHING_TO_DO),
    "5020": _refuse(
        "The QuickBooks plan, or the rights of the person who connected, do not allow this.",
        "Connect as an administrator, or change the plan.",
    ),
    "6000": _refuse(
        "QuickBooks refused it by a rule of its books.",
        "Read what QuickBooks says and correct it there or in Klipboard.",
    ),
    "6010": _refuse("QuickBooks' company setting does not allow this.", "Check the company's settings in QuickBooks."),
    "6070": _bug("An amount is not its quantity times its price."),
    "6080": _refuse("It has no name.", "Give it a name in Klipboard."),
    "6100": _TAX,
    "6130": _refuse(
        "QuickBooks wants this customer to be billed with its parent.", "Change how the sub-customer is billed there."
    ),
    "6140": _of(
        OutcomeKind.DUPLICATE_NUMBER,
        "Another transaction in QuickBooks has this number.",
        "Give the invoice another number in Klipboard, or renumber the other one in QuickBooks.",
    ),
    "6150": _bug("A sub-customer was sent without its parent."),
    "6170": _TAX,
    "6180": _refuse(
        "QuickBooks allows customers five levels deep.", "Put the client higher up in QuickBooks' list of customers."
    ),
    "6190": _pause(
        "The QuickBooks subscription of this company has ended, or its billing has a problem.",
        "Renew the subscription in QuickBooks.",
    ),
    "6200": _PERIOD_CLOSED,
    "6210": _PERIOD_CLOSED,
    "6220": _refuse("It cannot be made inactive: it has an open balance.", "Settle the balance in QuickBooks."),
    "6240": _of(
        OutcomeKind.DUPLICATE_NAME,
        "Another customer, supplier, employee or item in QuickBooks has this name.",
        "Rename one of them, in Klipboard or in QuickBooks.",
    ),
    "6250": _refuse("QuickBooks does not take this customer on an invoice.", "Choose another client in Klipboard."),
    "6420": _refuse("QuickBooks misses an e-mail address.", "Give the client an e-mail address in Klipboard."),
    "6430": _refuse(
        "An account has the wrong type for this.", "Choose an income account: `klipsync tenants`, `--income-account`."
    ),
    "6450": _refuse("A settled transaction cannot be voided.", "Unlink the payments in QuickBooks first."),
    "6480": _refuse("It has payments, so QuickBooks keeps it as it is.", "Unlink the payments in QuickBooks first."),
    "6540": _refuse(
        "It is part of a bank deposit and cannot be changed.", "Take it out of the deposit in QuickBooks first."
    ),
    "10000": _MAYBE,
    "10200": _pause("The QuickBooks company is being reset.", "Connect QuickBooks again once that is done."),
}
"""By fault code (Intuit: develop/troubleshooting/error-codes). The texts of a fault are in the user's language."""

# A gateway refused before the books were reached, and gave no code that we know.
GATEWAY: Final[Mapping[int, Outcome]] = {401: FAULTS["3200"], 403: FAULTS["3100"], 429: FAULTS["3001"]}


def classify(answer: Answer, *, operation: str) -> Outcome:
    """What an answer to `operation` ("create", "update", or one of `READS`) means."""
    if isinstance(answer, Accepted):
        return Outcome(kind=OutcomeKind.SETTLED)
    if isinstance(answer, Faulted):
        return _for_reads(_of_fault(answer, operation=operation), operation=operation)
    if isinstance(answer, NeverLeft):
        return Outcome(
            kind=OutcomeKind.PAUSE,
            cause=f"QuickBooks could not be reached: {answer.reason}.",
            next_step=_NOTHING_TO_DO,
            everybody=True,
        )
    unanswered = replace(_MAYBE, cause=f"QuickBooks did not answer: {answer.reason}. It may have been executed.")
    return _for_reads(unanswered, operation=operation)


def refused_alone(answer: Answer, outcome: Outcome) -> bool:
    """Whether QuickBooks was there and refused this very request, so that another may well be answered."""
    return isinstance(answer, Faulted) and not outcome.pauses


def _of_fault(fault: Faulted, *, operation: str) -> Outcome:
    if not fault.errors:
        return _by_status(fault, FaultError(code="", message=f"HTTP {fault.status}"))
    outcomes = [_of_error(error, fault=fault, operation=operation) for error in fault.errors]
    return min(outcomes, key=lambda outcome: (PRECEDENCE.index(outcome.kind), not outcome.bug))


def _of_error(error: FaultError, *, fault: Faulted, operation: str) -> Outcome:
    known = FAULTS.get(error.code)
    if known is None:
        return _by_status(fault, error)
    if error.code == "6000" and TRANSIENT_WORDING in f"{error.message} {error.detail}".casefold():
        known = _MAYBE
    if known.kind is OutcomeKind.NOT_FOUND and operation == "create":
        # Nothing was there before a create: it can only be something that it names.
        known = replace(known, kind=OutcomeKind.REFUSE)
    return replace(known, code=error.code, cause=_with_words(known.cause, error))


def _by_status(fault: Faulted, error: FaultError) -> Outcome:
    known = GATEWAY.get(fault.status) if fault.gateway else None
    outcome = known or _bug(
        f"QuickBooks answered with a fault that klipsync does not know ({error.code or fault.status})."
    )
    return replace(outcome, code=error.code, cause=_with_words(outcome.cause, error))


def _for_reads(outcome: Outcome, *, operation: str) -> Outcome:
    """A read changes nothing: what may have been executed is asked for again."""
    if operation in READS and outcome.kind is OutcomeKind.UNKNOWN:
        return replace(outcome, kind=OutcomeKind.RETRY, next_step=_NOTHING_TO_DO)
    return outcome


def _with_words(cause: str, error: FaultError) -> str:
    """Our cause and QuickBooks' own words; those of the gateway say nothing to a person, and may hold a token."""
    words = (error.detail or error.message).strip()[:500]
    return f"{cause} QuickBooks says: {words}" if words and not error.message.startswith("message=") else cause
