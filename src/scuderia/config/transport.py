"""How requests reach the web process, read from the environment: hosts, proxies, TLS."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from scuderia.basics.errors import BadInput

HSTS_SECONDS_MAX = 2 * 366 * 86_400
LOCAL = ("127.0.0.1", "localhost", "[::1]")


class SettingUnread(BadInput):
    """A setting from the environment is none of what it may be, so nothing was started."""

    code = "RUN-020"
    remedy = "Set it as docs/settings.md says, or leave it out."


def further_hosts(environment: Mapping[str, str]) -> list[str]:
    """Return the host names of SCUDERIA_HOSTS."""
    return _listed(environment, "SCUDERIA_HOSTS")


def trusted_proxies(environment: Mapping[str, str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks of SCUDERIA_TRUSTED_PROXIES; an address is a network of one.

    raises   SettingUnread
    """
    found = []
    for text in _listed(environment, "SCUDERIA_TRUSTED_PROXIES"):
        try:
            found.append(ip_network(text))
        except ValueError as error:
            raise SettingUnread(f"SCUDERIA_TRUSTED_PROXIES: {error}") from None
    return tuple(found)


def behind_tls(environment: Mapping[str, str]) -> bool:
    """Return whether SCUDERIA_TLS says that people come by https alone.

    raises   SettingUnread
    """
    said = environment.get("SCUDERIA_TLS", "")
    if said not in ("", "0", "1"):
        raise SettingUnread(f"SCUDERIA_TLS is neither 0 nor 1: {said[:40]!r}")
    return said == "1"


def hsts_seconds(environment: Mapping[str, str]) -> int:
    """Return SCUDERIA_HSTS_SECONDS; 0 where browsers are told nothing.

    raises   SettingUnread
    """
    said = environment.get("SCUDERIA_HSTS_SECONDS", "") or "0"
    if not (said.isascii() and said.isdecimal() and int(said[:12]) <= HSTS_SECONDS_MAX):
        raise SettingUnread(
            f"SCUDERIA_HSTS_SECONDS is no number from 0 to {HSTS_SECONDS_MAX}: {said[:40]!r}"
        )
    return int(said)


def https_origins(hosts: list[str]) -> list[str]:
    """Return the origins whose forms are ours: every named host by https; `.name` is all below."""
    named = [name for name in hosts if name != "*"]
    return [f"https://*{name}" if name.startswith(".") else f"https://{name}" for name in named]


def _listed(environment: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in environment.get(name, "").split(",") if part.strip()]
