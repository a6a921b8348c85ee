"""Why QuickBooks cannot be called for a tenant now. Each docstring is the sentence that a person reads.

QuickBooksError
├── TokenTrouble         no access token can be had
│   ├── Disconnected         a person must connect again
│   ├── WrongCredentials     an operator must correct the settings
│   ├── WrongTokenKeys       an operator must correct the settings
│   └── TokensUnavailable    it passes by itself
├── AnotherCompany       the tenant belongs to another company than the one asked for
├── CompanyTaken         the company belongs to another tenant
└── BadTokenKeys         the keys in the settings are none
"""


class QuickBooksError(Exception):
    """QuickBooks cannot be called."""

    def __init__(self, **facts: str) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()).format(**facts))


class TokenTrouble(QuickBooksError):  # noqa: N818 - the name says what happened
    """There is no access token for {tenant}."""


class Disconnected(TokenTrouble):
    """{tenant} is not connected to QuickBooks: {cause} Connect it again; what happened meanwhile is then sent."""


class WrongCredentials(TokenTrouble):
    """Intuit does not know this app ({cause}). Correct KLIPSYNC_CLIENT_ID and KLIPSYNC_CLIENT_SECRET; tenants need not
    connect again.
    """


class WrongTokenKeys(TokenTrouble):
    """The stored tokens of {tenant} were encrypted with a key that is not in KLIPSYNC_TOKEN_KEYS. Add the old key
    behind the new one, separated by a comma.
    """


class TokensUnavailable(TokenTrouble):
    """Intuit gave no new access token for {tenant}: {cause}. It is asked again by itself."""


class AnotherCompany(QuickBooksError):  # noqa: N818
    """{tenant} is connected to QuickBooks company {before} and was not moved to {wanted}: its records live in {before}
    and would be made a second time. Connect it to {before}, or use a new tenant for {wanted}.
    """


class CompanyTaken(QuickBooksError):  # noqa: N818
    """QuickBooks company {wanted} already belongs to tenant {other}. A company has one tenant, or two would write over
    each other: disconnect {other} first, or choose another company for {tenant}.
    """


class BadTokenKeys(QuickBooksError):  # noqa: N818
    """KLIPSYNC_TOKEN_KEYS must hold Fernet keys, separated by commas: 32 bytes each, in URL-safe base64.

    Make one with: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'
    """
