"""Tokens of upload scripts: limited to layers and verbs, expiring, kept only as a hash, shown once."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from gisapp import errors
from gisapp.access.models import person, token

PREFIX = "gisapp_"
VERBS = ("read", "upload", "publish")


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
    fresh = PREFIX + secrets.token_urlsafe(32)
    row = {
        "person_id": who,
        "name": name,
        "hash": _hash(fresh),
        "layers": layers,
        "verbs": verbs,
        "expires_at": datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days),
    }
    connection.execute(sa.insert(token).values(row))
    return fresh


def revoke(connection: Connection, token_id: int) -> bool:
    """Revoke one token; False when there is none of that number that is still valid."""
    valid = (token.c.id == token_id) & token.c.revoked_at.is_(None)
    return connection.execute(sa.update(token).where(valid).values(revoked_at=sa.func.now())).rowcount == 1


def find_token(connection: Connection, presented: str) -> Token:
    """The token that a request presented. Raises errors.TokenInvalid (unknown, expired, revoked)."""
    row = connection.execute(sa.select(token).where(token.c.hash == _hash(presented))).one_or_none()
    if row is None:
        raise errors.TokenInvalid(why_ja="登録されていません", why_en="it is not known")
    if row.revoked_at is not None:
        raise errors.TokenInvalid(why_ja="失効しています", why_en="it was revoked")
    now = datetime.datetime.now(datetime.UTC)
    if row.expires_at <= now:
        day = row.expires_at.date()
        raise errors.TokenInvalid(why_ja=f"{day} に期限が切れました", why_en=f"it expired on {day}")
    if row.last_used_at is None or now - row.last_used_at > datetime.timedelta(minutes=1):
        connection.execute(sa.update(token).where(token.c.id == row.id).values(last_used_at=now))
    return Token(row.id, row.person_id, tuple(row.layers), tuple(row.verbs))


def _hash(presented: str) -> bytes:
    return hashlib.sha256(presented.encode()).digest()  # 256 random bits need no slow hash
