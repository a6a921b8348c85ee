"""Where the OAuth endpoints are, and who answers them. The paths are Intuit's, the hosts are all this one."""

from collections.abc import Callable
from dataclasses import dataclass

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.oauth import authorize, discovery, identity, paths, revocation, token_call
from infra.sandbox.quickbooks.oauth.asked import Asked
from infra.sandbox.quickbooks.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint."""

    method: str
    path: str
    operation: str  # in the journal, and the entity that fault rules name
    answer: Callable[[Sandbox, Asked], Answer]


ROUTES = (
    Route("POST", paths.TOKEN, "token", token_call.answer),
    Route("POST", paths.REVOKE, "revoke", revocation.answer),
    Route("GET", paths.AUTHORIZE, "authorize", authorize.show),
    Route("POST", paths.AUTHORIZE, "authorize", authorize.decide),
    Route("GET", paths.USER_INFO, "userinfo", identity.answer_person),
    Route("GET", paths.KEYS, "discovery", identity.answer_keys),
    *(
        Route("GET", path + slash, "discovery", discovery.answer)
        for path in (paths.DISCOVERY, paths.SANDBOX_DISCOVERY)
        for slash in ("", "/")  # clients ask with and without
    ),
)
