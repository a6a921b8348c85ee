"""OpenID Connect: an id token that anybody can check, and what it and the token tell of the person."""

import jwt
import pytest
from jwt.types import Options

from tests.contract.consents import ACCOUNTING, Consents, told_by_redirect
from tests.contract.sandbox_company import company

NOT_NOW: Options = {"verify_exp": False, "verify_iat": False}  # the sandbox's clock is the test's


async def test_an_id_token_is_signed_with_the_published_key() -> None:
    """Who consented, for which app and company, by whom it is signed, and until when; the nonce comes back."""
    async with company() as it:
        app = Consents(it)
        code = told_by_redirect(await app.press("allow", scope=f"{ACCOUNTING} openid", nonce="n1"))["code"]
        tokens = (await app.exchange(code)).json
        keys = (await app.get("/op/v1/jwks")).json
        refreshed = (await app.refresh(tokens["refresh_token"])).json

    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(tokens["id_token"])["kid"]]
    claims = jwt.decode(tokens["id_token"], key, algorithms=["RS256"], audience=it.running.client_id, options=NOT_NOW)
    now = int(it.clock.now().timestamp())
    assert claims.pop("sub")
    assert claims == {
        "iss": f"{it.running.base_url}/op/v1",
        "aud": [it.running.client_id],
        "realmid": it.realm,
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "nonce": "n1",
    }
    assert "id_token" not in refreshed


async def test_every_sandbox_draws_a_key_of_its_own() -> None:
    """A token of another sandbox fails the check."""
    async with company() as it, company() as other:
        tokens = await Consents(it).connect(scope=f"{ACCOUNTING} openid")
        keys = (await Consents(other).get("/op/v1/jwks")).json["keys"]

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(
            tokens["id_token"], jwt.PyJWK(keys[0]), algorithms=["RS256"], options={**NOT_NOW, "verify_aud": False}
        )


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        ("openid", {"sub"}),
        ("openid email", {"sub", "email", "emailVerified"}),
        ("openid profile", {"sub", "givenName", "familyName"}),
        ("openid phone", {"sub", "phoneNumber", "phoneNumberVerified"}),
        ("openid address", {"sub", "address"}),
    ],
)
async def test_the_person_is_told_as_far_as_the_scopes_go(scopes: str, told: set[str]) -> None:
    """The keys are in Intuit's camel case."""
    async with company() as it:
        app = Consents(it)
        tokens = await app.connect(scope=f"{ACCOUNTING} {scopes}")
        person = await app.get("/v1/openid_connect/userinfo", Authorization=f"Bearer {tokens['access_token']}")

    assert (person.status, set(person.json)) == (200, told)


async def test_nobody_is_told_without_a_good_token() -> None:
    """A token without openid, one that expired, none at all: 401 with the challenge."""
    async with company() as it:
        app = Consents(it)
        tokens = await app.connect(scope=f"{ACCOUNTING} openid")
        it.clock.advance(3600)
        asked = [
            await app.get("/v1/openid_connect/userinfo", Authorization=f"Bearer {token}")
            for token in (tokens["access_token"], (await app.connect())["access_token"], "")
        ]

    assert [(told.status, told.headers["WWW-Authenticate"]) for told in asked] == [
        (401, 'Bearer realm="Intuit", error="invalid_token"')
    ] * 3
