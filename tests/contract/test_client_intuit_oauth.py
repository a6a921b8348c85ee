"""intuit-oauth, Intuit's own client for Python, unchanged: from the discovery document to the revoked consent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from infra.clock import SystemClock
from infra.sandbox.quickbooks.server import RunningSandbox, serve
from infra.sandbox.quickbooks.switches import Switches
from tests.contract.consents import Page

in_thread = asyncio.to_thread  # the client waits for its answers, and the sandbox answers in this thread
EVERYTHING = [Scopes.ACCOUNTING, Scopes.OPENID, Scopes.PROFILE, Scopes.EMAIL, Scopes.PHONE, Scopes.ADDRESS]
PERSON = {
    "sub", "email", "emailVerified", "givenName", "familyName", "phoneNumber", "phoneNumberVerified", "address",
}  # fmt: skip


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    """On the machine's clock, because the client reads that one. The harsh rotation, which forgives a client least."""
    running = await serve(clock=SystemClock(), switches=Switches(refresh_tokens="harsh"))
    try:
        yield running
    finally:
        await running.close()


async def test_it_connects_refreshes_and_revokes(sandbox: RunningSandbox) -> None:
    """Every step of a consent's life by the client's own methods; the API takes its tokens until they are revoked."""
    client = await in_thread(_client, sandbox)
    realm = await in_thread(_open_company, client, sandbox)
    code = await in_thread(_allow, client, [Scopes.ACCOUNTING], realm)

    await in_thread(client.get_bearer_token, code, realm_id=realm)
    lives = (client.expires_in, client.x_refresh_token_expires_in, client.id_token)
    first, first_call = (client.access_token, client.refresh_token), await in_thread(_called, client, sandbox, realm)
    await in_thread(client.refresh)
    second, second_call = (client.access_token, client.refresh_token), await in_thread(_called, client, sandbox, realm)
    revoked, last_call = await in_thread(client.revoke), await in_thread(_called, client, sandbox, realm)

    assert lives == (3600, 8_640_000, None)
    assert set(first).isdisjoint(second)
    assert (revoked, first_call, second_call, last_call) == (True, 200, 200, 401)


async def test_it_is_told_why_a_token_is_refused(sandbox: RunningSandbox) -> None:
    """A refresh with a value that has rolled, and refresh and revoke after the consent's end: 400, with a tid."""
    client = await in_thread(_client, sandbox)
    realm = await in_thread(_open_company, client, sandbox)
    code = await in_thread(_allow, client, [Scopes.ACCOUNTING], realm)
    await in_thread(client.get_bearer_token, code, realm_id=realm)
    rolled = client.refresh_token
    await in_thread(client.refresh)

    refused = [await _refused(client.refresh, rolled)]
    await in_thread(client.revoke)
    refused += [await _refused(client.refresh), await _refused(client.revoke)]

    assert [error.status_code for error in refused] == [400] * 3
    assert b"Token invalid" in refused[0].content
    assert b"invalid_grant" in refused[1].content
    assert all(error.intuit_tid.startswith("1-") for error in refused)


async def test_it_checks_the_id_token_and_learns_who_consented(sandbox: RunningSandbox) -> None:
    """The client itself fetches the keys and checks signature, issuer, audience and life before it keeps the token."""
    client = await in_thread(_client, sandbox)
    realm = await in_thread(_open_company, client, sandbox)
    code = await in_thread(_allow, client, EVERYTHING, realm)

    await in_thread(client.get_bearer_token, code, realm_id=realm)
    told = await in_thread(client.get_user_info)

    assert client.id_token is not None
    assert set(told.json()) == PERSON


async def test_it_is_told_nothing_of_the_person_without_openid(sandbox: RunningSandbox) -> None:
    """401: the token is good for the books and for nothing else."""
    client = await in_thread(_client, sandbox)
    realm = await in_thread(_open_company, client, sandbox)
    code = await in_thread(_allow, client, [Scopes.ACCOUNTING], realm)
    await in_thread(client.get_bearer_token, code, realm_id=realm)

    refused = await _refused(client.get_user_info)

    assert refused.status_code == 401


async def test_a_wrong_secret_is_told_as_such(sandbox: RunningSandbox) -> None:
    """invalid_client, which nobody should answer by asking the customer again."""
    client = await in_thread(_client, sandbox, secret="wrong")
    realm = await in_thread(_open_company, client, sandbox)
    code = await in_thread(_allow, client, [Scopes.ACCOUNTING], realm)

    refused = await _refused(client.get_bearer_token, code)

    assert (refused.status_code, b"invalid_client" in refused.content) == (401, True)


async def _refused(call: Callable[..., object], *given: str) -> AuthClientError:
    """What the client raises when the sandbox refuses."""
    with pytest.raises(AuthClientError) as refused:
        await in_thread(call, *given)
    return refused.value


def _client(sandbox: RunningSandbox, *, secret: str | None = None) -> Any:  # noqa: ANN401 - the package has no types
    """The package takes the discovery document's address in place of an environment's name."""
    return AuthClient(
        sandbox.client_id, secret or sandbox.client_secret, sandbox.redirect_uri, environment=sandbox.discovery_url
    )


def _open_company(client: Any, sandbox: RunningSandbox) -> str:  # noqa: ANN401
    made = client.post(f"{sandbox.control_url}/companies", json={"name": "Craig's"}).json()
    return str(made["realm"])


def _allow(client: Any, scopes: list[Scopes], realm: str) -> str:  # noqa: ANN401
    """What a person does: open the page, pick the company, press Allow. The code that the redirect brings."""
    page = Page(client.get(client.get_authorization_url(scopes)).text)
    form = {**page.hidden, "realmId": realm, "decision": "allow"}
    answer = client.post(client.auth_endpoint, data=form, allow_redirects=False)
    told = _query(answer.headers["Location"])
    assert (told["state"], told["realmId"]) == (client.state_token, realm)
    return told["code"]


def _query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def _called(client: Any, sandbox: RunningSandbox, realm: str) -> int:  # noqa: ANN401
    """The status of an API call with the client's access token."""
    headers = {"Authorization": f"Bearer {client.access_token}", "Accept": "application/json"}
    answer = client.get(f"{sandbox.base_url}/v3/company/{realm}/companyinfo/{realm}", headers=headers)
    return int(answer.status_code)
