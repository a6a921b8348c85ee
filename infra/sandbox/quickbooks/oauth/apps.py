"""The apps that may ask a company for its consent. One is there from the beginning; others are registered."""

import secrets
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import dataclass

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"
REDIRECT_URI = "http://localhost:8000/callback"
VERIFIER_TOKEN = "sandbox-verifier-token"


@dataclass(frozen=True, slots=True)
class App:
    """One registered app, as on the keys page of a developer's account."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...] = ()  # compared letter by letter
    name: str = "An app"
    verifier_token: str = VERIFIER_TOKEN  # the key of its webhooks' signatures
    disconnect_url: str = ""  # where the browser of a user goes who has disconnected it


DEFAULT = App(CLIENT_ID, CLIENT_SECRET, (REDIRECT_URI,), "Sandbox app")


class Apps:
    """The apps of one sandbox, by client id."""

    def __init__(self) -> None:
        self._apps = {DEFAULT.client_id: DEFAULT}

    def register(self, app: App) -> None:
        """A new app, or new settings of one that exists; its tokens stay good."""
        self._apps[app.client_id] = app

    def find(self, client_id: str) -> App | None:
        """The app of that client id."""
        return self._apps.get(client_id)

    def __iter__(self) -> Iterator[App]:
        return iter(self._apps.values())

    def authenticated(self, client_id: str, client_secret: str) -> App | None:
        """The app, if this is its secret."""
        app = self._apps.get(client_id)
        if app is None or not secrets.compare_digest(app.client_secret.encode(), client_secret.encode()):
            return None
        return app


def basic_credentials(authorization: str) -> tuple[str, str] | None:
    """Client id and secret of an `Authorization: Basic` header; None when it is no such header."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, client_secret = b64decode(value.strip(), validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        return None
    return (client_id, client_secret) if colon else None
