"""Tokens at rest: Fernet, with several keys so that one can be replaced without connecting anybody again."""

from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from infra.quickbooks.errors import BadTokenKeys, WrongTokenKeys


class TokenCipher:
    """The first key encrypts, all of them decrypt."""

    def __init__(self, keys: MultiFernet) -> None:
        self._keys = keys

    @classmethod
    def of(cls, setting: str) -> Self:
        """From KLIPSYNC_TOKEN_KEYS. Raises `BadTokenKeys`."""
        try:
            return cls(MultiFernet([Fernet(key.strip()) for key in setting.split(",") if key.strip()]))
        except ValueError as error:
            raise BadTokenKeys from error

    def encrypt(self, token: str) -> bytes:
        """Different bytes each time."""
        return self._keys.encrypt(token.encode())

    def decrypt(self, stored: bytes, *, tenant: str) -> str:
        """Raises `WrongTokenKeys`, which names the tenant and never the token."""
        try:
            return self._keys.decrypt(stored).decode()
        except InvalidToken as error:
            raise WrongTokenKeys(tenant=tenant) from error
