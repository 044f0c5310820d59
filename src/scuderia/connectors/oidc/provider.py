"""An OpenID Connect provider: authorization code with PKCE, and an id_token that is verified here.

Authlib speaks the protocol. What it leaves to the provider's own word is pinned: the issuer is the
one that was set, `aud` holds our id, and only asymmetric signatures are read.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError

from scuderia.basics.errors import NotAuthorised, Unable
from scuderia.loop.nouns import BegunSignIn, OutsideIdentity

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
WITHIN_S = 10
LEEWAY_S = 60
ANEW_AFTER_S = 3600
"""How long what the provider says of itself, and its keys, are believed."""
ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
METADATA = "/.well-known/openid-configuration"
_CHARACTERS_MAX = 200


class TokenRefused(NotAuthorised):
    """The provider's word about who somebody is does not verify, so nobody was let in."""

    code = "SSO-002"
    remedy = "Begin again; if it stays so, have an admin look at the sign-ins in the audit."


class ProviderSaidNo(NotAuthorised):
    """The provider let nobody in."""

    code = "SSO-003"
    remedy = "Begin again, or ask who runs the provider."


class ProviderSilent(Unable):
    """The provider does not answer, or not as OpenID Connect has it."""

    code = "SSO-004"
    remedy = "Try again in a moment; the provider's address is SCUDERIA_OIDC_ISSUER."


@dataclass(frozen=True, slots=True)
class Client:
    """What we are at the provider.

    issuer   its address, without a slash at its end
    claim    which claim names the person at the first sign-in: `email`, which the provider must
             have verified, or `preferred_username`
    """

    issuer: str
    client_id: str
    secret: str
    claim: str


class _App(OAuth2Mixin, OpenIDMixin, BaseApp):
    client_cls = OAuth2Session
    server_metadata: dict[str, Any]

    def load_server_metadata(self) -> dict[str, Any]:
        """Return what the provider says of itself and its keys, of this hour, with what is pinned.

        raises   ProviderSilent: it is not the one that was set, or sends us to plain http
        """
        if time.time() - self.server_metadata.get("_loaded_at", 0) > ANEW_AFTER_S:
            self.server_metadata = {}
        found: dict[str, Any] = super().load_server_metadata()
        issuer = self._server_metadata_url.removesuffix(METADATA)
        scheme = issuer.partition(":")[0]
        if str(found.get("issuer", "")).rstrip("/") != issuer:
            self.server_metadata = {}
            raise ProviderSilent("the provider calls itself another issuer than was set")
        if any(not str(found.get(name, scheme)).startswith(scheme) for name in ADDRESSES):
            self.server_metadata = {}
            raise ProviderSilent(f"the provider sends us elsewhere than to {scheme}")
        found["id_token_signing_alg_values_supported"] = list(ALGORITHMS)
        return found


class OidcProvider:
    """Fills loop.ports.SignInProvider; asks the provider what it is at the first sign-in."""

    def __init__(self, client: Client, *, name: str) -> None:
        self.name = name
        self._client = client
        self._app = _App(
            framework=None,
            client_id=client.client_id,
            client_secret=client.secret,
            server_metadata_url=client.issuer + METADATA,
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "default_timeout": WITHIN_S,
            },
        )

    def begin(self, *, callback: str) -> BegunSignIn:
        """Return the provider's address for this sign-in, with fresh state, nonce and verifier."""
        with _told():
            begun = self._app.create_authorization_url(callback)
        return BegunSignIn(
            url=begun["url"],
            callback=callback,
            state=begun["state"],
            nonce=begun["nonce"],
            verifier=begun["code_verifier"],
        )

    def finish(self, *, answer: Mapping[str, str], kept: BegunSignIn) -> OutsideIdentity:
        """Return who it is, once the code was changed for an id_token and that verified."""
        if answer.get("error") or not answer.get("code"):
            said = answer.get("error_description") or answer.get("error") or "no code came back"
            raise ProviderSaidNo(f"the provider let nobody in: {said[:_CHARACTERS_MAX]}")
        with _told():
            token = self._app.fetch_access_token(
                redirect_uri=kept.callback, code=answer["code"], code_verifier=kept.verifier
            )
            if "id_token" not in token:
                raise TokenRefused("the provider sent no id_token")
            claims = self._claims(token, kept.nonce)
        return self._identity(claims)

    def _claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        issuer = self._app.load_server_metadata()["issuer"]
        asked = {
            "iss": {"essential": True, "values": [issuer]},
            "aud": {"essential": True, "values": [self._client.client_id]},
        }
        claims = dict(self._app.parse_id_token(token, nonce, asked, leeway=LEEWAY_S))
        if claims.get(self._client.claim) or "userinfo_endpoint" not in self._app.server_metadata:
            return claims
        told = dict(self._app.userinfo(token=token))
        if told.get("sub") != claims["sub"]:
            raise TokenRefused("the provider tells of another account than it signed for")
        return told | claims

    def _identity(self, claims: Mapping[str, Any]) -> OutsideIdentity:
        named, subject = claims.get(self._client.claim), claims.get("sub")
        if not isinstance(named, str) or not named or not isinstance(subject, str) or not subject:
            raise TokenRefused(f"the provider does not tell {self._client.claim}")
        if self._client.claim == "email" and claims.get("email_verified") is not True:
            raise TokenRefused("the provider has not verified that e-mail address")
        if max(len(named), len(subject)) > _CHARACTERS_MAX:
            raise TokenRefused("the provider's names are longer than we keep")
        full = claims.get("name")
        return OutsideIdentity(
            issuer=self._client.issuer,
            subject=subject,
            name=named,
            full_name=full[:_CHARACTERS_MAX] if isinstance(full, str) else "",
        )


@contextmanager
def _told() -> Iterator[None]:
    """Tell a provider that is silent from one whose word does not verify."""
    try:
        yield
    except requests.RequestException as error:
        raise ProviderSilent(f"the provider does not answer: {_kind(error)}") from error
    except (AuthlibBaseError, JoseError) as error:
        said = str(error)[:_CHARACTERS_MAX] or _kind(error)
        raise TokenRefused(f"the provider's word does not verify: {said}") from error
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ProviderSilent(f"the provider answers unreadably: {_kind(error)}") from error


def _kind(error: Exception) -> str:
    return type(error).__name__
