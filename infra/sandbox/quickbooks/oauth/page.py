"""The pages that a person sees while connecting an app. Plain HTML: no script, nothing fetched from elsewhere."""

from collections.abc import Mapping, Sequence
from html import escape

from infra.sandbox.quickbooks.answers import Answer
from infra.sandbox.quickbooks.oauth.paths import AUTHORIZE
from infra.sandbox.quickbooks.oauth.scopes import ACCOUNTING, PAYMENT

HTML = "text/html; charset=utf-8"
# No script, no foreign content, no frame around it: a page that asks for consent must not be dressed up.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
STYLE = (
    "body{font:1rem/1.5 sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "fieldset{border:1px solid #6b6c72;border-radius:.25rem;margin:1.5rem 0;padding:1rem}"
    "label{display:block;padding:.25rem 0}button{font:inherit;padding:.5rem 1.5rem;margin-right:1rem}"
)
ASKED_FOR = {
    ACCOUNTING: "read and change the company's books",
    PAYMENT: "take payments",
    "openid": "know who you are",
    "email": "know your e-mail address",
    "profile": "know your name",
    "address": "know your postal address",
    "phone": "know your telephone number",
}


def consent(
    *, app: str, scopes: Sequence[str], companies: Sequence[tuple[str, str]], kept: Mapping[str, str]
) -> Answer:
    """The question. `companies` are (realm, name); `kept` are the request's parameters, sent again with the answer."""
    wants = "".join(f"<li>{escape(ASKED_FOR[scope])}</li>" for scope in scopes)
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n' for name, value in kept.items()
    )
    choices = "".join(_choice(realm, name, first=not place) for place, (realm, name) in enumerate(companies))
    allow = '<button type="submit" name="decision" value="allow">Allow</button>\n' if companies else ""
    return _page(
        f"Connect {app} to QuickBooks",
        f"<p>{escape(app)} asks to:</p>\n<ul>{wants}</ul>\n"
        f'<form method="post" action="{AUTHORIZE}">\n{hidden}'
        f"<fieldset>\n<legend>In which company?</legend>\n{choices or NO_COMPANY}</fieldset>\n"
        f'{allow}<button type="submit" name="decision" value="deny" formnovalidate>Deny</button>\n</form>',
    )


NO_COMPANY = "<p>This sandbox has no company yet. Open one with its control API, then load this page again.</p>\n"


def _choice(realm: str, name: str, *, first: bool) -> str:
    checked = " checked" if first else ""
    return (
        f'<label><input type="radio" name="realmId" value="{escape(realm)}" required{checked}>'
        f" {escape(name)} <small>({escape(realm)})</small></label>\n"
    )


def trouble(sentence: str, *, status: int = 400) -> Answer:
    """What is wrong with the request, for the person in front of it."""
    return _page("This app cannot be connected", f'<p role="alert">{escape(sentence)}</p>', status=status)


def _page(title: str, content: str, *, status: int = 200) -> Answer:
    body = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{content}\n"
        "<p><small>A sandbox on this machine, not Intuit: nothing here reaches a real company.</small></p>\n"
        "</main>\n</body>\n</html>\n"
    )
    return Answer(status, body, HTML, headers=HEADERS)
