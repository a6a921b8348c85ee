"""The key that signs id tokens. It is drawn when it is first needed, because that takes a moment."""

import json
from base64 import urlsafe_b64encode
from functools import cached_property
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

EXPONENT = 65537
BITS = 2048


class Signer:
    """Signs JSON Web Tokens with RS256 (RFC 7515, RFC 7518)."""

    @cached_property
    def _key(self) -> RSAPrivateKey:
        return generate_private_key(public_exponent=EXPONENT, key_size=BITS)

    @cached_property
    def public_key(self) -> dict[str, str]:
        """The public half as a JSON Web Key (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        modulus = _encoded(_bytes_of(numbers.n))
        key_id = sha256(modulus.encode()).hexdigest()[:16]
        exponent = _encoded(_bytes_of(numbers.e))
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id, "n": modulus, "e": exponent}

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a signed token."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.public_key["kid"]}
        text = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
        return f"{text}.{_encoded(self._key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def _bytes_of(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
