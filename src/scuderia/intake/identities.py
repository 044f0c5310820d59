"""A short identity of what a source says, alike whenever the same parts come again."""

import hashlib
import json

_DIGITS = 40


def identity_of(source: str, *parts: str) -> str:
    """Return a short identity of what a source says; parts cannot run into each other."""
    said = json.dumps([source, *parts])
    return hashlib.sha256(said.encode()).hexdigest()[:_DIGITS]
