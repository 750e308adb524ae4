"""What a web process asks of the tile maker, and what that answers: heads of messages (`gisapp.frames`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gisapp import errors
from gisapp.geo.tiles import exists
from gisapp.tiles.cache.codings import CODINGS, KINDS
from gisapp.tiles.cache.made import AWAY, HIT, MISS, Found
from gisapp.tiles.cache.memory import Entry
from gisapp.tiles.cache.sets import Kept, SetKey

AUDIENCE = "aud_"
SAID: dict[str, type[errors.GisappError]] = {
    kind.code: kind for kind in (errors.Busy, errors.TooSlow, errors.DatabaseAway, errors.NotMigrated)
}
"""Errors that are the asker's to hear; any other is the maker's own."""


@dataclass(frozen=True)
class Wish:
    """One tile. role: an audience that may read the views; plans: layer id and view's name of each plan drawn there;
    key: of the set that the asker means; kind: of client (codings); public: may be given while the database is away."""

    role: str
    plans: tuple[tuple[str, str], ...]
    key: bytes
    z: int
    x: int
    y: int
    kind: str
    public: bool

    def as_head(self) -> dict[str, Any]:
        """As a message."""
        return {
            "role": self.role, "plans": self.plans, "key": self.key.hex(), "tile": (self.z, self.x, self.y),
            "kind": self.kind, "public": self.public,
        }  # fmt: skip

    @staticmethod
    def from_head(head: dict[str, Any]) -> Wish:
        """From a message. Raises ValueError for what is none."""
        try:
            role, kind, key = head["role"], head["kind"], bytes.fromhex(head["key"])
            plans = tuple((str(layer), str(view)) for layer, view in head["plans"])
            z, x, y = (int(number) for number in head["tile"])
        except (KeyError, TypeError) as error:
            raise ValueError("not a wish") from error
        if not str(role).startswith(AUDIENCE) or kind not in KINDS or not plans or not exists(z, x, y):
            raise ValueError("not a wish")
        return Wish(role, plans, key, z, x, y, kind, head.get("public") is True)


@dataclass(frozen=True)
class Hardening:
    """A kept tile to be kept in the strong form of a coding as well, where that has fewer than `size` bytes. hash: of the
    content that is meant."""

    key: bytes
    x: int
    y: int
    hash: str
    coding: str
    size: int

    def as_head(self) -> dict[str, Any]:
        """As a message."""
        return {"harden": (self.key.hex(), self.x, self.y, self.hash, self.coding, self.size)}

    @staticmethod
    def from_head(head: dict[str, Any]) -> Hardening:
        """From a message. Raises ValueError for what is none."""
        try:
            key, x, y, hash, coding, size = head["harden"]
            found = Hardening(bytes.fromhex(key), int(x), int(y), str(hash), str(coding), int(size))
        except TypeError as error:
            raise ValueError("not a hardening") from error
        if coding not in CODINGS:
            raise ValueError("not a hardening")
        return found


def described(found: Found) -> tuple[dict[str, Any], list[bytes]]:
    """A tile as an answer."""
    kept = found.entry.kept
    head = {
        "how": found.how, "current": found.current, "sequence": found.sequence, "hash": kept.hash,
        "coding": kept.coding, "hard": kept.hard, "seen": kept.seen,
    }  # fmt: skip
    return head, [kept.body]


def refused(error: Exception) -> dict[str, Any]:
    """An error as an answer."""
    if isinstance(error, errors.GisappError) and error.code in SAID:
        return {"error": error.code, "values": {k: v for k, v in error.values.items() if isinstance(v, int)}}
    return {"error": ""}


def found_in(head: dict[str, Any], blocks: list[bytes], of: SetKey, x: int, y: int) -> Found | None:
    """The tile in an answer; None where the maker cannot make it. Raises the error that it names, ValueError for what is no answer."""
    if "error" in head:
        if head["error"] in SAID:
            raise SAID[head["error"]](**head["values"])
        return None
    try:
        kept = Kept(head["hash"], head["coding"], blocks[0], hard=head["hard"], seen=head["seen"])
        found = Found(Entry(of, x, y, kept), head["how"], head["current"], head["sequence"])
    except (KeyError, IndexError) as error:
        raise ValueError("not an answer") from error
    if found.how not in (HIT, MISS, AWAY):
        raise ValueError("not an answer")
    return found
