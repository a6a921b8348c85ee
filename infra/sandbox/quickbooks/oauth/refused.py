"""What the token endpoint answers when it gives no tokens."""

from collections.abc import Mapping

INVALID = "Token invalid"
WRONG_KIND = "Incorrect Token type or clientID"  # a token of another app, or an access token where a refresh token goes


class NotGranted(Exception):  # noqa: N818 - an answer of the token endpoint, not an error of the sandbox
    """The token endpoint refuses. `error` is OAuth's name for it; `more` are further keys of the answer."""

    def __init__(self, error: str, description: str | None = None, *, more: Mapping[str, str] | None = None) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description
        self.more = dict(more or {})


def user_left() -> NotGranted:
    """The person who consented is no longer a user of the company."""
    detail = "User is not a member of the specified Realm"
    more = {"x_error_reason": "user_not_in_realm", "x_error_reason_detail": detail}
    return NotGranted("invalid_grant", f"Unauthorized Request: {detail}", more=more)
