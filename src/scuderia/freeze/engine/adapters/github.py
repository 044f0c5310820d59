"""GitHub's custom deployment protection rule: its webhook in, its review out.

The fields relied on, and where they are documented:
    webhook deployment_protection_rule, action requested: environment, deployment_callback_url,
        repository.full_name, installation.id (docs.github.com, "Webhook events and payloads"; the
        schema of octokit/webhooks, deployment_protection_rule/requested)
    headers X-Hub-Signature-256 (sha256=HEX, HMAC over the raw body), X-GitHub-Delivery,
        X-GitHub-Event (docs.github.com, "Validating webhook deliveries")
    review: POST deployment_callback_url with environment_name, state approved|rejected, comment
        (docs.github.com, REST, "Review custom deployment protection rules for a workflow run"); at
        most 1,024 characters of comment
    who reviews: an app, by a JWT (RS256; iss, iat, exp within 10 minutes) that buys an installation
        token at POST /app/installations/ID/access_tokens (docs.github.com, "Authenticating as a
        GitHub App")
"""

import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from scuderia.freeze.engine.adapters.payloads import BadPayload, text_at, whole_at

COMMENT_MAX = 1_024
JWT_LIFE_S = 540
CLOCKS_APART_S = 60
_CALLBACK = re.compile(
    r"(?P<base>https?://[^/?#]+(?:/api/v3)?)/repos/(?P<repository>[^/?#]+/[^/?#]+)"
    r"/actions/runs/\d+/deployment_protection_rule"
)


@dataclass(frozen=True, slots=True)
class GithubRequest:
    """One deployment that waits for a review.

    target   `owner/repository:environment`, by which an admin says what it touches
    """

    target: str
    environment: str
    callback_url: str
    installation: int


def signature_of(body: bytes, secret: bytes) -> str:
    """Return what X-Hub-Signature-256 is where GitHub sent the body."""
    return f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"


def read_request(payload: Mapping[str, object]) -> GithubRequest:
    """Return what waits for a review.

    raises   BadPayload
    """
    if text_at(payload, "action") != "requested":
        raise BadPayload("action is not requested")
    environment = text_at(payload, "environment")
    repository = text_at(payload, "repository", "full_name")
    url = text_at(payload, "deployment_callback_url")
    found = _CALLBACK.fullmatch(url)
    if found is None or found["repository"].lower() != repository.lower():
        raise BadPayload("deployment_callback_url is not that of a run of the repository")
    installation = whole_at(payload, "installation", "id")
    return GithubRequest(f"{repository}:{environment}", environment, url, installation)


def review(request: GithubRequest, words: str, *, allowed: bool) -> dict[str, str]:
    """Return the review's body."""
    return {
        "environment_name": request.environment,
        "state": "approved" if allowed else "rejected",
        "comment": words if len(words) <= COMMENT_MAX else f"{words[: COMMENT_MAX - 3]}...",
    }


def token_url(callback_url: str, installation: int) -> str:
    """Return where the installation's token is bought.

    raises   BadPayload
    """
    found = _CALLBACK.fullmatch(callback_url)
    if found is None:
        raise BadPayload("deployment_callback_url is not that of a run")
    return f"{found['base']}/app/installations/{installation}/access_tokens"


def app_token(app_id: str, key: RSAPrivateKey, now: int) -> str:
    """Return the JWT by which the app is known for some minutes."""
    claims = {"iss": app_id, "iat": now - CLOCKS_APART_S, "exp": now + JWT_LIFE_S}
    told = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{told}.{_encoded(key.sign(told.encode(), PKCS1v15(), SHA256()))}"


def _part(value: Mapping[str, object]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
