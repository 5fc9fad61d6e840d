"""Signing in with an OpenID Connect provider (Core 1.0, code flow with PKCE), to an account that exists."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import MismatchingStateError
from authlib.integrations.flask_client import FlaskIntegration, FlaskOAuth2App
from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from requests import RequestException

from app import edge
from app.config import Oidc
from app.errors import DomainError, NotFound
from app.extensions import settings
from app.operations.access import accounts
from app.web.account import sign_in_page
from app.web.session import enter

bp = Blueprint("oidc", __name__)

NAME, WANTED = "oidc", "oidc_next"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key pair alone: no `none`, and no HMAC with what others know too."""
LONGEST_WAIT = 5
"""Seconds for one answer of the provider; three of them stay within what a request may take."""
LEEWAY = 60
"""Seconds by which the provider's clock may be off."""


class ProviderUnavailable(DomainError):
    """统一认证暂时无法使用，请稍后再试，或者用账号和密码登录。"""

    status = 503
    code = "provider_unavailable"


class ProviderRefused(DomainError):
    """统一认证没有通过，请从登录页重新开始。"""

    status = 401
    code = "provider_refused"


class Provider(FlaskOAuth2App):
    """The configured provider; what it publishes of itself is believed as far as it is safe."""

    issuer = ""

    def load_server_metadata(self) -> Any:
        """Raises ProviderUnavailable where another issuer answers (Discovery 1.0, 4.3)."""
        metadata = super().load_server_metadata()
        if metadata.get("issuer") != self.issuer:
            raise ProviderUnavailable(_("统一认证公布的地址与 OIDC_ISSUER 不一致，请联系系统管理员。"))
        offered = metadata.get("id_token_signing_alg_values_supported", [])
        safe = [name for name in offered if name in ALGORITHMS] or list(ALGORITHMS[:1])
        metadata["id_token_signing_alg_values_supported"] = safe
        return metadata


@bp.get("/sign-in/provider")
def start() -> Any:
    """Sends the browser to the provider; state, nonce and verifier wait in its cookie."""
    provider = _provider()
    session[WANTED] = request.args.get("next")
    try:
        return provider.authorize_redirect(url_for("oidc.callback", _external=True))
    except (RequestException, RuntimeError, ValueError):
        return _refused(ProviderUnavailable())
    except ProviderUnavailable as refusal:
        return _refused(refusal)


@bp.get("/sign-in/provider/callback")
def callback() -> Any:
    """The provider sent the browser back; a callback counts once."""
    provider, wanted = _provider(), session.get(WANTED)
    try:
        login = _login(_claims(provider))
        with edge.transaction():
            token = accounts.sign_in_by_provider(login, edge.received_at())
    except DomainError as refusal:
        return _refused(refusal)
    return enter(token, wanted)


def _claims(provider: Provider) -> dict[str, Any]:
    """What the provider vouches for, after all checks. Raises ProviderRefused and ProviderUnavailable."""
    wanted = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
    }
    try:
        answer = provider.authorize_access_token(claims_options=wanted, leeway=LEEWAY)
    except ExpiredTokenError as error:
        raise ProviderRefused(_("统一认证给出的登录凭据已经过期，请从登录页重新开始。")) from error
    except ClaimError as error:
        raise ProviderRefused(
            _("统一认证给出的登录凭据不是本系统这次登录的，已拒绝；请从登录页重新开始。")
        ) from error
    except JoseError as error:
        raise ProviderRefused(_("统一认证给出的登录凭据无法核验，已拒绝；请联系系统管理员。")) from error
    except MismatchingStateError as error:
        raise ProviderRefused(_("这次登录请求已经用过或已经失效，请从登录页重新开始。")) from error
    except AuthlibBaseError as error:
        raise ProviderRefused from error
    except (RequestException, RuntimeError, ValueError) as error:
        raise ProviderUnavailable from error
    claims: dict[str, Any] | None = answer.get("userinfo")
    if not claims:
        raise ProviderRefused
    return claims


def _login(claims: dict[str, Any]) -> str:
    """The login that the provider names. An address that it never checked names nobody."""
    name = _oidc().login_claim
    login = claims.get(name)
    if not isinstance(login, str) or not login.strip():
        raise ProviderRefused(_("统一认证没有给出登录名（%(claim)s），请联系系统管理员。", claim=name))
    if name == "email" and claims.get("email_verified") is not True:
        raise ProviderRefused(_("您在统一认证的邮箱没有经过验证，不能用来登录。"))
    return login


def _refused(refusal: DomainError) -> tuple[str, int]:
    return sign_in_page({}, {"login": [refusal.message]}, session.get(WANTED)), refusal.status


def _oidc() -> Oidc:
    found = settings().oidc
    if found is None:
        raise NotFound
    return found


def _provider() -> Provider:
    return _provider_of(_oidc())


@lru_cache(maxsize=1)
def _provider_of(oidc: Oidc) -> Provider:
    """One a process: what the provider publishes is fetched once, and its keys again when they change."""
    provider = Provider(
        FlaskIntegration(NAME),
        name=NAME,
        client_id=oidc.client_id,
        client_secret=oidc.client_secret,
        server_metadata_url=f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "default_timeout": LONGEST_WAIT,
        },
    )
    provider.issuer = oidc.issuer
    return provider
