"""The page that asks for consent, in a real Chromium: a person reads it, chooses a company and presses a button."""

import shutil
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.async_api import Browser, async_playwright

from infra.sandbox.quickbooks.oauth.apps import REDIRECT_URI
from tests.contract.consents import Consents
from tests.contract.sandbox_company import Company, company

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        # Root has no user namespaces to build Chromium's sandbox from; the page is our own.
        started = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield started
        finally:
            await started.close()


@pytest.fixture
async def here() -> AsyncIterator[Company]:
    async with company(name="Amy & Sons <b>") as opened:
        yield opened


async def sent_back(browser: Browser, here: Company, button: str, *, pick: str | None = None) -> dict[str, str]:
    """Open the page, choose a company by its label, press the button: what the browser then brings to the app."""
    page = await browser.new_page(java_script_enabled=False)
    brought: list[str] = []
    async with here.session.get(f"{here.running.base_url}/.well-known/openid_sandbox_configuration") as answer:
        address = (await answer.json())["authorization_endpoint"]
    await page.route(f"{REDIRECT_URI}**", lambda route, request: _caught(route, request.url, brought))
    await page.goto(f"{address}?{urlencode(Consents(here).question())}")
    if pick is not None:
        await page.get_by_label(pick).check()
    await page.get_by_role("button", name=button).click()
    await page.wait_for_url(f"{REDIRECT_URI}**")
    return dict(parse_qsl(urlsplit(brought[0]).query))


async def _caught(route: object, url: str, brought: list[str]) -> None:
    """The app is not running: its page is answered here."""
    brought.append(url)
    await route.fulfill(status=200, body="Thank you.")  # type: ignore[attr-defined]


async def test_a_person_allows_and_the_app_can_read_the_company_that_was_chosen(
    browser: Browser, here: Company
) -> None:
    """Allow sends the browser back with a code that the app exchanges for tokens of exactly the chosen company."""
    told = await here.control("POST", "companies", {"name": "Bert's Boilers"})
    other = told["realm"]

    brought = await sent_back(browser, here, "Allow", pick=f"Bert's Boilers ({other})")

    consents = Consents(here)
    tokens = (await consents.exchange(brought["code"])).json
    assert (brought["realmId"], brought["state"]) == (other, "a b&c")
    assert (await consents.read_company(tokens["access_token"], realm=other)).status == 200
    assert (await consents.read_company(tokens["access_token"])).status == 403


async def test_a_person_denies_and_the_app_is_told_so(browser: Browser, here: Company) -> None:
    """Deny sends the browser back with the refusal and nothing that could be exchanged."""
    brought = await sent_back(browser, here, "Deny")

    assert brought == {"error": "access_denied", "state": "a b&c"}


async def test_the_page_shows_names_as_they_are(browser: Browser, here: Company) -> None:
    """A company's name is text on the page, whatever it is made of, and nothing comes from elsewhere."""
    page, asked = await browser.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))

    await page.goto(f"{here.running.base_url}/connect/oauth2?{urlencode(Consents(here).question())}")

    assert await page.get_by_label(f"Amy & Sons <b> ({here.realm})").is_checked()
    assert await page.locator("b").count() == 0
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(here.running.base_url).netloc}
