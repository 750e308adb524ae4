"""The thin path: tiles are answered before Flask is called, from this process's memory or, vector tiles, by whoever has them.

It knows no rules of its own. It remembers what the route decided for the very same credentials, layers, form and query, for
AT_MOST seconds at most (what everybody may see: for as long as the process lives), and answers from memory only while the cache
is certain to be in step with the database. Every refusal, every first request, every picture that has to be drawn goes to the route.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Flask, Response, current_app, request
from werkzeug.datastructures import Headers

from gisapp import error_pages, errors, security_headers
from gisapp.access.guard import asker
from gisapp.geo.tiles import exists
from gisapp.tiles.answer import OF_BODY, headers_of, kind_for, not_changed
from gisapp.tiles.cache.board import now
from gisapp.tiles.cache.made import HIT
from gisapp.tiles.cache.memory import Entry, Place
from gisapp.tiles.cache.sets import MVT, SetKey
from gisapp.tiles.cache.tally import Tally
from gisapp.tiles.maker import Maker, Source

REMEMBERED = 1.5  # seconds after which one request asks the route again …
AT_MOST = 2.5  # … while the others go on: with the guard's own two seconds, a right that was taken away ends within five
CLAIMED = 0.5  # seconds that one has for asking before another tries
MOST_REMEMBERED = 20_000
MOST_DIGITS = 10  # of a column or row; none is as long at any zoom
COOKIE, TOKEN, HOST = "HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_HOST"
NONE_MATCH, OK = "HTTP_IF_NONE_MATCH", "200 OK"
# Session protection looks at the browser and its address, too.
ADDRESS, BROWSER, FORWARDED = "REMOTE_ADDR", "HTTP_USER_AGENT", "HTTP_X_FORWARDED_FOR"
FOR_EVER = float("inf")
Environ = dict[str, Any]
Key = tuple[Any, ...]
Asked = tuple[str, str, str, Key | None]  # path, query, encodings, who
Answer = tuple[str, list[tuple[str, str]], bytes]


@dataclass(slots=True)
class Known:
    """Layers that an asker may have: who and by which query, their sets by zoom (of vector tiles: where they come from), whether any
    cache may keep them, until when it may be relied on, and when, not later, somebody is to ask the route again."""

    who: Key | None
    query: str
    sets: Mapping[str, SetKey | Source]
    shared: bool
    until: float
    again: float

    def renew(self, again: float, until: float) -> None:
        """The route has decided the same anew."""
        self.again, self.until = min(again, until), until

    def may_go_on(self, at: float) -> bool:
        """Whether it may be relied on for a request at `at` (of `now`); one of many is told not to, so that it asks the
        route again."""
        if at <= self.again:
            return True
        self.again = min(at + CLAIMED, self.until)
        return False


class Meant(NamedTuple):
    """What a request means: by which decision, where such tiles come from, and which it is."""

    known: Known
    source: SetKey | Source
    place: Place


class Hits:
    """A WSGI step in front of the application."""

    def __init__(self, app: Flask, maker: Maker) -> None:
        self._next, self._app, self._maker, self._cache = app.wsgi_app, app, maker, maker.cache
        self._known: dict[Key, Known] = {}
        self._seen: dict[Key, Meant] = {}  # to read an address once is enough
        self.found = Tally()
        self._host = bool(app.config.get("TRUSTED_HOSTS"))
        secure = bool(app.config.get("SESSION_COOKIE_SECURE"))
        self._extra = {public: _security(public, secure) for public in (True, False)}

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """What is in memory, in a straight line with few calls: while a hit lasts, every other thread of the process waits."""
        path = environ["PATH_INFO"]
        if not path.startswith("/tiles/"):
            return self._next(environ, start_response)
        at, get = now(), environ.get
        asked = path, get("QUERY_STRING", ""), get("HTTP_ACCEPT_ENCODING", ""), self._who(environ)
        meant = self._seen.get(asked)
        if meant is not None and at <= meant.known.again:
            entry = self._cache.ready(meant.place, at)
            if entry is not None and environ["REQUEST_METHOD"] == "GET" and NONE_MATCH not in environ:
                self.found.add()
                start_response(OK, entry.headers.get(meant.known.shared) or self._headers_kept(entry, meant))
                return [entry.kept.body]
        found = self._other(environ, asked, at)
        if found is None or isinstance(found, Response):
            return (found or self._next)(environ, start_response)
        start_response(found[0], found[1])
        return [found[2]]

    def _other(self, environ: Environ, asked: Asked, at: float) -> Answer | Response | None:
        """What is not in memory, has another method than GET, or may be known already; None where it is the route's to say."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        meant = self._seen.get(asked) or self._meant(*asked)
        if meant is None:
            return None
        if not meant.known.may_go_on(at):
            self._seen.pop(asked, None)  # there may be another decision by now
            return None
        entry = self._cache.ready(meant.place, at)
        if entry is None:
            return self._ask(environ, meant)
        self.found.add()
        return self._answer(environ, entry, self._headers_kept(entry, meant))

    def _meant(self, path: str, query: str, accept_encoding: str, who: Key | None) -> Meant | None:
        """What a request means; None where it is the route's to say."""
        parts = path.split("/")
        if len(parts) != 6:
            return None
        row, _, form = parts[5].partition(".")
        known = self._known.get((who, parts[2], form, query))
        source = None if known is None else known.sets.get(parts[3])
        if known is None or source is None or not (_is_number(parts[4]) and _is_number(row)):
            return None
        of = source.of if isinstance(source, Source) else source
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.clear()
        meant = Meant(known, source, (of.key, int(parts[4]), int(row), kind_for(of, accept_encoding)))
        # All but the path is the same in whatever somebody asks for: kept once, not with each of thousands of addresses.
        self._seen[path, known.query, sys.intern(accept_encoding), known.who] = meant
        return meant

    def _headers_kept(self, entry: Entry, meant: Meant) -> list[tuple[str, str]]:
        shared = meant.known.shared
        headers = entry.headers.get(shared)
        if headers is None:
            headers = entry.headers[shared] = self._headers(entry, HIT, shared=shared)
        return headers

    def _ask(self, environ: Environ, meant: Meant) -> Answer | Response | None:
        """From the disk or whoever makes tiles; the thread waits without the interpreter."""
        source, (_, x, y, kind), shared = meant.source, meant.place, meant.known.shared
        if not isinstance(source, Source) or not exists(source.z, x, y):
            return None
        try:
            found = self._maker.tile_of(source, x, y, kind)
        except errors.GisappError as error:
            with self._app.request_context(environ):
                return self._app.process_response(error_pages.answer(error))
        return self._answer(environ, found.entry, self._headers(found.entry, found.how, shared=shared))

    def _headers(self, entry: Entry, how: str, *, shared: bool) -> list[tuple[str, str]]:
        return [*headers_of(entry, how, public=shared), *self._extra[shared]]

    @staticmethod
    def _answer(environ: Environ, entry: Entry, headers: list[tuple[str, str]]) -> Answer:
        if not_changed(environ.get(NONE_MATCH), entry.kept):
            return "304 NOT MODIFIED", [one for one in headers if one[0] not in OF_BODY], b""
        return OK, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else entry.kept.body

    def _who(self, environ: Environ) -> Key | None:
        """What the guard would decide by; None for a visitor."""
        if COOKIE in environ or TOKEN in environ:
            get = environ.get
            return get(COOKIE), get(TOKEN), get(ADDRESS), get(BROWSER), get(FORWARDED), get(HOST)
        return (environ.get(HOST),) if self._host else None

    def forget(self) -> None:
        """Know nobody: everybody's next request goes to the route."""
        self._known.clear()
        self._seen.clear()

    def remember(
        self,
        environ: Environ,
        layers: str,
        form: str,
        sets: Mapping[str, SetKey | Source],
        *,
        public: bool,
        ends: float | None = None,
    ) -> None:
        """The route let this asker have these layers in this form. ends: seconds that a signed address still holds."""
        if len(self._known) > MOST_REMEMBERED:
            self.forget()
        visitor = ends is None and COOKIE not in environ and TOKEN not in environ
        at, shared = FOR_EVER if visitor else now(), visitor and public
        until = min(at + AT_MOST, FOR_EVER if ends is None else at + ends)
        who, query = self._who(environ), environ.get("QUERY_STRING", "")
        place = who, layers, form, query
        before = self._known.get(place)
        if before is not None and before.shared == shared and before.sets == sets:
            before.renew(at + REMEMBERED, until)
        else:
            self._known[place] = Known(who, query, sets, shared, until, min(at + REMEMBERED, until))


def _is_number(written: str) -> bool:
    """Whether that may be a tile's column or row; what is longer Python refuses to read."""
    return written.isdecimal() and len(written) <= MOST_DIGITS


def _security(public: bool, secure: bool) -> list[tuple[str, str]]:
    """The headers that every answer of the application gets, as the application itself would set them."""
    response = Response(mimetype=MVT)
    before = {name for name, _ in response.headers}
    response.headers["Cache-Control"] = "public" if public else "private"
    added: Headers = security_headers.add(response, secure).headers
    return [(name, value) for name, value in added if name not in before | {"Cache-Control"}]


def remember(layers: str, form: str, sets: Mapping[str, SetKey | Source], *, public: bool) -> None:
    """The route lets the asker of this request have these layers in this form: the thin path may answer them for a while.

    form: how such addresses end. sets: by zoom, those that this asker may have with this very query; where they come from, so that
    those are answered too that this process has not in memory.
    public: every visitor gets the same.
    """
    hits: Hits | None = current_app.extensions.get("gisapp_hits")
    if hits is None:
        return
    address = asker().address
    if address is None:
        hits.remember(request.environ, layers, form, sets, public=public)
        return
    opened = {zoom: of for zoom, of in sets.items() if address.first <= int(zoom) <= address.last}
    hits.remember(request.environ, layers, form, opened, public=public, ends=address.seconds_left())
