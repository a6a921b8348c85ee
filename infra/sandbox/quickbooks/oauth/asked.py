"""One request to the OAuth endpoints, read from HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Asked:
    """What came. Where a parameter was sent twice, the last one counts."""

    origin: str  # "http://127.0.0.1:8700": under which address the sandbox was called
    content_type: str
    authorization: str
    query: Mapping[str, str]
    form: Mapping[str, str]  # empty unless the body is a form
    body: bytes
    hard_life: bool  # whether the answer shall say when the chain of refresh tokens ends for good


async def read(request: web.Request) -> Asked:
    """The request with its body."""
    body, headers = await request.read(), request.headers
    is_form = request.content_type == FORM
    form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)) if is_form else {}
    return Asked(
        origin=str(request.url.origin()),
        content_type=request.content_type,
        authorization=headers.get("Authorization", ""),
        query=dict(request.query),
        form=form,
        body=body,
        hard_life=headers.get("x-include-refresh-token-hard-expires-in", "").strip().lower() == "true",
    )
