"""Tokens of upload scripts: limited to layers and verbs, expiring, kept only as a hash, shown once."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gisapp import errors
from gisapp.access.models import person, token
from gisapp.catalogue.load import Catalogue
from gisapp.text.reading import JAPAN

PREFIX = "gisapp_"
VERBS = ("read", "upload", "publish", "edit")
USUAL_VERBS = (
    "read",
    "upload",
    "publish",
)  # of a script that uploads: changing single features is asked for by name
LONGEST_DAYS = 3660
CLOCKS_DIFFER = datetime.timedelta(minutes=10)  # how far the clocks of web server and database may be apart


@dataclass(frozen=True)
class Token:
    """A valid token. `layers` are layer ids, `department.*` or `*`."""

    id: int
    person_id: int
    layers: tuple[str, ...]
    verbs: tuple[str, ...]

    def covers(self, verb: str, layer: str) -> bool:
        """Whether the token may do `verb` to the layer with that id."""
        department = layer.split(".")[0]
        return verb in self.verbs and bool({layer, f"{department}.*", "*"} & set(self.layers))


def issue(
    connection: Connection, login: str, name: str, layers: list[str], verbs: list[str], days: int
) -> str:
    """Make a token for `login`'s scripts and return it: the only time it can be seen. Raises errors.PersonInvalid."""
    who = connection.scalar(
        sa.select(person.c.id).where((person.c.login == login.strip().casefold()) & person.c.active)
    )
    if who is None:
        raise errors.PersonInvalid(login=login, why_ja="登録されていません", why_en="is not known")
    fresh = make()
    keep(connection, int(who), name, hash_of(fresh), layers, verbs, days)
    return fresh


def make() -> str:
    """A fresh token that nothing knows of yet."""
    return PREFIX + secrets.token_urlsafe(32)


def keep(
    connection: Connection,
    person_id: int | None,
    name: str,
    token_hash: bytes,
    layers: list[str],
    verbs: list[str],
    days: int,
) -> None:
    """Note a token by its hash. Takes the owner's connection."""
    row = {
        "person_id": person_id,
        "name": name,
        "hash": token_hash,
        "layers": layers,
        "verbs": verbs,
        "expires_at": datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days),
    }
    connection.execute(sa.insert(token).values(row))


def require_scope(catalogue: Catalogue, layers: list[str], verbs: list[str], days: int) -> None:
    """Raises errors.LayerNotFound, DepartmentNotFound or ParameterInvalid for what no token may be limited to."""
    for layer in layers:
        if layer.endswith(".*"):
            catalogue.department(layer[:-2])
        elif layer != "*":
            catalogue.layer(layer)
    for name, fine, example in (
        ("layers", bool(layers), "roads.street"),
        ("verbs", bool(verbs) and set(verbs) <= set(VERBS), ", ".join(VERBS)),
        ("days", 1 <= days <= LONGEST_DAYS, "90"),
    ):
        if not fine:
            raise errors.ParameterInvalid(
                name=name,
                why_ja="選べる値ではありません",
                why_en="it is none of the choices",
                example=example,
            )


def lost(catalogue: Catalogue, layers: Iterable[str]) -> list[str]:
    """Those of a token's layers that are there no more (a department or layer renamed or merged): they open nothing."""
    known = {"*", *catalogue.layers, *(f"{department}.*" for department in catalogue.departments)}
    return [layer for layer in layers if layer not in known]


def revoke(connection: Connection, token_id: int, *, of: int | None = None) -> bool:
    """Revoke one token (`of`: only where it is this person's); False when there is none of that number that is valid."""
    valid = (token.c.id == token_id) & token.c.revoked_at.is_(None)
    if of is not None:
        valid &= token.c.person_id == of
    return connection.execute(sa.update(token).where(valid).values(revoked_at=sa.func.now())).rowcount == 1


def tokens_of(connection: Connection, person_id: int) -> list[sa.Row[Any]]:
    """A person's tokens, the newest first, each with name, layers, verbs, expires_at, revoked_at, last_used_at."""
    query = sa.select(token).where(token.c.person_id == person_id).order_by(token.c.id.desc())
    return list(connection.execute(query))


def find_token(connection: Connection, hash: bytes) -> Token:
    """The token of that hash (`hash_of`), and note its use. Raises errors.TokenInvalid (unknown, expired, revoked)."""
    row = connection.execute(sa.select(token).where(token.c.hash == hash)).one_or_none()
    if row is None:
        raise errors.TokenInvalid(why_ja="登録されていません", why_en="it is not known")
    if row.revoked_at is not None:
        raise errors.TokenInvalid(why_ja="失効しています", why_en="it was revoked")
    now = datetime.datetime.now(datetime.UTC)
    if max(row.created_at, row.last_used_at or row.created_at) > now + CLOCKS_DIFFER:
        raise errors.TokenInvalid(
            why_ja="サーバーの時計が前回の使用より前に戻っているため、期限を確かめられません",
            why_en="the server's clock stands before its last use, so that its end cannot be told",
        )
    if row.expires_at <= now:
        day = row.expires_at.astimezone(JAPAN).date()
        raise errors.TokenInvalid(why_ja=f"{day} に期限が切れました", why_en=f"it expired on {day}")
    if row.last_used_at is None or now - row.last_used_at > datetime.timedelta(minutes=1):
        connection.execute(sa.update(token).where(token.c.id == row.id).values(last_used_at=now))
    return Token(row.id, row.person_id, tuple(row.layers), tuple(row.verbs))


def is_valid(connection: Connection, token_id: int) -> bool:
    """Whether the token of that number may still be used; a signed address that it made ends with it."""
    valid = (token.c.id == token_id) & token.c.revoked_at.is_(None) & (token.c.expires_at > sa.func.now())
    return bool(connection.scalar(sa.select(sa.exists().where(valid))))


def hash_of(presented: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(presented.encode()).digest()  # 256 random bits need no slow hash
