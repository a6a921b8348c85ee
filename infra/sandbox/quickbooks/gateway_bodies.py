"""What stands between a client and QuickBooks when something breaks: pages of proxies, empty answers, service faults.

The pages are ours, in the form that gateways give them; the faults have documented codes and types.
"""

from dataclasses import dataclass

from infra.sandbox.quickbooks.wire import write_json

HTML, JSON, PLAIN = "text/html", "application/json", "text/plain"


@dataclass(frozen=True, slots=True)
class GatewayBody:
    """One such answer."""

    status: int
    content_type: str
    body: str


def _page(status: int, title: str) -> GatewayBody:
    text = f"{status} {title}"
    body = f"<html>\n<head><title>{text}</title></head>\n<body>\n<center><h1>{text}</h1></center>\n</body>\n</html>\n"
    return GatewayBody(status, HTML, body)


def _fault(status: int, kind: str, code: str, message: str, detail: str) -> GatewayBody:
    error = {"Message": message, "Detail": detail, "code": code, "element": ""}
    return GatewayBody(status, JSON, write_json({"Fault": {"Error": [error], "type": kind}}))


_SYSTEM = ("10000", "An application error has occurred while processing your request")
GATEWAY_BODIES: dict[str, GatewayBody] = {
    "html_502": _page(502, "Bad Gateway"),
    "html_503": _page(503, "Service Temporarily Unavailable"),
    "html_504": _page(504, "Gateway Time-out"),
    "empty_500": GatewayBody(500, PLAIN, ""),
    "empty_502": GatewayBody(502, PLAIN, ""),
    "empty_503": GatewayBody(503, PLAIN, ""),
    "empty_504": GatewayBody(504, PLAIN, ""),
    "system_fault": _fault(500, "SystemFault", *_SYSTEM, "System Failure Error: An unexpected error occurred."),
    "service_fault": _fault(503, "ServiceFault", *_SYSTEM, "System Failure Error: The service is unavailable."),
}


def gateway_body(*, named: str | None, status: int, body: str) -> GatewayBody:
    """The answer of that name, else one made of a status and a text."""
    if named is not None:
        return GATEWAY_BODIES[named]
    kinds = {"{": JSON, "[": JSON, "<": HTML}
    return GatewayBody(status, kinds.get(body[:1], PLAIN), body)
