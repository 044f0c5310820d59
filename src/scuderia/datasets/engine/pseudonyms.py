"""Names by which contributors are known here, made of a secret and the name at their source."""

import hashlib
import hmac

_DIGITS = 16
_KEY_DIGITS = 40


def pseudonym_of(secret: bytes, name: str) -> str:
    """Return the pseudonym: the same for the same name, and not to be turned back without both."""
    return f"c-{_digest(secret, 'contributor', name)[:_DIGITS]}"


def sealed_key(secret: bytes, identity: str) -> str:
    """Return a key that tells the same judgment again, and nothing of who made it."""
    return _digest(secret, "judgment", identity)[:_KEY_DIGITS]


def _digest(secret: bytes, use: str, text: str) -> str:
    return hmac.new(secret, f"{use}\0{text}".encode(), hashlib.sha256).hexdigest()
