"""The revocation endpoint: an app ends a consent that it was given."""

from json import JSONDecodeError

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.oauth.apps import basic_credentials
from infra.sandbox.quickbooks.oauth.asked import Asked
from infra.sandbox.quickbooks.oauth.refused import NotGranted
from infra.sandbox.quickbooks.oauth.token_call import refused, unknown_client
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.wire import read_json


def answer(sandbox: Sandbox, asked: Asked) -> Answer:
    """200 and nothing: both tokens of the company are dead. 400: that was no live token of this app."""
    credentials = basic_credentials(asked.authorization)
    app = sandbox.apps.authenticated(*credentials) if credentials else None
    if app is None:
        return unknown_client(asked)
    token = _token(asked)
    if token is None or not sandbox.tokens.revoke(token, app=app.client_id):
        return refused(NotGranted("invalid_request" if token is None else "invalid_token"))
    return Answer(200, "")


def _token(asked: Asked) -> str | None:
    """From JSON, as Intuit's page shows it, or from a form, as RFC 7009 has it and node-quickbooks sends it."""
    if asked.form:
        return asked.form.get("token") or None
    try:
        content = read_json(asked.body) if asked.content_type == "application/json" else None
    except (JSONDecodeError, UnicodeDecodeError):
        return None
    token = content.get("token") if isinstance(content, dict) else None
    return token if isinstance(token, str) and token else None
