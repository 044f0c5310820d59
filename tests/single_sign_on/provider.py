"""An OpenID Connect provider of a process of its own, on loopback, that lies on demand.

It speaks discovery, JWKS (RS256), the authorization code flow with PKCE, the token endpoint and
userinfo. What it says next, and how it lies, is set by a POST of JSON to /_next.

    python -m tests.single_sign_on.provider    prints its address and serves until its input ends
"""

import base64
import hashlib
import json
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID, SECRET = "scuderia", "a-secret-of-the-tests"
USUAL: dict[str, Any] = {"sub": "sub-1", "email": "vera", "email_verified": True,
                         "preferred_username": "vera", "name": "Vera V"}  # fmt: skip


class Provider(ThreadingHTTPServer):
    """The keys, the codes that were given, and what is said next."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.stranger = RSAKey.generate_key(2048, {"kid": "one"})
        self.codes: dict[str, dict[str, str]] = {}
        self.next: dict[str, Any] = {}

    def id_token(self, asked: dict[str, str]) -> str:
        """Return the signed word, or the lie that was asked for."""
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": asked.get("nonce", ""), **USUAL, **self.next.get("claims", {}),
        }  # fmt: skip
        for name in self.next.get("without", ()):
            claims.pop(name, None)
        lie = self.next.get("lie", "")
        if lie == "alg none":
            return f"{_b64({'alg': 'none', 'kid': 'one'})}.{_b64(claims)}."
        if lie == "hs256 by the public key":
            return _hs256(claims, self.key.as_pem(private=False))
        if lie == "a payload that was changed":
            head, _, sign = self._signed(claims).split(".")
            return f"{head}.{_b64({**claims, 'email': 'ada', 'preferred_username': 'ada'})}.{sign}"
        return self._signed(claims, self.stranger if lie == "another key" else self.key)

    def _signed(self, claims: dict[str, Any], key: RSAKey | None = None) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key or self.key)


class Handler(BaseHTTPRequestHandler):
    """Answers as a provider does."""

    server: Provider

    def do_GET(self) -> None:
        """Metadata, keys, the sign-in page, userinfo."""
        where = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(where.query).items()}
        match where.path:
            case "/.well-known/openid-configuration":
                self._json(self._metadata())
            case "/jwks":
                self._json(KeySet([self.server.key]).as_dict(private=False))
            case "/authorize":
                self._authorize(asked)
            case "/userinfo":
                self._json({**USUAL, **self.server.next.get("userinfo", {})})
            case "/favicon.ico":
                self._send(200, "image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>')
            case _:
                self._json({}, 404)

    def do_POST(self) -> None:
        """The token, and what is said next."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/_next":
            self.server.next = json.loads(body)
            self._json({})
            return
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self._token(form)

    def _metadata(self) -> dict[str, Any]:
        base = self.server.issuer
        return {
            "issuer": base, "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token", "jwks_uri": f"{base}/jwks",
            "userinfo_endpoint": f"{base}/userinfo", "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            "code_challenge_methods_supported": ["S256"],
            **self.server.next.get("metadata", {}),
        }  # fmt: skip

    def _authorize(self, asked: dict[str, str]) -> None:
        refusal = self.server.next.get("error", "")
        right = asked.get("client_id") == CLIENT_ID and "openid" in asked.get("scope", "").split()
        if not right or asked.get("code_challenge_method") != "S256":
            self._json({"error": "invalid_request"}, 400)
            return
        code = secrets.token_urlsafe(16)
        self.server.codes[code] = asked
        said = {"error": refusal, "error_description": "not you"} if refusal else {"code": code}
        onward = f"{asked['redirect_uri']}?{urlencode({**said, 'state': asked['state']})}"
        if "asks" in self.server.next:  # a browser is asked, as by a real one
            page = f'<!doctype html><title>Provider</title><a href="{onward}">Continue as Vera</a>'
            self._send(200, "text/html", page.replace("&", "&amp;").encode())
            return
        self.send_response(302)
        self.send_header("Location", onward)
        self.end_headers()

    def _token(self, form: dict[str, str]) -> None:
        asked = self.server.codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(
            hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        )
        basic = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        if (
            asked is None
            or proof.rstrip(b"=").decode() != asked["code_challenge"]
            or form.get("redirect_uri") != asked["redirect_uri"]
            or self.headers.get("Authorization") != f"Basic {basic}"
        ):
            self._json({"error": "invalid_grant"}, 400)
            return
        token = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer"}
        if self.server.next.get("lie") != "no id_token":
            token["id_token"] = self.server.id_token(asked)
        self._json(token)

    def _json(self, said: object, status: int = 200) -> None:
        if self.server.next.get("lie") == "not json" and status == 200:
            self._send(200, "application/json", b"<html>")
            return
        self._send(status, "application/json", json.dumps(said).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _b64(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _hs256(claims: dict[str, Any], secret: bytes) -> str:
    import hmac

    signed = f"{_b64({'alg': 'HS256', 'kid': 'one'})}.{_b64(claims)}"
    mac = hmac.new(secret, signed.encode(), "sha256").digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def main() -> None:
    """Serve until whoever started this closes its input."""
    provider = Provider()
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    sys.stdout.write(provider.issuer + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
