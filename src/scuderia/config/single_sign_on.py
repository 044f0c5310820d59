"""Single sign-on, read from the environment; without an issuer nothing of it is imported."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from scuderia.basics.errors import Unable
from scuderia.config.transport import SettingUnread
from scuderia.loop.nouns import Role
from scuderia.loop.ports import SingleSignOn

CLAIMS = ("email", "preferred_username")
NEWCOMERS = (Role.VIEWER, Role.OPERATOR)
"""What somebody whom nobody added may become; leads and admins are made by people."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ExtraMissing(Unable):
    """Single sign-on is set, and what it needs is not installed."""

    code = "RUN-025"
    remedy = 'Install it: pip install "scuderia[sso]".'


def single_sign_on(environment: Mapping[str, str]) -> SingleSignOn | None:
    """Return how people come in by another's word; None where no issuer is set.

    raises   SettingUnread, ExtraMissing
    """
    issuer = environment.get("SCUDERIA_OIDC_ISSUER", "").strip().rstrip("/")
    passwords = _choice(environment, "SCUDERIA_PASSWORD_SIGN_IN", ("1", "0")) == "1"
    if not issuer:
        if not passwords:
            raise SettingUnread(
                "SCUDERIA_PASSWORD_SIGN_IN=0 without SCUDERIA_OIDC_ISSUER lets nobody in"
            )
        return None
    where = urlsplit(issuer)
    if where.scheme != "https" and not (where.scheme == "http" and where.hostname in _LOOPBACK):
        raise SettingUnread(f"SCUDERIA_OIDC_ISSUER is no https address: {issuer[:80]!r}")
    claim = _choice(environment, "SCUDERIA_OIDC_CLAIM", CLAIMS)
    newcomers = _choice(environment, "SCUDERIA_OIDC_NEWCOMERS", ("", *NEWCOMERS))
    try:
        from scuderia.connectors.oidc.provider import Client, OidcProvider
    except ImportError as error:
        raise ExtraMissing(f"SCUDERIA_OIDC_ISSUER is set, and {error.name} is missing") from None
    client = Client(
        issuer, _given(environment, "SCUDERIA_OIDC_CLIENT_ID"), _secret(environment), claim
    )
    name = environment.get("SCUDERIA_OIDC_NAME", "").strip()[:40] or "single sign-on"
    return SingleSignOn(
        OidcProvider(client, name=name), Role(newcomers) if newcomers else None, passwords
    )


def _given(environment: Mapping[str, str], name: str) -> str:
    said = environment.get(name, "").strip()
    if not said:
        raise SettingUnread(f"{name} is empty, and SCUDERIA_OIDC_ISSUER is set")
    return said


def _secret(environment: Mapping[str, str]) -> str:
    """Return the secret: the file's, where one is named."""
    named = environment.get("SCUDERIA_OIDC_CLIENT_SECRET_FILE", "").strip()
    if not named:
        return _given(environment, "SCUDERIA_OIDC_CLIENT_SECRET")
    try:
        said = Path(named).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise SettingUnread(f"SCUDERIA_OIDC_CLIENT_SECRET_FILE: {error}") from None
    if not said:
        raise SettingUnread("the file of SCUDERIA_OIDC_CLIENT_SECRET_FILE is empty")
    return said


def _choice(environment: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    said = environment.get(name, "").strip() or known[0]
    if said not in known:
        raise SettingUnread(f"{name} is none of {', '.join(filter(None, known))}: {said[:40]!r}")
    return said
