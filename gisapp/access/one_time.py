"""Links that work once: for the first administrator, and for somebody who is to choose a password.

The code in a link is 256 random bits with a signature by the web process's secret file; the database keeps its hash.
Whoever can read the table cannot open a link, and a made-up address costs no question to the database.
"""

from __future__ import annotations

import datetime
import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from itsdangerous import BadSignature, Signer
from sqlalchemy import Connection

from gisapp import errors, keys
from gisapp.access.models import one_time_link, person
from gisapp.access.people import ADMINISTRATOR
from gisapp.settings import City, Settings

HOURS = 24
FIRST_ADMINISTRATOR, PASSWORD = "first_administrator", "password"


@dataclass(frozen=True)
class Link:
    """A link that may be used now. `login` is None for the first administrator, who is not there yet."""

    purpose: str
    hash: bytes
    person_id: int | None
    login: str | None
    name: str | None


def make_code(settings: Settings, city: City) -> str:
    """A fresh code for a link."""
    return _signer(settings, city).sign(secrets.token_urlsafe(32)).decode()


def hash_of(code: str) -> bytes:
    """What the database keeps of a code: 256 random bits need no slow hash."""
    return hashlib.sha256(code.encode()).digest()


def _signer(settings: Settings, city: City) -> Signer:
    key = keys.derive(keys.read_secret(settings.home, "web"), "one-time-link", city.key)
    return Signer(key, sep=".", digest_method=hashlib.sha256)


def make_first_administrator_link(connection: Connection, settings: Settings, city: City) -> str:
    """The code of a new link for the first administrator; older ones end. Takes the owner's connection.

    Raises errors.LinkInvalid when there is an administrator.
    """
    _require_no_administrator(connection)
    earlier = (one_time_link.c.purpose == FIRST_ADMINISTRATOR) & one_time_link.c.used_at.is_(None)
    connection.execute(sa.update(one_time_link).where(earlier).values(used_at=sa.func.now()))
    code = make_code(settings, city)
    keep_link(connection, FIRST_ADMINISTRATOR, hash_of(code), None)
    return code


def keep_link(connection: Connection, purpose: str, link_hash: bytes, person_id: int | None) -> None:
    """Note a link whose code somebody was shown. Takes the owner's connection."""
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=HOURS)
    row = {"hash": link_hash, "purpose": purpose, "person_id": person_id, "expires_at": ends}
    connection.execute(sa.insert(one_time_link).values(row))


def find_link(connection: Connection, settings: Settings, city: City, code: str) -> Link:
    """The link of a code. Raises errors.LinkInvalid: unknown, used, expired, or an administrator is there already."""
    try:
        _signer(settings, city).unsign(code)
    except BadSignature as error:
        raise errors.LinkInvalid(
            why_ja="正しいリンクではありません", why_en="it is not a link of ours"
        ) from error
    query = (
        sa.select(one_time_link, person.c.login, person.c.name)
        .select_from(one_time_link.outerjoin(person))
        .where(one_time_link.c.hash == hash_of(code))
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise errors.LinkInvalid(why_ja="登録されていません", why_en="it is not known")
    if row.used_at is not None:
        raise errors.LinkInvalid(why_ja="すでに使われています", why_en="it was used already")
    if row.expires_at <= datetime.datetime.now(datetime.UTC):
        raise errors.LinkInvalid(why_ja="期限が切れています", why_en="it has expired")
    if row.purpose == FIRST_ADMINISTRATOR:
        _require_no_administrator(connection)
    return Link(row.purpose, row.hash, row.person_id, row.login, row.name)


def use_link(connection: Connection, link: Link) -> None:
    """Mark it used. Takes the owner's connection. Raises errors.LinkInvalid when somebody else was first."""
    unused = (one_time_link.c.hash == link.hash) & one_time_link.c.used_at.is_(None)
    done = connection.execute(sa.update(one_time_link).where(unused).values(used_at=sa.func.now()))
    if done.rowcount != 1:
        raise errors.LinkInvalid(why_ja="すでに使われています", why_en="it was used already")


def _require_no_administrator(connection: Connection) -> None:
    there = sa.select(sa.exists().where((person.c.duty == ADMINISTRATOR) & person.c.active))
    if connection.scalar(there):
        raise errors.LinkInvalid(
            why_ja="システム管理者がすでにいます", why_en="there is a system administrator already"
        )
