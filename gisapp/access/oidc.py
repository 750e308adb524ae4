"""Signing in over the city's own identity provider (OpenID Connect): /sign-in/oidc. There where GISAPP_OIDC_ISSUER is set.

The provider says who it is; what they may do is decided here. A person must be there already, found by the login that one
claim names; no claim gives a right. Authlib does the protocol: state, nonce and PKCE (S256).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app, redirect, request, session, url_for
from joserfc.errors import JoseError
from requests import RequestException
from sqlalchemy import Connection

from gisapp import errors, roles
from gisapp.access.guard import installation, open_to_all
from gisapp.access.models import person
from gisapp.access.sign_in import begin_session, safe_next, sign_in
from gisapp.settings import Settings

log = logging.getLogger("gisapp.oidc")
ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
]
"""Signatures that only the provider can make: neither `none` nor one with a shared secret."""
PATIENCE = 10  # seconds for one answer of the provider
ONWARD = "oidc_onward"


def init_app(app: Flask, settings: Settings) -> None:
    """Register the provider where one is set. Raises errors.SettingInvalid where a part of it is missing."""
    app.jinja_env.globals["oidc"] = bool(settings.oidc_issuer)
    if not settings.oidc_issuer:
        return
    for name in ("oidc_client_id", "oidc_client_secret_file"):
        if not getattr(settings, name):
            why = {"why_ja": "OIDC には必要です", "why_en": "OIDC needs it"}
            raise errors.SettingInvalid(name=f"GISAPP_{name.upper()}", value="", **why)
    client = OAuth(app).register(
        "city",
        client_id=settings.oidc_client_id,
        client_secret=_secret(settings),
        server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile",
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE,
        },
    )
    app.extensions["gisapp_oidc"] = client


def _secret(settings: Settings) -> str:
    try:
        return Path(settings.oidc_client_secret_file).read_text("utf-8").strip()
    except OSError as error:
        why = {"why_ja": "読めません", "why_en": "it cannot be read"}
        name = "GISAPP_OIDC_CLIENT_SECRET_FILE"
        raise errors.SettingInvalid(name=name, value=settings.oidc_client_secret_file, **why) from error


def _client() -> Any:
    """The provider's client. Raises errors.PageNotFound where none is set."""
    client = current_app.extensions.get("gisapp_oidc")
    if client is None:
        raise errors.PageNotFound()
    return client


def _metadata(client: Any) -> None:
    """Have the provider's description, once. Raises errors.ProviderFailed when it is another's."""
    found = client.load_server_metadata()
    if str(found.get("issuer", "")).rstrip("/") != installation().settings.oidc_issuer.rstrip("/"):
        raise errors.ProviderFailed(
            why_ja="発行者が設定と違います", why_en="it is not the issuer of the settings"
        )
    offered = found.get("id_token_signing_alg_values_supported") or ["RS256"]
    found["id_token_signing_alg_values_supported"] = [one for one in offered if one in ALGORITHMS]


@sign_in.get("/sign-in/oidc")
@open_to_all
def to_provider() -> Any:
    """On to the provider; it leads back to /sign-in/oidc/callback. Raises errors.ProviderFailed."""
    client = _client()
    session[ONWARD] = safe_next(request.args.get("next"))
    try:
        _metadata(client)
        return client.authorize_redirect(url_for("sign_in.from_provider", _external=True))
    except (RequestException, OAuthError, ValueError, KeyError, RuntimeError) as error:
        raise _failed(error) from error


@sign_in.get("/sign-in/oidc/callback")
@open_to_all
def from_provider() -> Any:
    """Back from the provider: who it says it is signs in. Raises errors.ProviderFailed, PersonUnknown, AccountEnded."""
    client = _client()
    onward = safe_next(session.get(ONWARD))
    try:
        _metadata(client)
        login = _login(client)
    except (RequestException, OAuthError, JoseError, ValueError, KeyError, RuntimeError) as error:
        raise _failed(error) from error
    with installation().database.transaction(roles.APP) as connection:
        who = _known(connection, login)
    begin_session(who, "oidc")
    return redirect(onward)


def _login(client: Any) -> object:
    """The login that the provider's signed answer names, or its own page about the same person where the answer does not."""
    options = {
        "iss": {"essential": True, "values": [client.server_metadata["issuer"]]},
        "aud": {"essential": True, "value": client.client_id},
    }
    token, claim = (
        client.authorize_access_token(claims_options=options),
        installation().settings.oidc_login_claim,
    )
    said = token.get("userinfo")
    if not said:
        raise errors.ProviderFailed(why_ja="本人を示す情報がありません", why_en="it does not say who it is")
    if claim not in said and client.server_metadata.get("userinfo_endpoint"):
        more = client.userinfo(token=token)
        said = more if more.get("sub") == said["sub"] else said
    return said.get(claim)


def _known(connection: Connection, login: object) -> int:
    """The id of the person with that login. Raises errors.PersonUnknown."""
    query = sa.select(person.c.id).where(person.c.login == str(login).strip().casefold())
    who = connection.scalar(query) if isinstance(login, str) and login else None
    if who is None:
        raise errors.PersonUnknown(login=login if isinstance(login, str) else "?")
    return int(who)


def _failed(error: Exception) -> errors.ProviderFailed:
    """What went wrong with the provider, as a sentence; the log gets its name and no more: texts may hold codes."""
    log.warning("oidc: %s %s", type(error).__name__, getattr(error, "error", ""))
    if isinstance(error, OAuthError) and error.error == "access_denied":
        return errors.ProviderFailed(why_ja="認証が取り消されました", why_en="signing in there was cancelled")
    if isinstance(error, RequestException):
        return errors.ProviderFailed(why_ja="認証サーバーに接続できません", why_en="it cannot be reached")
    return errors.ProviderFailed(why_ja="応答を確かめられません", why_en="its answer could not be verified")
