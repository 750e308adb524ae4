"""Rights that ended, through a real server: each refusal says what happened, what to do and whom to ask."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from gisapp.access import people, tokens
from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.settings import ROOT
from tests.access.conftest import AT_MOST, within
from tests.conftest import PASSWORD, serving

Token = Callable[..., str]
PARCELS = "/ogc/collections/tax.parcel"
OWNERS = f"{PARCELS}/items?limit=1"
STREETS = "/api/layers/roads.street/uploads"


@pytest.fixture
def token(installation: Installation, staff: dict[str, str]) -> Token:
    """A token of the tax department; `change`: SQL that is set in its row afterwards."""

    def make(layers: str = "*", verbs: tuple[str, ...] = ("read",), days: int = 1, change: str = "") -> str:
        with installation.database.transaction("owner") as connection:
            made = tokens.issue(connection, "tax", "through", [layers], list(verbs), days)
            if change:
                connection.exec_driver_sql(
                    f"UPDATE gisapp.token SET {change} WHERE id = (SELECT max(id) FROM gisapp.token)"
                )
        return made

    return make


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("why", "how"),
    [
        ("期限", {"days": -1}),
        ("失効", {"change": "revoked_at = now()"}),
        ("時計", {"change": "last_used_at = now() + interval '1 hour'"}),
    ],
)
def test_a_token_that_ended_says_why_and_what_to_do(
    server: str, token: Token, why: str, how: dict[str, object]
) -> None:
    answer = requests.get(server + PARCELS, headers=bearer(token(**how)), timeout=30)
    said = answer.json()
    assert answer.status_code == 401 and why in said["title"], said
    assert "gisapp tokens issue" in said["detail"] and "gisapp tokens issue" in said["detail_en"]


def test_a_token_of_another_scope_is_refused_with_whom_to_ask(server: str, token: Token) -> None:
    hidden = requests.get(server + PARCELS, headers=bearer(token("roads.*")), timeout=30)
    assert hidden.status_code == 404
    refused = requests.post(server + STREETS, headers=bearer(token()), timeout=30)
    said = refused.json()
    assert (
        refused.status_code == 403
        and "所管課" in said["detail"]
        and "apply to the layer's department" in said["detail_en"]
    ), said


def test_a_token_of_a_department_that_was_merged_opens_nothing_of_it(server: str, token: Token) -> None:
    gone = token(change="layers = '{merged_away.*}'")
    assert requests.get(server + PARCELS, headers=bearer(gone), timeout=30).status_code == 404
    listed = requests.get(f"{server}/ogc/collections", headers=bearer(gone), timeout=30)
    assert listed.status_code == 200 and "tax.parcel" not in listed.text


def entered(server: str, installation: Installation, login: str, department: str) -> requests.Session:
    """The session of somebody new who signed in."""
    add_person(installation, login, "異動する職員", PASSWORD, {department: "viewer"})
    session = requests.Session()
    form = session.get(f"{server}/sign-in").text.split('name="csrf_token" value="')[1].split('"')[0]
    words = {"login": login, "password": PASSWORD, "csrf_token": form}
    assert session.post(f"{server}/sign-in", data=words, allow_redirects=False).status_code == 302
    return session


def test_a_role_that_changes_in_a_session_holds_within_five_seconds(
    server: str, installation: Installation
) -> None:
    session = entered(server, installation, "mid_session", "tax")
    assert session.get(server + PARCELS).status_code == 200
    with installation.database.transaction("owner") as connection:
        people.revoke(connection, "mid_session", "tax")
    began = time.monotonic()
    answers = {200}
    while time.monotonic() - began < 5 and 200 in answers:  # every web process has to know
        answers = {
            session.get(server + PARCELS, headers={"Connection": "close"}).status_code for _ in range(8)
        }
        time.sleep(0.1)
    assert answers == {404}, "five seconds later the old role still holds"


def test_a_department_renamed_or_merged_in_a_session(installation: Installation, tmp_path: Path) -> None:
    for one in ROOT.iterdir():
        if one.name != "layers":
            (tmp_path / one.name).symlink_to(one)
    shutil.copytree(ROOT / "layers", tmp_path / "layers")
    listed = tmp_path / "layers" / "departments.toml"
    before = listed.read_text("utf-8")

    def write(text: str) -> None:
        listed.with_suffix(".new").write_text(text, "utf-8")
        os.replace(listed.with_suffix(".new"), listed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GISAPP_ROOT", str(tmp_path))
        with serving(replace(installation, settings=replace(installation.settings, workers=1))) as server:
            tax, roads = (entered(server, installation, f"merged_{one}", one) for one in ("tax", "roads"))

            def says(path: str, so: Callable[[requests.Response], bool]) -> bool:
                """Whether the answer to the tax department is so, within five seconds."""
                return within(AT_MOST, lambda: so(tax.get(server + path)))

            assert tax.get(server + PARCELS).status_code == 200
            assert "固定資産税" in tax.get(f"{server}/account").text
            write(before.replace("固定資産税", "資産税課"))
            assert says("/account", lambda page: "資産税課" in page.text)
            assert "資産税課" in tax.get(f"{server}/maps/tax").text
            assert tax.get(server + PARCELS).status_code == 200, "the rights hold on"
            assert "owner_name" in tax.get(server + OWNERS).text
            assert "owner_name" not in roads.get(server + OWNERS).text, "nobody gains any"
            write("[base]\ntitle = {")
            assert tax.get(server + PARCELS).status_code == 200, "half a file changes nothing"

            write(before.replace("[tax]", "[finance]"))
            assert says(PARCELS, lambda answer: answer.status_code == 404)
            said = tax.get(f"{server}/account").text
            assert "「tax」は改称または統合され" in said and "システム管理者" in said
            assert "Ask a system administrator" in tax.get(f"{server}/account?lang=en").text
            assert "owner_name" not in roads.get(server + OWNERS).text
            write(before)
            assert says(PARCELS, lambda answer: answer.status_code == 200)
