"""/people over the real worker: what an administrator asks for is performed, recorded, and takes effect."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from gisapp.installation import Installation
from tests.access.conftest import AT_MOST, number_of, sees_owners, send, within
from tests.conftest import visitor

pytestmark = pytest.mark.usefixtures("worker")
Enter = Callable[..., int]


@pytest.fixture
def administrator(signed_in: Callable[[str], FlaskClient]) -> FlaskClient:
    return signed_in("administrator")


def form_of(client: FlaskClient, address: str) -> dict[str, str]:
    """What the form of a person holds when nothing is changed in it."""
    page = client.get(address).get_data(as_text=True)
    held = dict(re.findall(r'<input id="(\w+)" name="\w+"[^>]*? value="([^"]*)"', page))
    for name, options in re.findall(r'<select id="[\w-]+" name="([\w-]+)">(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="(\w*)" selected>', options)
        held[name] = chosen[1] if chosen else ""
    return held


def test_somebody_is_added_chooses_a_password_by_the_link_and_signs_in(
    app: Flask, administrator: FlaskClient, installation: Installation, enter: Enter
) -> None:
    form = {
        "login": "New-Person",
        "name": "新人 一郎",
        "post-tax": "editor",
        "post-roads": "",
        "duty": "",
        "until": "",
    }
    made = send(administrator, "/people", form, at="/people")
    assert made.status_code == 200 and made.headers["Cache-Control"] == "no-store"
    link = re.search(r'value="http://[^/]+(/one-time/[^"]+)"', made.get_data(as_text=True))
    assert link, made.get_data(as_text=True)
    guest = visitor(app)
    assert within(AT_MOST, lambda: "新人 一郎" in guest.get(link[1]).get_data(as_text=True))
    short = send(guest, link[1], {"new": "short", "again": "short"}, at=link[1])
    assert short.status_code == 400 and "12字以上" in short.get_data(as_text=True)
    differs = send(guest, link[1], {"new": "a new password!", "again": "another password!"}, at=link[1])
    assert differs.status_code == 400
    done = send(guest, link[1], {"new": "a new password!", "again": "a new password!"}, at=link[1])
    assert done.status_code == 200 and "new-person" in done.get_data(as_text=True)
    assert guest.get(link[1]).status_code == 410
    assert enter(guest, "new-person", "a new password!") == 302
    assert within(AT_MOST, lambda: sees_owners(guest))
    again = send(administrator, "/people", form, at="/people")
    assert again.status_code == 400 and "すでに登録" in again.get_data(as_text=True)


def test_a_post_given_and_taken_takes_effect_within_seconds_in_a_running_session(
    app: Flask, administrator: FlaskClient, installation: Installation, somebody: str, enter: Enter
) -> None:
    client, address = visitor(app), f"/people/{number_of(installation, somebody)}"
    assert enter(client, somebody) == 302 and not sees_owners(client)
    given = send(administrator, address, form_of(administrator, address) | {"post-tax": "viewer"}, at=address)
    assert given.status_code == 302
    page = administrator.get(given.headers["Location"]).get_data(as_text=True)
    assert 'role="status">反映しました' in page and "閲覧" in page
    assert within(AT_MOST, lambda: sees_owners(client))
    send(administrator, address, form_of(administrator, address) | {"post-tax": ""}, at=address)
    assert within(AT_MOST, lambda: not sees_owners(client))
    with installation.database.transaction("owner") as connection:
        kept = connection.execute(
            sa.text("SELECT detail, state, secret, signature FROM gisapp.right_change WHERE person_id = :p ORDER BY at"),
            {"p": number_of(installation, somebody)},
        ).all()  # fmt: skip
    assert [row.detail for row in kept] == [{"posts": {"tax": "viewer"}}, {"posts": {"tax": None}}]
    assert {row.state for row in kept} == {"done"} and {row.secret for row in kept} == {None}


def test_name_duty_and_last_day_are_changed_and_nothing_else(
    administrator: FlaskClient, installation: Installation, somebody: str
) -> None:
    address = f"/people/{number_of(installation, somebody)}"
    assert (
        send(administrator, address, form_of(administrator, address), at=address)
        .headers["Location"]
        .endswith("?nothing")
    )
    form = form_of(administrator, address) | {
        "name": "改姓 花子",
        "duty": "administrator",
        "until": "2099-03-31",
    }
    assert send(administrator, address, form, at=address).status_code == 302
    after = form_of(administrator, address)
    assert (after["name"], after["duty"], after["until"]) == ("改姓 花子", "administrator", "2099-03-31")
    assert after["post-roads"] == "viewer"
    past = send(administrator, address, after | {"until": "2001-03-31"}, at=address)
    assert "過ぎています" in administrator.get(past.headers["Location"]).get_data(as_text=True)
    auditor = send(administrator, address, after | {"duty": "auditor"}, at=address)
    assert "監査担当は" in administrator.get(auditor.headers["Location"]).get_data(as_text=True)
    assert send(administrator, address, after | {"until": "soon"}, at=address).status_code == 400
    assert send(administrator, address, after | {"post-tax": "king"}, at=address).status_code == 400
    assert form_of(administrator, address)["duty"] == "administrator"


def test_deactivating_ends_a_session_and_activating_lets_in_again(
    app: Flask, administrator: FlaskClient, installation: Installation, somebody: str, enter: Enter
) -> None:
    client, address = visitor(app), f"/people/{number_of(installation, somebody)}"
    enter(client, somebody)
    send(administrator, f"{address}/deactivate", at=address)
    assert within(AT_MOST, lambda: client.get("/ogc/collections").status_code == 401)
    assert "停止中" in administrator.get(address).get_data(as_text=True)
    send(administrator, f"{address}/activate", at=address)
    assert enter(visitor(app), somebody) == 302


def test_a_new_password_by_link_ends_the_sessions_of_the_old_one(
    app: Flask, administrator: FlaskClient, installation: Installation, somebody: str, enter: Enter
) -> None:
    client, address = visitor(app), f"/people/{number_of(installation, somebody)}"
    enter(client, somebody)
    made = send(administrator, f"{address}/link", at=address).get_data(as_text=True)
    link = re.findall(r'value="http://[^/]+(/one-time/[^"]+)"', made)[0]
    assert enter(visitor(app), somebody) == 302  # the old one works until the link is used
    guest = visitor(app)
    send(guest, link, {"new": "a new password!", "again": "a new password!"}, at=link)
    assert within(AT_MOST, lambda: client.get("/account").status_code == 401)
    assert enter(visitor(app), somebody) == 401
    assert enter(visitor(app), somebody, "a new password!") == 302


def test_nobody_changes_their_own_rights(administrator: FlaskClient, installation: Installation) -> None:
    address = f"/people/{number_of(installation, 'administrator')}"
    assert "自分の権限は自分では変えられません" in administrator.get(address).get_data(as_text=True)
    form = {"name": "x", "duty": "administrator", "post-tax": "viewer"}
    assert send(administrator, address, form, at="/people").status_code == 403
    refused = send(administrator, f"{address}/deactivate", at="/people")
    assert "自分では変えられません" in administrator.get(refused.headers["Location"]).get_data(as_text=True)
    assert send(administrator, f"{address}/link", at="/people").status_code == 403


@pytest.mark.parametrize("who", ["visitor", "tax", "auditor"])
def test_only_administrators_in_person_manage_people(
    app: Flask, signed_in: Callable[[str], FlaskClient], installation: Installation, who: str
) -> None:
    client = visitor(app) if who == "visitor" else signed_in(who)
    status = 401 if who == "visitor" else 403
    for address in ("/people", "/people/1"):
        assert client.get(address).status_code == status
    for address in ("/people", "/people/1", "/people/1/deactivate", "/people/1/activate", "/people/1/link"):
        assert send(client, address, at="/sign-in").status_code == status


def test_a_token_neither_manages_people_nor_makes_tokens(
    app: Flask, installation: Installation, staff: dict[str, str]
) -> None:
    from gisapp.access import tokens

    with installation.database.transaction("owner") as connection:
        token = tokens.issue(connection, "administrator", "x", ["*"], list(tokens.VERBS), 1)
    bearer = {"Authorization": f"Bearer {token}"}
    client = visitor(app)
    for address in ("/people", "/account"):
        assert client.get(address, headers=bearer).status_code == 401
    for address in ("/people", "/people/1", "/account/tokens", "/account/password"):
        assert client.post(address, headers=bearer).status_code == 401


def test_search_finds_by_login_name_and_department_and_takes_wildcards_as_they_are(
    administrator: FlaskClient, somebody: str
) -> None:
    def found(words: str) -> str:
        return administrator.get("/people", query_string={"q": words}).get_data(as_text=True)

    for words in ("試験", somebody[:30].upper(), "試験 roads"):
        assert somebody in found(words)
    for words in ("%", "試験 tax_and_nothing"):
        assert "当てはまる利用者はいません" in found(words)
    assert "People and rights" in administrator.get("/people?lang=en").get_data(as_text=True)


def test_a_department_that_is_gone_is_said_and_its_post_taken_away(
    administrator: FlaskClient, installation: Installation, somebody: str
) -> None:
    address = f"/people/{number_of(installation, somebody)}"
    with installation.database.transaction("owner") as connection:
        connection.execute(sa.text("INSERT INTO gisapp.membership SELECT id, 'merged_away', 'editor' FROM gisapp.person WHERE login = :l"), {"l": somebody})  # fmt: skip
    assert "merged_away" in administrator.get("/people").get_data(as_text=True)
    assert "departments.toml" in administrator.get(address).get_data(as_text=True)
    form = form_of(administrator, address)
    assert form["post-merged_away"] == "lost"
    assert send(administrator, address, form, at=address).headers["Location"].endswith("?nothing")
    send(administrator, address, form | {"post-merged_away": ""}, at=address)
    assert "merged_away" not in form_of(administrator, address).get("post-merged_away", "")
    assert "post-merged_away" not in form_of(administrator, address)
