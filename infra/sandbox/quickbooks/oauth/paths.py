"""The paths of the OAuth endpoints, as Intuit has them on its several hosts, and how parameters join an address."""

from urllib.parse import urlencode, urlsplit

AUTHORIZE = "/connect/oauth2"
TOKEN = "/oauth2/v1/tokens/bearer"
REVOKE = "/v2/oauth2/tokens/revoke"
ISSUER = "/op/v1"
KEYS = "/op/v1/jwks"
USER_INFO = "/v1/openid_connect/userinfo"
DISCOVERY = "/.well-known/openid_configuration"
SANDBOX_DISCOVERY = "/.well-known/openid_sandbox_configuration"


def with_parameters(address: str, **parameters: str) -> str:
    """The address with these parameters after those that it has."""
    joint = "&" if urlsplit(address).query else "?"
    return address + joint + urlencode(parameters)
