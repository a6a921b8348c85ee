"""What a fault rule answers in a call's place: pages of proxies, empty answers, and QuickBooks' faults by their name.

The pages are ours, in the form that gateways give them; the faults are those of the table.
"""

from datetime import datetime

from infra.sandbox.quickbooks import answers
from infra.sandbox.quickbooks.answers import FAULT, Answer
from infra.sandbox.quickbooks.faults import FAULTS, Refusal, fault_error, refusal
from infra.sandbox.quickbooks.request_faults import GATEWAY_FAULTS

HTML, PLAIN = "text/html", "text/plain"


def _page(status: int, title: str) -> Answer:
    text = f"{status} {title}"
    body = f"<html>\n<head><title>{text}</title></head>\n<body>\n<center><h1>{text}</h1></center>\n</body>\n</html>\n"
    return Answer(status, body, HTML)


def _failed(status: int, kind: str, reason: str) -> Refusal:
    return Refusal((fault_error("application", reason=reason),), status=status, type=kind, timed=False)


GATEWAY_BODIES: dict[str, Answer] = {
    "html_502": _page(502, "Bad Gateway"),
    "html_503": _page(503, "Service Temporarily Unavailable"),
    "html_504": _page(504, "Gateway Time-out"),
    "empty_500": Answer(500, "", PLAIN),
    "empty_502": Answer(502, "", PLAIN),
    "empty_503": Answer(503, "", PLAIN),
    "empty_504": Answer(504, "", PLAIN),
    "system_fault": answers.fault(_failed(500, "SystemFault", "An unexpected error occurred."), time=""),
    "service_fault": answers.fault(_failed(503, "ServiceFault", "The service is unavailable."), time=""),
}
# Words for those faults that no object causes by itself; others that need words come from the calls they are about.
WORDS = {
    "query_failed": {"reason": "The query could not be completed."},
    "permission": {"what": "Your plan or your rights do not include this."},
    "feature": {"what": "This company does not have it."},
    "company_locked": {"reason": "Somebody is closing its books."},
    "operation_failed": {"operation": "asked for"},
}
FAULT_NAMES = tuple(name for name, row in FAULTS.items() if name in WORDS or "{" not in f"{row.detail}{row.element}")
NAMES = (*GATEWAY_BODIES, *FAULT_NAMES)
IN_THE_GATEWAYS_ENVELOPE = frozenset(GATEWAY_FAULTS) - {"throttled_plainly"}


def given_answer(*, named: str | None, status: int, body: str, now: datetime) -> Answer:
    """The answer of that name, else one made of a status and a text. `now` is in the company's time zone."""
    if named is None:
        kinds = {"{": FAULT, "[": FAULT, "<": HTML}
        return Answer(status, body, kinds.get(body[:1], PLAIN))
    if named in GATEWAY_BODIES:
        return GATEWAY_BODIES[named]
    refused = refusal(named, **WORDS.get(named, {}))
    if named in IN_THE_GATEWAYS_ENVELOPE:
        return answers.gateway_fault(refused, milliseconds=int(now.timestamp() * 1000))
    return answers.fault(refused, time=now.isoformat(timespec="milliseconds"))
