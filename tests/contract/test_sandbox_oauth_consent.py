"""The authorize page and what follows: a person allows or denies, and the app learns it by redirect."""

from urllib.parse import urlsplit

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.consents import ACCOUNTING, Consents, Page, registered, told_by_redirect
from tests.contract.sandbox_company import company

DISCOVERY = ("openid_configuration", "openid_sandbox_configuration")


@pytest.mark.parametrize("name", [*DISCOVERY, *(f"{name}/" for name in DISCOVERY)])
async def test_the_discovery_documents_name_this_sandbox_and_nothing_else(name: str) -> None:
    """The keys of the real document, its paths, and the address by which the sandbox was called."""
    async with company() as it:
        told = await Consents(it).get(f"/.well-known/{name}")

    base = it.running.base_url
    assert told.json == {
        "issuer": f"{base}/op/v1",
        "authorization_endpoint": f"{base}/connect/oauth2",
        "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{base}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


async def test_the_page_offers_every_company_and_two_buttons_and_needs_no_script() -> None:
    """A form that any browser can send; the first company is picked already; nothing breaks out of the page."""
    async with company(name="<b>Craig's</b>") as it:
        other = (await it.control("POST", "companies", {"name": "Other"}))["realm"]
        told = await Consents(it).open(state='"><script>')
        page = Page(told.text)

    assert page.hidden["state"] == '"><script>'
    assert (told.status, told.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert (page.form["method"], page.buttons) == ("post", ["allow", "deny"])
    assert (page.companies, page.picked) == ([it.realm, other], [it.realm])
    assert page.tags >= {"h1", "fieldset", "legend", "label", "title"}
    assert page.tags.isdisjoint({"script", "b"})


async def test_a_sandbox_without_companies_offers_only_to_deny() -> None:
    """The page says what is missing instead of giving a code for nothing."""
    async with company() as it:
        it.running.sandbox.realms.clear()
        told = await Consents(it).open()

    assert Page(told.text).buttons == ["deny"]
    assert "no company yet" in told.text


async def test_allow_gives_the_app_a_code_for_the_company_that_was_picked() -> None:
    """code, state and realmId; the state comes back letter by letter; the tokens open that company and no other."""
    async with company() as it:
        other = (await it.control("POST", "companies", {"name": "Other"}))["realm"]
        app = Consents(it)
        sent = await app.press("allow", realm=other)
        told = told_by_redirect(sent)
        tokens = await app.exchange(told["code"])
        picked = await app.read_company(tokens["access_token"], realm=other)
        unpicked = await app.read_company(tokens["access_token"], realm=it.realm)

    assert sent.headers["Location"].startswith(app.app.redirect_uri + "?")
    assert (set(told), told["state"], told["realmId"]) == ({"code", "state", "realmId"}, "a b&c", other)
    assert len(told["code"]) <= 512
    assert (picked["CompanyInfo"]["CompanyName"], unpicked.status, unpicked.code) == ("Other", 403, "3100")


async def test_deny_gives_the_app_an_error_and_no_code() -> None:
    """access_denied, with the state."""
    async with company() as it:
        told = told_by_redirect(await Consents(it).press("deny"))

    assert told == {"error": "access_denied", "state": "a b&c"}


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": "http://localhost:8000/callback/"},
        {"redirect_uri": "http://localhost:8000/callback?x=1"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": None},
    ],
)
async def test_a_wrong_app_or_address_is_shown_and_never_redirected(changed: dict[str, str | None]) -> None:
    """Whoever sent the person there learns nothing: the page has no form, and no address to go to."""
    async with company() as it:
        told = await Consents(it).open(**changed)

    assert told.status == 400
    assert "Location" not in told.headers
    assert "form" not in Page(told.text).tags


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"scope": "com.intuit.quickbooks.everything"}, "invalid_scope"),
        ({"scope": f"{ACCOUNTING} admin"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
    ],
)
async def test_other_errors_go_to_the_app(changed: dict[str, str | None], error: str) -> None:
    """By redirect, with the state where there was one; no company is asked about."""
    async with company() as it:
        told = told_by_redirect(await Consents(it).open(**changed))

    assert told == {"error": error, **({} if "state" in changed else {"state": "a b&c"})}


async def test_a_form_that_was_tampered_with_is_checked_like_the_page() -> None:
    """The answer comes from outside too: another address or an unknown company gives no code."""
    async with company() as it:
        app = Consents(it)
        allowed = {"decision": "allow", "realmId": it.realm}
        moved = await app.answer(app.question(redirect_uri="https://evil.example/") | allowed)
        nowhere = await app.answer(app.question() | allowed | {"realmId": "1"})
        undecided = await app.answer(app.question() | allowed | {"decision": "maybe"})

    assert (moved.status, nowhere.status, undecided.status) == (400, 400, 400)
    assert "Location" not in moved.headers | nowhere.headers | undecided.headers


async def test_signing_in_without_books_is_refused_as_not_modelled() -> None:
    """A scope that exists, and a flow that the sandbox does not have: 501, and no invented success."""
    async with company() as it:
        told = await Consents(it).open(scope="openid email")

    assert told.status == 501
    assert ACCOUNTING in told.text


async def test_an_apps_addresses_can_be_changed_and_may_have_a_query() -> None:
    """Registering an app again replaces what is said; its secret stays; the code is appended to the query."""
    async with company() as it:
        await it.control(
            "POST", "apps", {"client_id": it.running.client_id, "redirect_uris": ["https://a.example/?x=1"]}
        )
        app = Consents(it)
        former = await app.open()
        sent = await app.press("allow", redirect_uri="https://a.example/?x=1")
        told = told_by_redirect(sent)
        tokens = await app.exchange(told["code"], redirect_uri="https://a.example/?x=1")

    assert former.status == 400
    assert urlsplit(sent.headers["Location"]).query.startswith("x=1&code=")
    assert tokens.status == 200


async def test_a_code_is_good_once_for_ten_minutes_and_for_its_app_and_address() -> None:
    """Everything else is invalid_grant; what failed does not use the code up."""
    async with company() as it:
        app, other = Consents(it), await registered(it)
        code, late = await app.code(), await app.code()
        refused = [
            await app.exchange("unknown"),
            await app.exchange(code, redirect_uri="https://a.example/"),
            await other.exchange(code, redirect_uri=app.app.redirect_uri),
        ]
        good = await app.exchange(code)
        refused.append(await app.exchange(code))
        it.clock.advance(600)
        refused.append(await app.exchange(late))

    assert [(told.status, told["error"]) for told in refused] == [(400, "invalid_grant")] * 5
    assert good.status == 200


@pytest.mark.parametrize(
    ("at_once", "status", "alive"), [("served", 200, 200), ("second_refused", 400, 200), ("both_die", 400, 401)]
)
async def test_two_exchanges_at_once_do_as_the_switch_says(at_once: str, status: int, alive: int) -> None:
    """Two codes of one company within a second: the second may be refused, and the first one's pair may die."""
    async with company(Switches(limits="off").changed({"tokens_at_once": at_once})) as it:
        app = Consents(it)
        one, two = await app.code(), await app.code()
        first, second = await app.exchange(one), await app.exchange(two)
        token = second["access_token"] if second.status == 200 else first["access_token"]
        it.clock.advance(1)
        used = await app.read_company(token)

    assert (second.status, used.status) == (status, alive)


@pytest.mark.parametrize(("at_once", "status"), [("served", 200), ("both_die", 401)])
async def test_a_code_that_comes_twice_may_cost_the_tokens_it_gave(at_once: str, status: int) -> None:
    """However long after: a callback that is called twice ends the consent that it was called for."""
    async with company(Switches(limits="off").changed({"tokens_at_once": at_once})) as it:
        app, code = Consents(it), await Consents(it).code()
        tokens = await app.exchange(code)
        it.clock.advance(60)
        again = await app.exchange(code)
        used = await app.read_company(tokens["access_token"])

    assert (again.status, again["error"], used.status) == (400, "invalid_grant", status)
