"""The authorize page: a person picks a company and says whether the app may work in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.oauth import page
from infra.sandbox.quickbooks.oauth.apps import App
from infra.sandbox.quickbooks.oauth.asked import Asked
from infra.sandbox.quickbooks.oauth.paths import with_parameters
from infra.sandbox.quickbooks.oauth.scopes import ACCOUNTING, read_scopes
from infra.sandbox.quickbooks.sandbox import Sandbox

PARAMETERS = ("client_id", "response_type", "scope", "redirect_uri", "state", "nonce")
FOUND = 302
NOT_MODELLED = 501


@dataclass(frozen=True, slots=True)
class Consent:
    """A request for consent in which nothing is wrong."""

    app: App
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str
    nonce: str


def show(sandbox: Sandbox, asked: Asked) -> Answer:
    """The page, or where its request goes wrong, what is wrong."""
    checked = _checked(sandbox, asked.query)
    if isinstance(checked, Answer):
        return checked
    companies = [(books.realm, books.name) for books in sandbox.realms.values()]
    kept = {name: asked.query[name] for name in PARAMETERS if name in asked.query}
    return page.consent(app=checked.app.name, scopes=checked.scopes, companies=companies, kept=kept)


def decide(sandbox: Sandbox, asked: Asked) -> Answer:
    """What the person chose, told to the app by way of the browser."""
    checked = _checked(sandbox, asked.form)
    if isinstance(checked, Answer):
        return checked
    decision, realm = asked.form.get("decision"), asked.form.get("realmId", "")
    if decision == "deny":
        return _sent_back(checked.redirect_uri, checked.state, error="access_denied")
    if decision != "allow" or realm not in sandbox.realms:
        return page.trouble("Pick one of the companies, then Allow or Deny.")
    code = sandbox.codes.give(
        app=checked.app.client_id,
        realm=realm,
        scopes=checked.scopes,
        redirect_uri=checked.redirect_uri,
        nonce=checked.nonce,
    )
    return _sent_back(checked.redirect_uri, checked.state, code=code, realmId=realm)


def _checked(sandbox: Sandbox, given: Mapping[str, str]) -> Consent | Answer:
    """A wrong app or address is shown to the person: whoever sent it must not be told by a redirect."""
    app = sandbox.apps.find(given.get("client_id", ""))
    if app is None:
        return page.trouble("The client_id names no app of this sandbox.")
    redirect_uri, state = given.get("redirect_uri", ""), given.get("state", "")
    if redirect_uri not in app.redirect_uris:
        return page.trouble("The redirect_uri is not one that the app has registered, letter by letter.")
    error = _error(given)
    if error is not None:
        return _sent_back(redirect_uri, state, error=error)
    scopes = read_scopes(given["scope"]) or ()
    if ACCOUNTING not in scopes:
        return page.trouble(f"This sandbox models only consents that include {ACCOUNTING}.", status=NOT_MODELLED)
    return Consent(app, scopes, redirect_uri, state, given.get("nonce", ""))


def _error(given: Mapping[str, str]) -> str | None:
    if given.get("response_type") != "code":
        return "unsupported_response_type" if given.get("response_type") else "invalid_request"
    if read_scopes(given.get("scope", "")) is None:
        return "invalid_scope"
    return None if given.get("state") else "invalid_request"


def _sent_back(redirect_uri: str, state: str, **told: str) -> Answer:
    if state:
        told["state"] = state
    return Answer(FOUND, "", page.HTML, headers={"Location": with_parameters(redirect_uri, **told)})
