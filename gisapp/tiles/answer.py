"""How a kept tile leaves: the same from the route and from the thin path before it."""

from __future__ import annotations

from gisapp.answers import PRIVATE, PUBLIC, VARY
from gisapp.tiles.cache.cache import AWAY, HIT
from gisapp.tiles.cache.sets import Kept

MVT = "application/vnd.mapbox-vector-tile"
_STATUS = {HIT: "gisapp; hit", AWAY: "gisapp; hit; detail=database-away"}


def tag_of(kept: Kept) -> str:
    """The strong ETag: every form of a content has one of its own that begins with the content's."""
    form = kept.coding + ("-hard" if kept.hard else "")
    return f'"{kept.hash}-{form}"' if form else f'"{kept.hash}"'


def headers_of(kept: Kept, how: str, *, public: bool) -> list[tuple[str, str]]:
    """The answer's headers. public: any cache may keep it. Cache-Status after RFC 9211 says how it was come by."""
    headers = [
        ("Content-Type", MVT),
        ("Content-Length", str(len(kept.body))),
        ("ETag", tag_of(kept)),
        ("Cache-Control", PUBLIC if public else PRIVATE),
        ("Vary", VARY),
        ("Cache-Status", _STATUS.get(how, "gisapp; fwd=miss")),
    ]
    return [*headers, ("Content-Encoding", kept.coding)] if kept.coding else headers


def not_changed(if_none_match: str | None, kept: Kept) -> bool:
    """Whether the asker has this content already, in whatever form."""
    return if_none_match is not None and (kept.hash in if_none_match or if_none_match.strip() == "*")
