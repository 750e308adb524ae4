"""How a kept tile leaves: the same from the route and from the thin path before it."""

from __future__ import annotations

from functools import cache

from flask import Response, request

from gisapp.answers import PRIVATE, PUBLIC, VARY
from gisapp.tiles.cache.codings import IDENTITY, kind_of
from gisapp.tiles.cache.made import AWAY, HIT, Found
from gisapp.tiles.cache.memory import Entry
from gisapp.tiles.cache.sets import MVT, Kept, SetKey

_STATUS = {HIT: "gisapp; hit", AWAY: "gisapp; hit; detail=database-away"}
OF_BODY = frozenset({"Content-Type", "Content-Length", "Content-Encoding"})
"""Headers that an answer without a body (304) has not."""


def tag_of(kept: Kept) -> str:
    """The strong ETag: every form of a content has one of its own that begins with the content's."""
    form = kept.coding + ("-hard" if kept.hard else "")
    return f'"{kept.hash}-{form}"' if form else f'"{kept.hash}"'


def kind_for(of: SetKey, accept_encoding: str) -> str:
    """The kind of client that says this in Accept-Encoding. Pictures are compressed already: they know one kind."""
    return kind_of(accept_encoding) if of.mimetype == MVT else IDENTITY


def headers_of(entry: Entry, how: str, *, public: bool) -> list[tuple[str, str]]:
    """The answer's headers. public: any cache may keep it. Cache-Status after RFC 9211 says how it was come by."""
    kept = entry.kept
    return [
        ("Content-Length", str(len(kept.body))),
        ("ETag", tag_of(kept)),
        *_headers_alike(entry.of.mimetype, kept.coding, how, public),
    ]


@cache
def _headers_alike(mimetype: str, coding: str, how: str, public: bool) -> tuple[tuple[str, str], ...]:
    """Those that thousands of tiles have in common: made once, and so nearer to the processor than a thousand of each."""
    headers = (
        ("Content-Type", mimetype),
        ("Cache-Control", PUBLIC if public else PRIVATE),
        ("Vary", VARY),
        ("Cache-Status", _STATUS.get(how, "gisapp; fwd=miss")),
    )
    return (*headers, ("Content-Encoding", coding)) if coding else headers


def not_changed(if_none_match: str | None, kept: Kept) -> bool:
    """Whether the asker has this content already, in whatever form."""
    return if_none_match is not None and (kept.hash in if_none_match or if_none_match.strip() == "*")


def send_tile(found: Found, *, public: bool) -> Response:
    """Answer with a tile, or with 304 where the asker has it already. public: any cache may keep it."""
    kept = found.entry.kept
    known = not_changed(request.headers.get("If-None-Match"), kept)
    response = Response(b"" if known else kept.body, 304 if known else 200)
    for name, value in headers_of(found.entry, found.how, public=public):
        response.headers[name] = value
    if known:
        for name in OF_BODY:
            response.headers.pop(name, None)
    return response
