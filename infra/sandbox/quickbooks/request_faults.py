"""Faults about a request itself: its path, its properties and their formats, its query, and the gateway's own.

Wordings are recorded or documented ones. Rows below "ours" have a documented code, and words nobody recorded.
"""

from dataclasses import dataclass


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


_MISSING = "Required param missing, need to supply the required value for the API"
_PROPERTY = "Request has invalid or unsupported property"
_QUERY = "Invalid query"
_UNSUPPORTED = "Unsupported Operation"
_LENGTH = (
    "String length specified does not match the supported length."
    " Min:{shortest} Max:{longest} supported. Supplied length:{length}"
)
_UNKNOWN_PROPERTY = (
    'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{java_class}),'
    " not marked as ignorable{known})\n specified is unsupported or invalid"
)
_NO_RESOURCE = "Operation Could not find resource for relative : {path} of full path: {url} is not supported."
_TOO_OLD = "Operation cdc with changedSince date {date} which is older than fixed days is not supported."
_DIGITS = "{name} should be a valid number. Supplied value:{value}"
_EMAIL = "Email Address does not conform to the syntax rules of RFC 822. Supplied value:{value}"

REQUEST_FAULTS: dict[str, FaultRow] = {
    "unknown_path": FaultRow("500", _UNSUPPORTED, _NO_RESOURCE),
    "unsupported_operation": FaultRow("500", _UNSUPPORTED, "Operation {operation} is not supported."),
    "changes_too_old": FaultRow("500", _UNSUPPORTED, _TOO_OLD),
    # Ours, and on purpose unlike anything QuickBooks says: what is not modelled is never an invented success.
    "not_modelled": FaultRow(
        "500", _UNSUPPORTED, "Operation {what} is not supported: the sandbox does not model it.", status=501
    ),
    "batch_empty": FaultRow("400", "MalformedRequest", "Batch Request is Empty"),
    "unknown_property": FaultRow("2010", _PROPERTY, _UNKNOWN_PROPERTY),
    "unreadable": FaultRow("2010", _PROPERTY, "Property Name:{reason} specified is unsupported or invalid"),
    "missing": FaultRow("2020", _MISSING, "Required parameter {name} is missing in the request", element="{name}"),
    "invalid_id": FaultRow("2030", "Invalid ID", _DIGITS, element="{element}", timed=False),
    "length": FaultRow(
        "2050",
        "String length is either shorter or longer than supported by specification",
        _LENGTH,
        element="{name}",
    ),
    "choice": FaultRow("2170", "Invalid Enumeration", "Invalid Enumeration : {value}", element="{name}"),
    "email": FaultRow("2210", "Invalid Email Address format", _EMAIL),
    # Ours
    "object_name": FaultRow(
        "2000", "Invalid or unsupported object name", "Object Name:{name} specified is unsupported or invalid"
    ),
    "invalid_string": FaultRow(
        "2040",
        "Invalid String",
        "Invalid String. String contains characters that are not supported: {value}",
        element="{name}",
    ),
    "date_format": FaultRow("2060", "Invalid Date Format", "Invalid Date Format : {value}", element="{name}"),
    "date": FaultRow("2070", "Invalid Date", "Date should be a valid value. Supplied value:{value}", element="{name}"),
    "number": FaultRow(
        "2090", "Invalid Number", "Number should be a valid value. Supplied value:{value}", element="{name}"
    ),
    "request_id_format": FaultRow("2130", "Invalid Request Id", "Invalid Request Id format: {value}"),
    "invalid_amount": FaultRow("2140", "Invalid Amount", "Invalid Amount : {value}", element="{name}"),
    "percent": FaultRow("2150", "Invalid Percent", "Invalid Percent : {value}", element="{name}"),
    "quantity": FaultRow("2160", "Invalid Quantity", "Invalid Quantity : {value}", element="{name}"),
    "website": FaultRow("2200", "Invalid Website Address format", "Invalid Website Address : {value}"),
    "currency": FaultRow("2220", "Invalid Currency Type", "Invalid Currency Type : {value}", element="{name}"),
    "boolean": FaultRow("2230", "Invalid Boolean", "Invalid Boolean : {value}", element="{name}"),
    "number_range": FaultRow("2240", "Invalid Number Range", "Invalid Number Range : {value}", element="{name}"),
    "conflict": FaultRow("2600", "Invalid Request", "Conflicting elements in the request : {reason}"),
    "custom_field": FaultRow("3000", "Invalid Custom Field", "Invalid Custom Field : {value}"),
}

# `time` is not on them, as on 2030: they are told before the company's own clock is known.
QUERY_FAULTS: dict[str, FaultRow] = {
    "query_syntax": FaultRow("4000", "Error parsing query", "QueryParserError: {reason}", timed=False),
    "query_property": FaultRow(
        "4001", _QUERY, "QueryValidationError: Property {name} not found for Entity {entity}", timed=False
    ),
    "query_not_queryable": FaultRow(
        "4001", _QUERY, "QueryValidationError: property '{name}' is not queryable", timed=False
    ),
    "query_entity": FaultRow(
        "4001", _QUERY, "QueryValidationError: invalid context declaration: {entity}", timed=False
    ),
    "query_too_small": FaultRow(
        "4001", _QUERY, "QueryValidationError: value {value} is too small. Min allowed value is 1", timed=False
    ),
    # Ours
    "query_too_large": FaultRow(
        "4001", _QUERY, "QueryValidationError: value {value} is too large. Max allowed value is {most}", timed=False
    ),
    "query_value": FaultRow(
        "4001", _QUERY, "QueryValidationError: value {value} is not valid for Property {name}", timed=False
    ),
    "query_operator": FaultRow(
        "4001", _QUERY, "QueryValidationError: operator {operator} is not supported for Property {name}", timed=False
    ),
    "query_failed": FaultRow("4002", "Error processing query", "QueryProcessingError: {reason}"),
}

# The gateway's own, written in the lower-case envelope.
GATEWAY_FAULTS: dict[str, FaultRow] = {
    "throttled": FaultRow(
        "3001",
        "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached.  Try again later",
        status=429,
        type="SERVICE",
    ),
    # Ours: seen by a few as an ordinary fault; a switch turns it on.
    "throttled_plainly": FaultRow(
        "3001", "ThrottleExceeded", "The request limit was reached.  Try again later", type="ThrottleExceeded"
    ),
    "wrong_company": FaultRow(
        "3100",
        "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
        "The token was not given for company {realm}",
        status=403,
        type="AUTHORIZATION",
    ),
    "withdrawn": FaultRow(
        "3100",
        "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
        "The user has disconnected the app",
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
