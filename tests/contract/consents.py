"""A browser without JavaScript and a server that speaks OAuth, for tests of the sandbox's consents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from infra.sandbox.quickbooks.oauth.apps import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI
from tests.contract.sandbox_company import Company, Told

AUTHORIZE = "/connect/oauth2"
ACCOUNTING = "com.intuit.quickbooks.accounting"


class Page(HTMLParser):
    """The one form of a page: where it goes, what it carries, which companies and buttons it offers."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.form: dict[str, str | None] = {}
        self.hidden: dict[str, str] = {}
        self.companies: list[str] = []
        self.picked: list[str] = []
        self.buttons: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        if tag == "form":
            self.form = given
        elif tag == "button":
            self.buttons.append(str(given["value"]))
        elif tag == "input" and given["type"] == "hidden":
            self.hidden[str(given["name"])] = str(given["value"])
        elif tag == "input" and given["type"] == "radio":
            self.companies.append(str(given["value"]))
            self.picked += [str(given["value"])] if "checked" in given else []


@dataclass(frozen=True)
class Credentials:
    """An app, as its own server knows it."""

    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    redirect_uri: str = REDIRECT_URI

    @property
    def basic(self) -> dict[str, str]:
        return {"Authorization": aiohttp.encode_basic_auth(self.client_id, self.client_secret)}


@dataclass
class Consents:
    """A person at a browser, and an app's server behind them."""

    company: Company
    app: Credentials = field(default_factory=Credentials)

    def question(self, **changed: str | None) -> dict[str, str]:
        """The parameters that the app sends the person with; None leaves one out."""
        asked: dict[str, str | None] = {
            "client_id": self.app.client_id,
            "response_type": "code",
            "scope": ACCOUNTING,
            "redirect_uri": self.app.redirect_uri,
            "state": "a b&c",
            **changed,
        }
        return {name: value for name, value in asked.items() if value is not None}

    async def open(self, **changed: str | None) -> Told:
        """The authorize page."""
        return await self._send("GET", AUTHORIZE, params=self.question(**changed))

    async def press(self, decision: str, *, realm: str | None = None, **changed: str | None) -> Told:
        """Open the page, pick a company (else the one picked already) and press a button."""
        page = Page((await self.open(**changed)).text)
        assert (page.form["method"], page.form["action"]) == ("post", AUTHORIZE)
        return await self.answer({**page.hidden, "decision": decision, "realmId": realm or page.picked[0]})

    async def answer(self, form: Mapping[str, str]) -> Told:
        """The page's form, filled in."""
        return await self._send("POST", AUTHORIZE, form=form)

    async def code(self, *, realm: str | None = None, scope: str = ACCOUNTING) -> str:
        """A fresh code."""
        return told_by_redirect(await self.press("allow", realm=realm, scope=scope))["code"]

    async def exchange(self, code: str, **changed: str) -> Told:
        """The code for tokens."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.app.redirect_uri, **changed}
        return await self.token_call(form)

    async def connect(self, *, realm: str | None = None, scope: str = ACCOUNTING) -> dict[str, Any]:
        """The tokens of a consent that goes well."""
        told = await self.exchange(await self.code(realm=realm, scope=scope))
        assert told.status == 200, told.text
        return dict(told.json)

    async def refresh(self, token: str, **headers: str) -> Told:
        """A refresh by this app."""
        return await self.token_call({"grant_type": "refresh_token", "refresh_token": token}, **headers)

    async def token_call(self, form: Mapping[str, str], **headers: str) -> Told:
        """A call of the token endpoint, the app's credentials in the header."""
        sent = {**self.app.basic, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self._send("POST", "/oauth2/v1/tokens/bearer", form=form, headers=sent)

    async def revoke(self, token: object) -> Told:
        """The app ends the consent."""
        return await self._send("POST", "/v2/oauth2/tokens/revoke", body={"token": token}, headers=self.app.basic)

    async def post_form(self, path: str, form: Mapping[str, str]) -> Told:
        """A form of the app's own, its credentials in the header."""
        return await self._send("POST", path, form=form, headers=self.app.basic)

    async def read_company(self, access_token: str, *, realm: str | None = None) -> Told:
        """A call of the API."""
        realm = realm or self.company.realm
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        return await self._send("GET", f"/v3/company/{realm}/companyinfo/{realm}", headers=headers)

    async def get(self, path: str, **headers: str) -> Told:
        return await self._send("GET", path, headers=headers)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Told:
        url = self.company.running.base_url + path
        async with self.company.session.request(
            method, url, params=params, data=form, json=body, headers=headers, allow_redirects=False
        ) as answer:
            return Told(answer.status, await answer.text(), dict(answer.headers))


def told_by_redirect(told: Told) -> dict[str, str]:
    """What a redirect says to the app."""
    assert told.status == 302, told.text
    return dict(parse_qsl(urlsplit(told.headers["Location"]).query, keep_blank_values=True))


async def registered(company: Company, **settings: object) -> Consents:
    """Another app's server, its app registered by the control API."""
    told = await company.control("POST", "apps", {"redirect_uris": ["https://other.example/back"], **settings})
    assert told.status == 200, told.text
    app = Credentials(told["client_id"], told["client_secret"], told["redirect_uris"][0])
    return Consents(company, app)
