"""Time-ordered identifiers, so that a table's primary key reads in the order of events."""

import secrets
import time
import uuid

_RANDOM_BITS = 74


def new_id() -> uuid.UUID:
    """Return a UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(_RANDOM_BITS)
    high, low = random >> 62, random & ((1 << 62) - 1)
    return uuid.UUID(
        int=(milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low
    )
