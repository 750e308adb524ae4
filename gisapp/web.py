"""How Flask is set up here: the session cookie, forms, limits, proxies, JSON."""

from __future__ import annotations

import datetime
from typing import Any

from flask import Flask, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from gisapp import at_once, error_pages, errors, keys, rate_limits
from gisapp.installation import Installation

csrf = CSRFProtect()
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def init_app(app: Flask, installation: Installation) -> None:
    """Set the application up for one installation."""
    settings = installation.settings
    app.config.update(
        SECRET_KEY=keys.derive(keys.read_secret(settings.home, "web"), "session", installation.city.key),
        SESSION_COOKIE_NAME="gisapp_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=datetime.timedelta(hours=settings.session_hours),
        MAX_CONTENT_LENGTH=settings.upload_limit_mb * 2**20,
        MAX_FORM_MEMORY_SIZE=2**20,
        WTF_CSRF_CHECK_DEFAULT=False,  # checked below: a request with a bearer token carries no cookie to abuse
        WTF_CSRF_TIME_LIMIT=settings.session_hours * 3600,
        WTF_CSRF_SSL_STRICT=settings.secure_cookies,
        TRUSTED_HOSTS=[h.strip() for h in settings.trusted_hosts.split(",") if h.strip()] or None,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.globals["city_name"] = installation.city.name_ja
    if settings.forwarded:
        n = settings.forwarded
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    csrf.init_app(app)
    rate_limits.init_app(app, settings)
    at_once.init_app(app, settings)  # before forms are read: a slow body takes a place
    app.before_request(_check_form)
    app.register_error_handler(CSRFError, lambda error: error_pages.answer(errors.FormExpired()))


def _check_form() -> Any:
    if request.method in UNSAFE and "Authorization" not in request.headers:
        csrf.protect()
