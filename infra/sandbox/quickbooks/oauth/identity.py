"""OpenID Connect: the id token, the keys to check it with, and what is known of the person who consented."""

from datetime import datetime, timedelta
from typing import Any

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.oauth import paths
from infra.sandbox.quickbooks.oauth.asked import Asked
from infra.sandbox.quickbooks.oauth.codes import Code
from infra.sandbox.quickbooks.oauth.scopes import OPENID
from infra.sandbox.quickbooks.oauth.signer import Signer
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.wire import Doc, write_json

ID_TOKEN_LIFE = timedelta(hours=1)
PERSON = "5d1ff0c2-8a4e-4f0b-9c37-1f6f2b2f7a10"  # the sandbox's one user
CHALLENGE = 'Bearer realm="Intuit", error="invalid_token"'
UNAUTHORIZED = 401

# Each scope and what it tells; Intuit writes these in camel case, unlike OpenID.
TOLD: dict[str, Doc] = {
    OPENID: {"sub": PERSON},
    "email": {"email": "jo@example.com", "emailVerified": True},
    "profile": {"givenName": "Jo", "familyName": "Sandbox"},
    "phone": {"phoneNumber": "+1 5550100", "phoneNumberVerified": False},
    "address": {
        "address": {
            "streetAddress": "1 Sandbox Way",
            "locality": "Mountain View",
            "region": "CA",
            "postalCode": "94043",
            "country": "US",
        }
    },
}


def id_token(signer: Signer, code: Code, *, issuer: str, now: datetime) -> str:
    """The signed token that tells who consented, to which app, for which company."""
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": PERSON,
        "aud": [code.app],
        "realmid": code.realm,
        "auth_time": issued,
        "iat": issued,
        "exp": issued + int(ID_TOKEN_LIFE.total_seconds()),
    }
    return signer.sign({**claims, "nonce": code.nonce} if code.nonce else claims)


def answer_keys(sandbox: Sandbox, _asked: Asked) -> Answer:
    """The public keys, one of them."""
    return Answer(200, write_json({"keys": [sandbox.signer.public_key]}))


def answer_person(sandbox: Sandbox, asked: Asked) -> Answer:
    """Who consented, as far as the token's scopes go; 401 for a token that is dead or tells nothing of a person."""
    held = sandbox.tokens.held(asked.authorization.removeprefix("Bearer ").strip())
    if held is None or OPENID not in held.scopes:
        return Answer(
            UNAUTHORIZED,
            write_json({"error": "invalid_token"}),
            fault_code="invalid_token",
            headers={"WWW-Authenticate": CHALLENGE},
        )
    told: Doc = {}
    for scope in held.scopes:
        told.update(TOLD.get(scope, {}))
    return Answer(200, write_json(told))


def issuer(asked: Asked) -> str:
    """Who signs, as the discovery document names it."""
    return asked.origin + paths.ISSUER
