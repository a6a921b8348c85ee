"""The discovery documents: where everything is, under the address by which the sandbox was called."""

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.oauth import paths
from infra.sandbox.quickbooks.oauth.asked import Asked
from infra.sandbox.quickbooks.oauth.scopes import IDENTITY
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.wire import write_json


def answer(_sandbox: Sandbox, asked: Asked) -> Answer:
    """The document's keys are the real one's; it names only OpenID's scopes, as the real one does."""
    content = {
        "issuer": asked.origin + paths.ISSUER,
        "authorization_endpoint": asked.origin + paths.AUTHORIZE,
        "token_endpoint": asked.origin + paths.TOKEN,
        "userinfo_endpoint": asked.origin + paths.USER_INFO,
        "revocation_endpoint": asked.origin + paths.REVOKE,
        "jwks_uri": asked.origin + paths.KEYS,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": list(IDENTITY),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }
    return Answer(200, write_json(content))
