"""The sandbox, or one company of it, as JSON: kept under a name or in a file, and put back here or elsewhere.

It holds companies, their tokens and remembered request ids, and of the whole sandbox the apps, switches and the time.
It does not hold the journal, fault rules, webhooks, which calls count for the limits just now, codes on their way to an
app, and which person left a company or disconnected an app.
JSON, so that a file from somebody else can hold lies but no program.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import simplejson

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.oauth.apps import App
from infra.sandbox.quickbooks.oauth.grants import Grant, Held
from infra.sandbox.quickbooks.realm_copies import copied, recreated
from infra.sandbox.quickbooks.request_ids import Key, Remembered
from infra.sandbox.quickbooks.sandbox import Sandbox
from infra.sandbox.quickbooks.switches import Switches
from infra.sandbox.quickbooks.wire import Doc

FORMAT = "klipsync sandbox snapshot 1"
_TIMES = ("consented", "made", "used", "expires")


def snapshot(sandbox: Sandbox, realm: str | None = None) -> str:
    """The text of one company, or of all and what they share. Raises KeyError where there is no such company."""
    chosen = list(sandbox.realms) if realm is None else [realm]
    content: Doc = {
        "format": FORMAT,
        "now": sandbox.clock.now().isoformat(),
        "companies": {one: _company(sandbox, one) for one in chosen},
    }
    if realm is None:
        content["switches"] = asdict(sandbox.switches)
        content["apps"] = [asdict(app) for app in sandbox.apps]
    # Decimals as numbers to the digit: what is read again is what was written.
    return str(simplejson.dumps(content, use_decimal=True, separators=(",", ":"), ensure_ascii=False))


def restore(sandbox: Sandbox, text: str | bytes) -> list[str]:
    """Put back what a snapshot holds; the realms of it.

    One of the whole sandbox replaces everything; one of a company replaces that company. The clock goes forward to the
    snapshot's time where it is behind it, and never back. Raises ValueError, and then nothing was changed.
    """
    try:
        content = simplejson.loads(text, use_decimal=True)
        if content["format"] != FORMAT:
            raise ValueError(f"this is no {FORMAT}")
        whole = "switches" in content
        switches = Switches().changed(content["switches"]) if whole else sandbox.switches
        companies = {realm: _Restored(sandbox, one, switches) for realm, one in content["companies"].items()}
        now = datetime.fromisoformat(content["now"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no snapshot: {type(error).__name__} {error}") from error
    if whole:
        _clear(sandbox, content["apps"], switches)
    if now > sandbox.clock.now():
        sandbox.clock.set(now)
    for one in companies.values():
        one.install(sandbox)
    return list(companies)


class _Restored:
    """A company of a snapshot, read and ready to take its place."""

    def __init__(self, sandbox: Sandbox, one: Doc, switches: Switches) -> None:
        self.books = recreated(one["books"], clock=sandbox.clock, switches=switches)
        self.grants = [Grant(**_timed(grant)) for grant in one["grants"]]
        self.access = {token: Held(**_timed(held)) for token, held in one["access"].items()}
        self.answers = [_answered(entry) for entry in one["request_ids"]]

    def install(self, sandbox: Sandbox) -> None:
        """Take the place of the company of this realm."""
        sandbox.take_in(self.books)
        sandbox.tokens.put_back(self.books.realm, self.grants, self.access)
        sandbox.request_ids.put_back(self.books.realm, self.answers)


def _company(sandbox: Sandbox, realm: str) -> Doc:
    return {
        "books": copied(sandbox.realms[realm]),
        "grants": [_dated(asdict(grant)) for grant in sandbox.tokens.grants_of(realm)],
        "access": {token: _dated(asdict(held)) for token, held in sandbox.tokens.access_of(realm).items()},
        "request_ids": [
            [*key, one.request.hex(), one.at.isoformat(), asdict(one.answer)]
            for key, one in sandbox.request_ids.answers_of(realm)
        ],
    }


def _clear(sandbox: Sandbox, apps: list[Doc], switches: Switches) -> None:
    for realm in list(sandbox.realms):
        sandbox.close(realm)
    for app in apps:
        sandbox.apps.register(App(**{**app, "redirect_uris": tuple(app["redirect_uris"])}))
    sandbox.switch(switches)


def _dated(found: Doc) -> Doc:
    """Moments as text, those of a grant's older values too."""
    dated = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}
    older: dict[str, datetime] | None = found.get("older")
    return dated if older is None else {**dated, "older": {token: dies.isoformat() for token, dies in older.items()}}


def _timed(found: Doc) -> Doc:
    """The other way round, for a grant or an access token."""
    timed: Doc = {name: datetime.fromisoformat(found[name]) for name in _TIMES if name in found}
    if "older" in found:
        timed["older"] = {token: datetime.fromisoformat(dies) for token, dies in found["older"].items()}
    return {**found, **timed, "scopes": tuple(found["scopes"])}


def _answered(entry: list[Any]) -> tuple[Key, Remembered]:
    realm, request_id, bid, digest, at, answer = entry
    remembered = Remembered(bytes.fromhex(digest), Answer(**answer), datetime.fromisoformat(at))
    return (realm, request_id, bid), remembered
