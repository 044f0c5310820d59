"""How long a sign-in waits after those refused: growing waits, counted over a sliding window."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from scuderia.basics.clock import AwareDatetime

WINDOW = timedelta(hours=1)
"""For how long a failure counts."""
FREE_PER_NAME = 5
"""Failures under one name after which the next attempt waits."""
FREE_PER_ADDRESS = 20
"""Failures from one address after which names that failed too wait, and answers of a provider."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
_DOUBLINGS_MAX = 16
_NETWORK_BITS = 64
_ADDRESS_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True)
class Failures:
    """How many there were within the window, and when the last one was."""

    count: int
    last: AwareDatetime | None


def held_until(by_name: Failures, by_address: Failures) -> AwareDatetime | None:
    """Return the instant from which the name may be tried again; None if no wait was earned.

    An address alone holds nobody back: others behind it may have failed. It does hold back a
    name that failed within the window itself, so each name is guessed once from there.
    """
    ends = [_end(by_name, FREE_PER_NAME)]
    if by_name.count:
        ends.append(_end(by_address, FREE_PER_ADDRESS))
    return max((end for end in ends if end is not None), default=None)


def callbacks_held_until(by_address: Failures) -> AwareDatetime | None:
    """Return the instant from which an address may bring a provider's answer again; None: now.

    by_address   its refused answers alone: no name is known before the answer is looked at
    """
    return _end(by_address, FREE_PER_ADDRESS)


def network_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 that one home or host has."""
    try:
        read = ip_address(address)
    except ValueError:
        return address[:_ADDRESS_CHARACTERS_MAX]
    plain: IPv4Address | IPv6Address = getattr(read, "ipv4_mapped", None) or read
    if isinstance(plain, IPv4Address):
        return str(plain)
    return str(ip_network((int(plain), _NETWORK_BITS), strict=False))


def _end(failures: Failures, free: int) -> AwareDatetime | None:
    if failures.last is None or failures.count < free:
        return None
    doublings = min(failures.count - free, _DOUBLINGS_MAX)
    return failures.last + min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))
