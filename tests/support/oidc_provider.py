"""A real OpenID Connect provider on loopback: discovery, RSA keys, code flow with PKCE, a sign-in page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, request
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

from app.config import Oidc

CLIENT, SECRET = "workergrade", "a-secret-of-the-tests"
CALLBACK = "/sign-in/provider/callback"


@dataclass
class Client(ClientMixin):
    """This product, as the provider knows it."""

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith(CALLBACK)

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    """An authorization code that was handed out."""

    user: dict[str, Any]
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@cache
def new_key(name: str, which: str = "") -> RSAKey:
    """A key under that name, made once a test run."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


@dataclass
class Provider:
    """`users` may sign in by their names alone; `spoil` may change the claims that are signed."""

    key: RSAKey = field(default_factory=lambda: new_key("first"))
    published: RSAKey | None = None
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = dict
    codes: dict[str, Code] = field(default_factory=dict)
    issuer: str = ""
    claimed_issuer: str | None = None
    without_id_token: bool = False

    def settings(self, **changes: str) -> Oidc:
        known = {"issuer": self.issuer, "client_id": CLIENT, "client_secret": SECRET}
        return Oidc(**{**known, "login_claim": "preferred_username", **changes})


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Serves a provider from a thread of its own."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, _application(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


def _application(provider: Provider) -> Flask:
    app = Flask("provider")
    app.secret_key = "p" * 32
    server = AuthorizationServer(app, query_client=_client, save_token=lambda token, request: None)
    server.register_grant(_grant(provider), [_id_tokens(provider), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def configuration() -> dict[str, Any]:
        issuer = provider.issuer
        return {
            "issuer": provider.claimed_issuer or issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "code_challenge_methods_supported": ["S256"],
        }

    @app.get("/keys")
    def keys() -> Any:
        return KeySet([provider.published or provider.key]).as_dict(private=False)

    @app.get("/authorize")
    def ask() -> str:
        return (
            '<!doctype html><html lang="zh-CN"><title>统一认证</title><main><h1>统一认证</h1>'
            f'<form method="post" action="{escape(request.full_path)}"><label for="user">用户</label>'
            '<input id="user" name="user"><button>登录</button></form></main></html>'
        )

    @app.post("/authorize")
    def answer() -> Any:
        user = provider.users.get(request.form["user"])
        grant = server.get_consent_grant(end_user=user)
        return server.create_authorization_response(grant_user=user, grant=grant)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    return app


def _client(client_id: str) -> Client | None:
    return Client() if client_id == CLIENT else None


def _grant(provider: Provider) -> type[AuthorizationCodeGrant]:
    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            said = request.payload.data
            provider.codes[code] = Code(
                user=request.user,
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                nonce=said.get("nonce"),
                code_challenge=said.get("code_challenge"),
                code_challenge_method=said.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            spent = [code for code, known in provider.codes.items() if known is authorization_code]
            for code in spent:
                del provider.codes[code]

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
            return authorization_code.user

    return Grant


def _id_tokens(provider: Provider) -> OpenIDCode:
    class IdTokens(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return any(code.nonce == nonce for code in provider.codes.values())

        def resolve_client_private_key(self, client: Client) -> RSAKey:
            return provider.key

        def get_client_claims(self, client: Client) -> dict[str, Any]:
            return {"iss": provider.issuer, "aud": [client.get_client_id()]}

        def get_encode_header(self, client: Client) -> dict[str, Any]:
            return {"alg": "RS256", "kid": provider.key.kid}

        def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
            return provider.spoil(dict(user))

        def process_token(self, grant: Any, response: Any) -> Any:
            token = super().process_token(grant, response)
            if provider.without_id_token:
                token.pop("id_token", None)
            return token

    return IdTokens(require_nonce=True)
