"""The headers that keep an answer from being used for what it is not meant for.

A page runs only scripts of this server and those inline scripts that carry the request's own nonce, so that
text from a data set or an address cannot run even where somebody forgot to escape it. Templates of any
package write `<script nonce="{{ nonce() }}">`.
"""

from __future__ import annotations

import secrets
from functools import partial

from flask import Flask, Response, g, has_request_context

EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

EVERY_PAGE = {
    "X-Frame-Options": "SAMEORIGIN",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=(), usb=()",
}


def init_app(app: Flask) -> None:
    """Set the headers on every answer, and give templates `nonce()`. Served over TLS where cookies are
    secure."""
    app.after_request(partial(add, secure=bool(app.config.get("SESSION_COOKIE_SECURE"))))
    app.jinja_env.globals["nonce"] = nonce


def nonce() -> str:
    """This request's nonce, made at the first call."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def content_security_policy(nonce: str = "") -> str:
    """The policy of a page; without a nonce no inline script runs at all.

    Inline styles are allowed: Leaflet positions by them. `worker-src 'self'` takes MapLibre's build for
    strict policies, which loads its worker from a file.
    """
    scripts = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "worker-src 'self'",
            "connect-src 'self'",
            "font-src 'self' data:",
            "frame-ancestors 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "object-src 'none'",
        )
    )


def add(response: Response, secure: bool = False) -> Response:
    """Set the headers on an answer, where it has them not; `secure` (served over TLS) adds HSTS."""
    headers = dict(EVERY_ANSWER)
    if response.mimetype == "text/html":
        used = str(g.get("csp_nonce", "")) if has_request_context() else ""
        headers |= EVERY_PAGE | {"Content-Security-Policy": content_security_policy(used)}
        # A page shows what its reader may see and has a nonce of its own: no shared cache may hand it on.
        headers["Cache-Control"] = "private, no-cache"
    if response.cache_control.public:
        # What any cache may keep, any page may read: a notebook's map, another city's.
        headers["Access-Control-Allow-Origin"] = "*"
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"  # browsers complain of it over plain HTTP
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    return response
