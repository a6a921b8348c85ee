"""An answer of the API, before it becomes HTTP: status, body, and what the journal notes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from infra.sandbox.quickbooks.faults import FaultError, Refusal
from infra.sandbox.quickbooks.wire import Doc, write_json

SUCCESS = "application/json;charset=utf-8"
FAULT = "application/json"
XML = "application/xml"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out."""

    status: int
    body: str
    content_type: str = SUCCESS
    entity: str | None = None
    object_id: str | None = None
    sync_token: str | None = None
    fault_code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call that succeeded: the content of its answer without `time`, and what it is about."""

    content: Doc
    entity: str | None = None
    object_id: str | None = None
    sync_token: str | None = None
    objects: int = 0  # how many objects it returns


def success(done: Outcome, *, time: str) -> Answer:
    """HTTP 200, whatever was done; a create too."""
    body = write_json({**done.content, "time": time})
    return Answer(200, body, SUCCESS, done.entity, done.object_id, done.sync_token)


def fault(refused: Refusal, *, time: str) -> Answer:
    """An ordinary fault, in its capitals."""
    content: Doc = {"Fault": {"Error": [_error(one) for one in refused.errors], "type": refused.type}}
    if refused.timed:
        content["time"] = time
    return Answer(refused.status, write_json(content), FAULT, fault_code=refused.errors[0].code)


def item_success(done: Outcome) -> Answer:
    """One item of a batch that succeeded, without its bId."""
    return Answer(200, write_json(done.content), SUCCESS, done.entity, done.object_id, done.sync_token)


def item_fault(refused: Refusal) -> Answer:
    """One item of a batch that failed, without its bId: it has no time, and an element even where it is empty."""
    errors = [{"element": "", **_error(one)} for one in refused.errors]
    ordered = [{name: one[name] for name in ("Message", "Detail", "code", "element")} for one in errors]
    body = write_json({"Fault": {"Error": ordered, "type": refused.type}})
    return Answer(refused.status, body, FAULT, fault_code=refused.errors[0].code)


def _error(error: FaultError) -> Doc:
    shown: Doc = {"Message": error.message, "Detail": error.detail, "code": error.code}
    return shown if error.element is None else {**shown, "element": error.element}


def gateway_fault(refused: Refusal, *, milliseconds: int) -> Answer:
    """A fault of the gateway: the lower-case envelope, its time a number."""
    error = refused.errors[0]
    content: Doc = {
        "warnings": None,
        "intuitObject": None,
        "fault": {
            "error": [{"message": error.message, "detail": error.detail, "code": error.code, "element": None}],
            "type": refused.type,
        },
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": milliseconds,
        "status": None,
        "cdcresponse": [],
    }
    return Answer(refused.status, write_json(content), FAULT, fault_code=error.code, headers=refused.headers)


def xml_fault(refused: Refusal, *, time: str) -> Answer:
    """For who does not ask for JSON: a short fault in XML."""
    error = refused.errors[0]
    body = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="{time}"'
        f' xmlns="http://schema.intuit.com/finance/v3"><Fault type="{refused.type}"><Error code="{error.code}">'
        f"<Message>{escape(error.message)}</Message><Detail>{escape(error.detail)}</Detail>"
        "</Error></Fault></IntuitResponse>"
    )
    return Answer(refused.status, body, XML, fault_code=error.code, headers=refused.headers)
