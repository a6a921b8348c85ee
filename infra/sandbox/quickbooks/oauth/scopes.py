"""What an app may ask for."""

ACCOUNTING = "com.intuit.quickbooks.accounting"
PAYMENT = "com.intuit.quickbooks.payment"
OPENID = "openid"
IDENTITY = (OPENID, "email", "profile", "address", "phone")
EXISTING = frozenset({ACCOUNTING, PAYMENT, *IDENTITY})


def read_scopes(text: str) -> tuple[str, ...] | None:
    """The scopes of a request, each once; None when there is none or one of them does not exist."""
    wanted = tuple(dict.fromkeys(text.split()))
    return wanted if wanted and EXISTING.issuperset(wanted) else None
