"""What the token endpoint and the API refuse, and in which words."""

import json

import pytest

from tests.contract.consents import Consents, Credentials, registered
from tests.contract.sandbox_company import Body, Company, Told, company

LEFT = "User is not a member of the specified Realm"


async def test_what_is_no_refresh_token_of_this_app_is_told_apart() -> None:
    """Unknown: "Token invalid". An access token, or another app's: "Incorrect Token type or clientID"."""
    async with company() as it:
        app, other = Consents(it), await registered(it)
        unknown = await app.refresh("RT1-unknown")
        access = await app.refresh(it.access_token)
        foreign = await other.refresh(it.refresh_token)
        untouched = await app.refresh(it.refresh_token)

    assert [told["error_description"] for told in (unknown, access, foreign)] == [
        "Token invalid",
        "Incorrect Token type or clientID",
        "Incorrect Token type or clientID",
    ]
    assert {told["error"] for told in (unknown, access, foreign)} == {"invalid_grant"}
    assert untouched.status == 200


async def test_a_person_who_left_the_company_can_refresh_nothing() -> None:
    """The form with the reason in keys of its own; who comes back may go on."""
    async with company() as it:
        app, code = Consents(it), await Consents(it).code()
        await it.control("POST", f"{it.realm}/user", {"member": False})
        refreshed, exchanged = await app.refresh(it.refresh_token), await app.exchange(code)
        await it.control("POST", f"{it.realm}/user", {"member": True})
        back = await app.refresh(it.refresh_token)

    assert refreshed.json == exchanged.json
    assert refreshed.json == {
        "error": "invalid_grant",
        "error_description": f"Unauthorized Request: {LEFT}",
        "x_error_reason": "user_not_in_realm",
        "x_error_reason_detail": LEFT,
    }
    assert (refreshed.status, back.status) == (400, 200)


async def test_a_client_may_say_who_it_is_in_the_form() -> None:
    """client_secret_post beside client_secret_basic."""
    async with company() as it:
        secret = {"client_id": it.running.client_id, "client_secret": it.running.client_secret}
        form = {"grant_type": "refresh_token", "refresh_token": it.refresh_token}
        good = await _form(it, {**form, **secret})
        wrong = await _form(it, {**form, **secret, "client_secret": "wrong"})

    assert good.status == 200
    assert (wrong.status, wrong.json) == (400, {"error": "invalid_client"})


@pytest.mark.parametrize("authorization", ["", "Basic !!!", "Basic bm9jb2xvbg==", "Bearer x", "Basic YTpi"])
async def test_who_is_not_known_is_invalid_client(authorization: str) -> None:
    """401 and no word on the token, which stays good: that is a fault of settings, not of the consent."""
    async with company() as it:
        form = {"grant_type": "refresh_token", "refresh_token": it.refresh_token}
        told = await _form(it, form, Authorization=authorization)
        good = await it.refresh(it.refresh_token)

    assert (told.status, told.json, good.status) == (401, {"error": "invalid_client"}, 200)
    assert told.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "authorization_code", "redirect_uri": "x"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
    ],
)
async def test_a_call_that_lacks_something_is_told_what_oauth_calls_it(form: dict[str, str], error: str) -> None:
    """HTTP 400, and like every answer it has its intuit_tid."""
    async with company() as it:
        told = await Consents(it).token_call(form)

    assert (told.status, told.json) == (400, {"error": error})
    assert told.headers["intuit_tid"].startswith("1-")


async def test_a_body_that_is_no_form_is_refused() -> None:
    """The token endpoint takes forms, not JSON."""
    async with company() as it:
        body = json.dumps({"grant_type": "refresh_token", "refresh_token": it.refresh_token})
        headers = {**Credentials().basic, "Content-Type": "application/json"}
        async with it.session.post(it.running.token_url, data=body, headers=headers) as answer:
            told = Told(answer.status, await answer.text(), dict(answer.headers))

    assert (told.status, told["error"]) == (400, "invalid_request")


async def test_the_gateways_faults_have_every_key_of_the_lower_case_envelope() -> None:
    """401 with a challenge and the token in its words, 403 without; the time is a whole number of milliseconds."""
    async with company() as it:
        app = Consents(it)
        dead = await app.read_company("AT1-dead")
        wrong = await app.read_company(it.access_token, realm="1")

    envelope: Body = {
        "warnings": None,
        "intuitObject": None,
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "status": None,
        "cdcresponse": [],
        "time": int(it.clock.now().timestamp() * 1000),
    }
    assert {name: value for name, value in dead.json.items() if name != "fault"} == envelope
    assert dead["fault"] == {
        "error": [
            {
                "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                "detail": "Token expired: AT1-dead",
                "code": "3200",
                "element": None,
            }
        ],
        "type": "AUTHENTICATION",
    }
    assert dead.headers["WWW-Authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    assert list(wrong.json) == list(dead.json)
    assert wrong["fault"]["error"][0]["message"] == (
        "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    )
    assert (dead.status, wrong.status, "WWW-Authenticate" in wrong.headers) == (401, 403, False)


async def _form(it: Company, form: dict[str, str], **headers: str) -> Told:
    """A call of the token endpoint with exactly these headers; an empty one is left out."""
    sent = {name: value for name, value in headers.items() if value}
    async with it.session.post(it.running.token_url, data=form, headers=sent) as answer:
        return Told(answer.status, await answer.text(), dict(answer.headers))
