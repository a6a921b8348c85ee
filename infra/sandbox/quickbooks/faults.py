"""Every fault the sandbox can answer, as one table: name -> code, wording, element, HTTP status.

Wordings are the recorded ones. Rows marked "ours" have a recorded or documented code, and words nobody recorded.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One kind of fault; `detail` and `element` are templates that `refusal` fills. `element=None` leaves it out."""

    code: str
    message: str
    detail: str
    element: str | None = None
    status: int = 400
    type: str = "ValidationFault"
    timed: bool = True  # whether the answer carries `time`


@dataclass(frozen=True, slots=True)
class FaultError:
    """One entry of `Fault.Error`, ready to be written."""

    code: str
    message: str
    detail: str
    element: str | None = None


@dataclass(slots=True)
class Refusal(Exception):  # noqa: N818 - a refusal is an answer of QuickBooks, not an error of the sandbox
    """QuickBooks refuses the request; the errors say why. Change the request, or what it needs, and send it again."""

    errors: tuple[FaultError, ...]
    status: int = 400
    type: str = "ValidationFault"
    timed: bool = True
    headers: dict[str, str] = field(default_factory=dict)


_MISSING = "Required param missing, need to supply the required value for the API"
_BUSINESS = "A business validation error has occurred while processing your request"
_PROPERTY = "Request has invalid or unsupported property"
_NAME_TAKEN = "Duplicate Name Exists Error"
_QUERY = "Invalid query"
_INACTIVE = (
    "Object Not Found : Something you're trying to use has been made inactive."
    " Check the fields with accounts, customers, items, vendors or employees."
)
_DELETED = "Object Not Found : Another user has deleted this transaction."
_STALE = (
    "Stale Object Error : You and {user} were working on this at the same time."
    " {user} finished before you did, so your work was not saved."
)
_LENGTH = (
    "String length specified does not match the supported length."
    " Min:{shortest} Max:{longest} supported. Supplied length:{length}"
)
_BALANCE = (
    "The entity you are trying to delete has an open balance. : This {what} cannot be deleted because it has a"
    " non-zero balance"
)
_NO_RESOURCE = "Operation Could not find resource for relative : {path} of full path: {url} is not supported."
_TOO_OLD = "Operation cdc with changedSince date {date} which is older than fixed days is not supported."
_STRING = "Invalid String. String contains characters that are not supported: {value}"
_DIGITS = "{name} should be a valid number. Supplied value:{value}"

FAULTS: dict[str, FaultRow] = {
    "unknown_path": FaultRow("500", "Unsupported Operation", _NO_RESOURCE),
    "unsupported_operation": FaultRow("500", "Unsupported Operation", "Operation {operation} is not supported."),
    "changes_too_old": FaultRow("500", "Unsupported Operation", _TOO_OLD),
    # Ours, and on purpose unlike anything QuickBooks says: what is not modelled is never an invented success.
    "not_modelled": FaultRow(
        "500", "Unsupported Operation", "Operation {what} is not supported: the sandbox does not model it.", status=501
    ),
    "request_id_reused": FaultRow(
        "600", "Duplicate Request ID", "Duplicate Request ID : {value} was used for another request."
    ),
    "not_found": FaultRow("610", "Object Not Found", _INACTIVE, element=""),
    "deleted": FaultRow("610", "Object Not Found", _DELETED, element=""),
    "cannot_link": FaultRow("620", "Transaction cannot be linked", "Txn ID Cannot Be Linked : {value}"),
    "unknown_property": FaultRow(
        "2010",
        _PROPERTY,
        'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{java_class}),'
        " not marked as ignorable{known})\n specified is unsupported or invalid",
    ),
    "unreadable": FaultRow("2010", _PROPERTY, "Property Name:{reason} specified is unsupported or invalid"),
    "missing": FaultRow("2020", _MISSING, "Required parameter {name} is missing in the request", element="{name}"),
    "invalid_id": FaultRow("2030", "Invalid ID", _DIGITS, element="{element}", timed=False),
    "invalid_string": FaultRow("2040", "Invalid String", _STRING, element="{name}"),
    "length": FaultRow(
        "2050",
        "String length is either shorter or longer than supported by specification",
        _LENGTH,
        element="{name}",
    ),
    "request_id_format": FaultRow("2130", "Invalid Request Id", "Invalid Request Id format: {value}"),
    "choice": FaultRow("2170", "Invalid Enumeration", "Invalid Enumeration : {value}", element="{name}"),
    "email": FaultRow("2210", "Invalid Email Address format", "Email Address specified is invalid: {value}"),
    "reference": FaultRow(
        "2500",
        "Invalid Reference Id",
        "Invalid Reference Id : {family} element id {value} not found",
        element="Reference Id",
    ),
    "query_syntax": FaultRow("4000", "Error parsing query", "QueryParserError: {reason}"),
    "query_property": FaultRow("4001", _QUERY, "QueryValidationError: Property {name} not found for Entity {entity}"),
    "query_not_queryable": FaultRow("4001", _QUERY, "QueryValidationError: property '{name}' is not queryable"),
    "query_entity": FaultRow("4001", _QUERY, "QueryValidationError: invalid context declaration: {entity}"),
    "query_too_small": FaultRow(
        "4001", _QUERY, "QueryValidationError: value {value} is too small. Min allowed value is 1"
    ),
    "query_too_large": FaultRow(
        "4001", _QUERY, "QueryValidationError: value {value} is too large. Max allowed value is 1000"
    ),
    "query_value": FaultRow("4001", _QUERY, "QueryValidationError: value {value} is not valid for Property {name}"),
    "query_operator": FaultRow(
        "4001", _QUERY, "QueryValidationError: operator {operator} is not supported for Property {name}"
    ),
    "stale": FaultRow("5010", "Stale Object Error", _STALE, element=""),
    "business": FaultRow("6000", _BUSINESS, "Business Validation Error: {reason}", element=""),
    "amount": FaultRow(
        "6070",
        "Amount calculation incorrect in the request.",
        "Amount is not equal to UnitPrice * Qty. Supplied value:{value}",
        element="Line.Amount",
    ),
    "no_name": FaultRow(
        "6080",
        "Name is required",
        "At least one of Title, GivenName, MiddleName, FamilyName, Suffix or DisplayName is required.",
    ),
    "parent_and_job": FaultRow(
        "6150", "ParentRef Required Error", "ParentRef is either required or not if Job is true or false."
    ),
    "too_deep": FaultRow("6180", "Sub Level Limit", "Sub Level Limit : a customer may have at most four levels below."),
    "has_balance": FaultRow("6220", "Delete List Has Balance Error", _BALANCE),
    "name_taken": FaultRow("6240", _NAME_TAKEN, "The name supplied already exists. : null"),
    "account_type": FaultRow("6430", "Invalid account type used", "Invalid account type used : {name}"),
    "email_required": FaultRow("6420", "Email Address is required", "BillEmail is required when EmailStatus says so."),
    # The gateway's own, written in the lower-case envelope.
    "throttled": FaultRow(
        "3001",
        "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached.  Try again later",
        status=429,
        type="SERVICE",
    ),
    "wrong_company": FaultRow(
        "3100",
        "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
        "The token was not given for company {realm}",
        status=403,
        type="AUTHORIZATION",
    ),
    "token": FaultRow(
        "3200",
        "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        "Token expired: {token}",
        status=401,
        type="AUTHENTICATION",
    ),
}


def fault_error(name: str, /, **words: object) -> FaultError:
    """One error of the table, with its template filled."""
    row = FAULTS[name]
    element = None if row.element is None else row.element.format(**words)
    return FaultError(row.code, row.message, row.detail.format(**words), element)


def refusal(name: str, /, **words: object) -> Refusal:
    """The fault of that name as an exception to raise."""
    row = FAULTS[name]
    return Refusal((fault_error(name, **words),), status=row.status, type=row.type, timed=row.timed)


def not_modelled(what: str) -> Refusal:
    """The sandbox does not know how QuickBooks answers `what`; it says so instead of inventing an answer."""
    return refusal("not_modelled", what=what)
