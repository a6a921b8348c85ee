"""Several apps, and how a consent ends: revoked by its app, or taken back by the user."""

import pytest

from infra.sandbox.quickbooks.switches import Switches
from tests.contract.consents import Consents, Credentials, registered
from tests.contract.sandbox_company import company

LIMITS_OFF = Switches(limits="off")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_both(which: str) -> None:
    """200 and nothing in it; then 401 at the API, invalid_grant at the token endpoint, 400 for a second revoke."""
    async with company() as it:
        app = Consents(it)
        tokens = await app.connect()
        revoked = await app.revoke(tokens[which])
        called = await app.read_company(tokens["access_token"])
        refreshed = await app.refresh(tokens["refresh_token"])
        again = await app.revoke(tokens[which])

    assert (revoked.status, revoked.text) == (200, "")
    assert (called.status, called.code) == (401, "3200")
    assert refreshed["error"] == "invalid_grant"
    assert again.status == 400


@pytest.mark.parametrize("token", ["RT1-unknown", "", None, 7])
async def test_a_bad_token_revokes_nothing(token: object) -> None:
    """HTTP 400; the company's tokens live on."""
    async with company() as it:
        told = await Consents(it).revoke(token)
        good = await it.refresh(it.refresh_token)

    assert (told.status, good.status) == (400, 200)


async def test_a_token_may_come_in_a_form() -> None:
    """RFC 7009 sends a form, and so does node-quickbooks: it revokes as JSON does."""
    async with company() as it:
        app = Consents(it)
        told = await app.post_form("/v2/oauth2/tokens/revoke", {"token": it.refresh_token})
        refreshed = await app.refresh(it.refresh_token)

    assert (told.status, told.text) == (200, "")
    assert refreshed.status == 400


async def test_an_app_cannot_revoke_for_another() -> None:
    """Wrong credentials: 401. Another app's token: 400. Neither ends anything."""
    async with company() as it:
        other = await registered(it)
        foreign = [await other.revoke(token) for token in (it.refresh_token, it.access_token)]
        nobody = await Consents(it, Credentials(client_secret="wrong")).revoke(it.refresh_token)
        good = await it.refresh(it.refresh_token)

    assert [told.status for told in foreign] == [400, 400]
    assert (nobody.status, nobody["error"], good.status) == (401, "invalid_client", 200)


async def test_each_app_has_its_own_tokens_for_a_company() -> None:
    """A consent given to one app leaves the other's tokens alone, and renews its own: the older refresh token dies."""
    async with company() as it:
        one, two = Consents(it), await registered(it)
        first = await one.connect()
        await two.connect()
        kept = await one.refresh(first["refresh_token"])
        await one.connect()
        replaced = await one.refresh(first["refresh_token"])

    assert (kept.status, replaced.status) == (200, 400)


async def test_a_user_disconnects_one_app_and_only_the_next_calls_tell_it() -> None:
    """Both tokens of that app are dead for that company; the other app and the other company do not notice."""
    async with company() as it:
        one, two = Consents(it), await registered(it)
        elsewhere = (await it.control("POST", "companies", {"name": "Other"})).json
        tokens, others = await one.connect(), await two.connect()
        gone = await it.control("POST", f"{it.realm}/disconnect")
        called, refreshed = await one.read_company(tokens["access_token"]), await one.refresh(tokens["refresh_token"])
        other_app = await two.read_company(others["access_token"])
        other_company = await one.read_company(elsewhere["access_token"], realm=elsewhere["realm"])
        refreshed_there = await one.refresh(elsewhere["refresh_token"])

    assert (called.status, called.code, refreshed["error"]) == (401, "3200", "invalid_grant")
    assert gone.json == {"browser_goes_to": None}
    assert (other_app.status, other_company.status, refreshed_there.status) == (200, 200, 200)


async def test_the_browser_of_who_disconnects_an_app_goes_to_its_address() -> None:
    """With the company in it; that is all an app can learn at once."""
    async with company() as it:
        app = (await registered(it, disconnect_url="https://other.example/gone?a=1")).app
        told = await it.control("POST", f"{it.realm}/disconnect", {"client_id": app.client_id})

    assert told.json == {"browser_goes_to": f"https://other.example/gone?a=1&realmId={it.realm}"}


async def test_a_disconnected_app_may_be_forbidden_until_its_token_would_have_expired() -> None:
    """The switch `disconnected_as`: 403 with 3100; what its own server revoked is dead either way."""
    async with company(LIMITS_OFF.changed({"disconnected_as": "403"})) as it:
        app, other = Consents(it), await registered(it)
        tokens, revoked = await app.connect(), await other.connect()
        await it.control("POST", f"{it.realm}/disconnect")
        await other.revoke(revoked["access_token"])
        called, other_called = (
            await app.read_company(tokens["access_token"]),
            await other.read_company(revoked["access_token"]),
        )
        it.clock.advance(3600)
        expired = await app.read_company(tokens["access_token"])

    assert [(told.status, told.code) for told in (called, other_called, expired)] == [
        (403, "3100"),
        (401, "3200"),
        (401, "3200"),
    ]


async def test_fault_rules_break_oauth_calls_only_where_they_name_them() -> None:
    """A rule for everything is a rule for the API; a rule for `revoke` leaves the token endpoint alone."""
    async with company() as it:
        app = Consents(it)
        await it.control("POST", "faults", {"kind": "status", "status": 503})
        opened, refreshed = await app.open(), await app.refresh(it.refresh_token)
        await it.control("POST", "faults", {"kind": "status", "status": 502, "entity": "revoke", "count": 1})
        unharmed, broken = await app.refresh(it.refresh_token), await app.revoke(it.refresh_token)
        revoked = await app.revoke(it.refresh_token)

    statuses = [told.status for told in (opened, refreshed, unharmed, broken, revoked)]
    assert statuses == [200, 200, 200, 502, 200]


async def test_a_consent_can_be_had_without_the_page() -> None:
    """For tests of something else: the control API connects any app to any company."""
    async with company() as it:
        app = await registered(it)
        connected = await it.control("POST", f"{it.realm}/connect", {"client_id": app.app.client_id})
        refreshed = await app.refresh(connected["refresh_token"])
        unknown = await it.control("POST", f"{it.realm}/connect", {"client_id": "nobody"})

    assert (refreshed.status, unknown.status) == (200, 400)


async def test_apps_are_listed_with_what_their_servers_need() -> None:
    """What is left out is drawn; what an app has not, is refused."""
    async with company() as it:
        made = (await it.control("POST", "apps", {"name": "Other", "redirect_uris": ["https://a.example/"]})).json
        listed = (await it.control("GET", "apps"))["apps"]
        unknown = await it.control("POST", "apps", {"colour": "red"})
        no_list = await it.control("POST", "apps", {"redirect_uris": "https://a.example/"})

    assert [app["client_id"] for app in listed] == [it.running.client_id, made["client_id"]]
    assert set(made) == {"client_id", "client_secret", "redirect_uris", "name", "verifier_token", "disconnect_url"}
    assert (unknown.status, no_list.status) == (400, 400)
