"""Who a request comes from, and how: a proxy's word is taken from trusted ones alone."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Network = IPv4Network | IPv6Network
HOPS_MAX = 20
_FOR, _PROTO = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"
_TOLD = (_FOR, _PROTO, "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_FORWARDED")


class TrustedProxies:
    """Puts the client's address in REMOTE_ADDR, and forgets what nobody trusted says of it.

    Stands before everything that asks whether the request came by TLS.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._trusted: Sequence[Network] = settings.TRUSTED_PROXIES

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the address and the scheme that can be believed."""
        meta = request.META
        told = {name: meta.pop(name, "") for name in _TOLD}
        if is_trusted(meta.get("REMOTE_ADDR", ""), self._trusted):
            meta["REMOTE_ADDR"] = client_of(meta["REMOTE_ADDR"], told[_FOR], self._trusted)
            meta[_PROTO] = told[_PROTO].rpartition(",")[2].strip()  # what the nearest proxy said
        return self._get_response(request)


def client_of(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """Return the rightmost address that no trusted proxy has; every one left of it may be made up.

    peer            who spoke to us; trusted
    forwarded_for   the addresses that the proxies appended, nearest last, with commas
    """
    client = peer
    for hop in reversed(forwarded_for.split(",")[-HOPS_MAX:]):
        found = _address(hop)
        if found is None:
            return client
        client = str(found)
        if not is_trusted(client, trusted):
            return client
    return client


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Say whether the address is one of the trusted proxies."""
    found = _address(address)
    return found is not None and any(found in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as proxies write it: perhaps with a port, in brackets or mapped into IPv6."""
    plain = text.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        found = ip_address(plain)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
