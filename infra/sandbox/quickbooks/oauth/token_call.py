"""The token endpoint: who asks, which grant, and the tokens or the refusal in OAuth's words."""

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.oauth.apps import App, Apps, basic_credentials
from infra.sandbox.quickbooks.oauth.asked import Asked
from infra.sandbox.quickbooks.oauth.codes import Code
from infra.sandbox.quickbooks.oauth.grants import Issued
from infra.sandbox.quickbooks.oauth.identity import id_token, issuer
from infra.sandbox.quickbooks.oauth.refused import INVALID, NotGranted
from infra.sandbox.quickbooks.oauth.scopes import OPENID
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.wire import Doc, write_json

UNAUTHORIZED = 401


def answer(sandbox: Sandbox, asked: Asked) -> Answer:
    """The answer of the token endpoint."""
    app = asking_app(sandbox.apps, asked)
    if app is None:
        return unknown_client(asked)
    try:
        grant_type = required(asked, "grant_type")
        return GRANTS.get(grant_type, _unknown_grant)(sandbox, app, asked)
    except NotGranted as refusal:
        return refused(refusal)


def asking_app(apps: Apps, asked: Asked) -> App | None:
    """The app whose id and secret came, in the header or, without one, in the form."""
    if asked.authorization:
        credentials = basic_credentials(asked.authorization)
    else:
        credentials = asked.form.get("client_id", ""), asked.form.get("client_secret", "")
    return apps.authenticated(*credentials) if credentials else None


def unknown_client(asked: Asked) -> Answer:
    """No such app, or not its secret: 400 when they came in the form, else 401."""
    status = 400 if not asked.authorization and "client_id" in asked.form else UNAUTHORIZED
    headers = {"WWW-Authenticate": 'Basic realm="Intuit"'} if status == UNAUTHORIZED else {}
    return Answer(status, write_json({"error": "invalid_client"}), fault_code="invalid_client", headers=headers)


def refused(refusal: NotGranted) -> Answer:
    """HTTP 400 with the refusal's name and what else it says."""
    content: Doc = {"error": refusal.error}
    if refusal.description is not None:
        content["error_description"] = refusal.description
    return Answer(400, write_json({**content, **refusal.more}), fault_code=refusal.error)


def _refreshed(sandbox: Sandbox, app: App, asked: Asked) -> Answer:
    value = required(asked, "refresh_token")
    return _granted(sandbox.tokens.refresh(value, app=app.client_id, switches=sandbox.switches), asked)


def _exchanged(sandbox: Sandbox, app: App, asked: Asked) -> Answer:
    value, redirect_uri = required(asked, "code"), required(asked, "redirect_uri")
    code = sandbox.codes.find(value, app=app.client_id, redirect_uri=redirect_uri)
    _use(sandbox, code)
    issued = sandbox.tokens.consent(app=code.app, realm=code.realm, scopes=code.scopes, switches=sandbox.switches)
    if OPENID not in code.scopes:
        return _granted(issued, asked)
    signed = id_token(sandbox.signer, code, issuer=issuer(asked), now=sandbox.clock.now())
    return _granted(issued, asked, id_token=signed)


def _use(sandbox: Sandbox, code: Code) -> None:
    """Use the code up. Raises NotGranted when it was used already, or another exchange is at it."""
    tokens, switches = sandbox.tokens, sandbox.switches
    tokens.begin_exchange(app=code.app, realm=code.realm, grant_type="authorization_code", switches=switches)
    if code.used:
        # Whoever sends a code twice may have stolen it: what it gave is taken back, where the switch says so.
        if switches.tokens_at_once == "both_die":
            tokens.end(code.realm, app=code.app)
        raise NotGranted("invalid_grant", INVALID)
    code.used = True


def _granted(issued: Issued, asked: Asked, **more: str) -> Answer:
    content: Doc = {
        "token_type": "bearer",
        "access_token": issued.access_token,
        "expires_in": issued.access_seconds,
        "refresh_token": issued.grant.value,
        "x_refresh_token_expires_in": issued.refresh_seconds,
    }
    if asked.hard_life:
        content["x_refresh_token_hard_expires_in"] = issued.chain_seconds
    return Answer(200, write_json({**content, **more}))


def _unknown_grant(_sandbox: Sandbox, _app: App, _asked: Asked) -> Answer:
    raise NotGranted("unsupported_grant_type")


def required(asked: Asked, name: str) -> str:
    """That field of the form. Raises NotGranted where it is missing or empty."""
    value = asked.form.get(name)
    if not value:
        raise NotGranted("invalid_request")
    return value


GRANTS = {"authorization_code": _exchanged, "refresh_token": _refreshed}
