"""The worker's half of `access.wishes`: each wish is checked again and performed, with the owner's connection.

A wish ends `done` or `refused` with the reason, in the transaction that performs it; what it carried in secret is
forgotten then. It is never performed twice.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gisapp import errors
from gisapp.access import one_time, people, tokens, wishes
from gisapp.access.models import right_change
from gisapp.access.passwords import is_hash
from gisapp.access.wishes import Wish
from gisapp.audit.record import Entry, Who, record
from gisapp.installation import Installation
from gisapp.schema.sync import ensure_audiences

OWNER = "owner"
HOURS = 24  # what waited longer for a worker is not what anybody expects any more


def perform_wish(installation: Installation, wish_id: uuid.UUID) -> None:
    """Perform one wish, or say why not; nothing where that has been done already."""
    with installation.database.transaction(OWNER) as connection:
        query = sa.select(right_change).where(right_change.c.id == wish_id).with_for_update()
        row = connection.execute(query).one_or_none()
        if row is None or row.state != wishes.ASKED:
            return
        wish = Wish(row.kind, row.asker_id, row.person_id, row.detail, row.secret or {}, row.id)
        values: dict[str, Any] = {"state": wishes.DONE, "done_at": sa.func.now(), "secret": None}
        try:
            with connection.begin_nested():
                _require_genuine(installation, wish, row)
                values["person_id"] = PERFORM[wish.kind](installation, connection, wish)
                _record(connection, wish, values["person_id"])
        except errors.GisappError as error:
            why = {f"why_{lang}": f"{error.sentence(lang)} {error.remedy(lang)}" for lang in ("ja", "en")}
            values |= {"state": wishes.REFUSED, **why}
            _record_refused(connection, wish, error)
        connection.execute(sa.update(right_change).where(right_change.c.id == wish_id).values(values))


def _record(connection: Connection, wish: Wish, person_id: int | None) -> None:
    """What was changed goes into the audit with the change; the asker is who did it, not the worker."""
    asker = _login(connection, wish.asker_id) if wish.asker_id is not None else "one-time link"
    details = {"person": _login(connection, person_id), "asked": wish.kind, **wish.detail}
    who = Who(asker, wish.asker_id, via=f"wish:{wish.id}")
    record(connection, Entry(RECORDED_AS[wish.kind], who, details=details))


def _record_refused(connection: Connection, wish: Wish, error: errors.GisappError) -> None:
    """Who tried what, and why not: `asker` is whom the wish names, which a forged one may do falsely."""
    asker = connection.scalar(sa.select(people.person.c.login).where(people.person.c.id == wish.asker_id))
    details = {"asked": wish.kind, "person_id": wish.person_id, "why": error.sentence("ja")}
    record(connection, Entry("wish_refused", Who(asker or "?", via=f"wish:{wish.id}"), details=details))


def perform_waiting(installation: Installation) -> None:
    """Perform every wish whose job was lost, in the order they were made."""
    query = sa.select(right_change.c.id).where(right_change.c.state == wishes.ASKED)
    with installation.database.transaction(OWNER) as connection:
        waiting = list(connection.scalars(query.order_by(right_change.c.at)))
    for wish_id in waiting:
        perform_wish(installation, wish_id)


def _require_genuine(installation: Installation, wish: Wish, row: sa.Row[Any]) -> None:
    if not wishes.is_signed(installation, wish, row.signature):
        raise errors.WishRefused(
            why_ja="画面から出された依頼ではありません", why_en="no page of ours asked for it"
        )
    if datetime.datetime.now(datetime.UTC) - row.at > datetime.timedelta(hours=HOURS):
        raise errors.WishRefused(
            why_ja="依頼から24時間が過ぎました", why_en="it was asked for over 24 hours ago"
        )


def _require_administrator(connection: Connection, wish: Wish) -> None:
    """Raises errors.WishRefused unless an administrator asks, and for somebody else."""
    asker = people.find_person(connection, wish.asker_id) if wish.asker_id is not None else None
    if asker is None or asker.duty != people.ADMINISTRATOR:
        raise errors.WishRefused(
            why_ja="依頼した人はシステム管理者ではありません",
            why_en="who asked for it is not a system administrator",
        )
    if wish.person_id == asker.id:
        raise errors.WishRefused(
            why_ja="自分の権限は自分では変えられません。ほかの管理者に依頼してください",
            why_en="nobody changes their own rights; ask another administrator",
        )


def _require_oneself(connection: Connection, wish: Wish) -> people.Person:
    asker = people.find_person(connection, wish.asker_id) if wish.asker_id is not None else None
    if asker is None or wish.person_id != asker.id:
        raise errors.WishRefused(
            why_ja="本人の依頼ではありません", why_en="they did not ask for it themselves"
        )
    return asker


def _login(connection: Connection, person_id: int | None) -> str:
    query = sa.select(people.person.c.login).where(people.person.c.id == person_id)
    return str(connection.execute(query).scalar_one())


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def _set_posts(
    installation: Installation, connection: Connection, login: str, posts: Mapping[str, str | None]
) -> None:
    for department, role in posts.items():
        if role is None:
            people.revoke(connection, login, department)
            continue
        if department not in installation.catalogue.departments:
            raise errors.DepartmentNotFound(department=department)
        people.grant(connection, login, department, role)
    ensure_audiences(installation, connection)


def _add(installation: Installation, connection: Connection, wish: Wish) -> int:
    _require_administrator(connection, wish)
    said = wish.detail
    until = _day(said.get("until"))
    who = people.add_person(
        connection, said["login"], said["name"], None, {}, duty=said.get("duty"), until=until
    )
    _set_posts(installation, connection, said["login"], said.get("posts", {}))
    one_time.keep_link(connection, one_time.PASSWORD, bytes.fromhex(wish.secret["link_hash"]), who)
    return who


def _change(installation: Installation, connection: Connection, wish: Wish) -> int | None:
    """Only what `detail` names is changed; posts that go are taken before a duty, posts that come given after it."""
    _require_administrator(connection, wish)
    login, said = _login(connection, wish.person_id), wish.detail
    posts: dict[str, str | None] = said.get("posts", {})
    _set_posts(installation, connection, login, {d: None for d, role in posts.items() if role is None})
    if "duty" in said:
        people.set_duty(connection, login, said["duty"])
    if "until" in said:
        people.set_until(connection, login, _day(said["until"]))
    if "name" in said:
        people.set_name(connection, login, said["name"])
    if "active" in said:
        people.set_active(connection, login, bool(said["active"]))
    _set_posts(installation, connection, login, {d: role for d, role in posts.items() if role})
    return wish.person_id


def _reset(installation: Installation, connection: Connection, wish: Wish) -> int | None:
    """A link to choose a password: the old password works until the link is used."""
    _require_administrator(connection, wish)
    one_time.keep_link(connection, one_time.PASSWORD, bytes.fromhex(wish.secret["link_hash"]), wish.person_id)
    return wish.person_id


def _own_password(installation: Installation, connection: Connection, wish: Wish) -> int | None:
    _set_hash(connection, _require_oneself(connection, wish).id, wish)
    return wish.person_id


def _set_hash(connection: Connection, person_id: int, wish: Wish) -> None:
    if not is_hash(wish.secret.get("password_hash")):
        raise errors.WishRefused(
            why_ja="パスワードの形が違います", why_en="the password is not in the form kept"
        )
    people.set_password_hash(connection, person_id, wish.secret["password_hash"])


def _use_link(installation: Installation, connection: Connection, wish: Wish) -> int:
    """The code itself is the right: whoever reads the table of links knows only its hash."""
    code = wish.secret.get("code", "")
    link = one_time.find_link(connection, installation.settings, installation.city, code)
    one_time.use_link(connection, link)
    who = link.person_id
    if who is None:
        said, duty = wish.detail, people.ADMINISTRATOR
        who = people.add_person(connection, said["login"], said["name"], None, {}, duty=duty)
    people.require_standing(connection, who)
    _set_hash(connection, who, wish)
    return who


def _issue_token(installation: Installation, connection: Connection, wish: Wish) -> int | None:
    _require_oneself(connection, wish)
    said = wish.detail
    tokens.require_scope(installation.catalogue, said["layers"], said["verbs"], said["days"])
    fresh = bytes.fromhex(wish.secret["token_hash"])
    tokens.keep(connection, wish.person_id, said["name"], fresh, said["layers"], said["verbs"], said["days"])
    return wish.person_id


def _revoke_token(installation: Installation, connection: Connection, wish: Wish) -> int | None:
    _require_oneself(connection, wish)
    if not tokens.revoke(connection, int(wish.detail["token"]), of=wish.person_id):
        raise errors.WishRefused(
            why_ja="有効なトークンではありません", why_en="that is no valid token of theirs"
        )
    return wish.person_id


RECORDED_AS = {
    "add": "person_added",
    "change": "right_changed",
    "reset": "person_changed",
    "own_password": "person_changed",
    "use_link": "person_changed",
    "issue_token": "token_issued",
    "revoke_token": "token_revoked",
}
PERFORM: dict[str, Callable[[Installation, Connection, Wish], int | None]] = {
    "add": _add,
    "change": _change,
    "reset": _reset,
    "own_password": _own_password,
    "use_link": _use_link,
    "issue_token": _issue_token,
    "revoke_token": _revoke_token,
}
