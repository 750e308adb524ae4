"""The thin path: a tile that this process has in memory is answered before Flask is called.

It knows no rules of its own. It remembers what the route decided for the very same credentials, layers, form and query, for
AT_MOST seconds at most (what everybody may see: for as long as the process lives), and answers only while the cache is
certain to be in step with the database. Everything else, every refusal, every first request goes to the route.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.datastructures import Headers

from gisapp import security_headers
from gisapp.tiles.answer import OF_BODY, headers_of, kind_for, not_changed
from gisapp.tiles.cache.cache import TileCache
from gisapp.tiles.cache.made import HIT
from gisapp.tiles.cache.sets import MVT, SetKey
from gisapp.tiles.cache.tally import Tally

REMEMBERED = 1.5  # seconds after which one request asks the route again …
AT_MOST = 2.5  # … while the others go on: with the guard's own two seconds, a right that was taken away ends within five
CLAIMED = 0.5  # seconds that one has for asking before another tries
MOST_REMEMBERED = 20_000
WHO = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "REMOTE_ADDR", "HTTP_USER_AGENT", "HTTP_X_FORWARDED_FOR")
"""What the guard decides by: session protection also looks at the browser and its address."""
Environ = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(slots=True)
class Known:
    """Layers that an asker may have: when somebody is to ask the route again, until when it may be relied on, their sets by
    zoom, and whether any cache may keep them."""

    again: float
    until: float
    sets: Mapping[str, SetKey]
    shared: bool


class Hits:
    """A WSGI step in front of the application."""

    def __init__(self, app: Flask, cache: TileCache) -> None:
        self._next, self._cache = app.wsgi_app, cache
        self._known: dict[Key, Known] = {}
        self.found = Tally()
        self._host = bool(app.config.get("TRUSTED_HOSTS"))
        secure = bool(app.config.get("SESSION_COOKIE_SECURE"))
        self._extra = {public: _security(public, secure) for public in (True, False)}

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/tiles/") and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            found = self._find(environ)
            if found is not None:
                self.found.add()
                status, headers, body = found
                start_response(status, headers)
                return [body]
        return self._next(environ, start_response)

    def _find(self, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes] | None:
        parts = environ["PATH_INFO"].split("/")
        if len(parts) != 6:
            return None
        row, _, form = parts[5].partition(".")
        known = self._known.get((self._who(environ), parts[2], form, environ.get("QUERY_STRING", "")))
        if known is None:
            return None
        now = time.monotonic()
        if now > known.again:
            known.again = now + CLAIMED  # this request asks; the others need not all ask at once
            return None
        if now > known.until:
            return None
        try:
            of, x, y = known.sets[parts[3]], int(parts[4]), int(row)
        except (ValueError, KeyError):
            return None
        entry = self._cache.get(of, x, y, kind_for(of, environ.get("HTTP_ACCEPT_ENCODING", "")))
        if entry is None:
            return None
        headers = entry.headers.get(known.shared)
        if headers is None:
            headers = [*headers_of(entry, HIT, public=known.shared), *self._extra[known.shared]]
            entry.headers[known.shared] = headers
        if not_changed(environ.get("HTTP_IF_NONE_MATCH"), entry.kept):
            return "304 NOT MODIFIED", [one for one in headers if one[0] not in OF_BODY], b""
        return "200 OK", headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else entry.kept.body

    def _who(self, environ: Environ) -> Key | None:
        """What the guard would decide by; None for a visitor."""
        if "HTTP_COOKIE" in environ or "HTTP_AUTHORIZATION" in environ:
            return tuple(environ.get(name) for name in (*WHO, "HTTP_HOST"))
        return (environ.get("HTTP_HOST"),) if self._host else None

    def remember(
        self, environ: Environ, layers: str, form: str, sets: Mapping[str, SetKey], *, public: bool
    ) -> None:
        """The route let this asker have these layers in this form."""
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        visitor = "HTTP_COOKIE" not in environ and "HTTP_AUTHORIZATION" not in environ
        now = float("inf") if visitor else time.monotonic()
        place = self._who(environ), layers, form, environ.get("QUERY_STRING", "")
        self._known[place] = Known(now + REMEMBERED, now + AT_MOST, sets, visitor and public)


def _security(public: bool, secure: bool) -> list[tuple[str, str]]:
    """The headers that every answer of the application gets, as the application itself would set them."""
    response = Response(mimetype=MVT)
    before = {name for name, _ in response.headers}
    response.headers["Cache-Control"] = "public" if public else "private"
    added: Headers = security_headers.add(response, secure).headers
    return [(name, value) for name, value in added if name not in before | {"Cache-Control"}]


def remember(layers: str, form: str, sets: Mapping[str, SetKey], *, public: bool) -> None:
    """The route lets the asker of this request have these layers in this form: the thin path may answer them for a while.

    form: how such addresses end. sets: by zoom, those that this asker may have with this very query.
    public: every visitor gets the same.
    """
    hits: Hits | None = current_app.extensions.get("gisapp_hits")
    if hits is not None:
        hits.remember(request.environ, layers, form, sets, public=public)
