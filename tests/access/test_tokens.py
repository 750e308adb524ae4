"""Tokens of scripts: scoped, expiring, revocable, kept as hashes; a bad one is never a visitor."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from gisapp.access import tokens
from gisapp.cli import main
from gisapp.installation import Installation
from tests.statements import statements


def issue(
    installation: Installation,
    login: str,
    layers: list[str],
    verbs: tuple[str, ...] = tokens.VERBS,
    days: int = 1,
) -> str:
    with installation.database.transaction("owner") as connection:
        return tokens.issue(connection, login, "test", layers, list(verbs), days)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def collections(client: FlaskClient, token: str) -> set[str]:
    answer = client.get("/ogc/collections?f=json", headers=bearer(token))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {one["id"] for one in answer.get_json()["collections"]}


def test_a_token_reads_what_its_scope_and_its_owner_allow(
    client: FlaskClient, installation: Installation, staff: dict[str, str]
) -> None:
    assert "tax.parcel" in collections(client, issue(installation, "tax", ["tax.*"]))
    assert "tax.parcel" not in collections(client, issue(installation, "tax", ["roads.street"]))
    assert "tax.parcel" not in collections(client, issue(installation, "tax", ["tax.parcel"], ("upload",)))


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic dGF4OnRheA==", "nonsense"])
def test_a_header_that_is_no_token_is_refused_not_taken_for_a_visitor(
    client: FlaskClient, header: str
) -> None:
    answer = client.get("/ogc/collections", headers={"Authorization": header})
    assert answer.status_code == 401
    assert "gisapp tokens issue" in answer.get_json()["detail"]


def test_an_expired_and_a_revoked_token_say_so(
    client: FlaskClient, installation: Installation, staff: dict[str, str]
) -> None:
    old, ended = issue(installation, "tax", ["*"], days=-1), issue(installation, "tax", ["*"])
    with installation.database.transaction("owner") as connection:
        number = connection.exec_driver_sql("SELECT max(id) FROM gisapp.token").scalar()
        assert tokens.revoke(connection, int(number or 0))
        assert not tokens.revoke(connection, int(number or 0))
    assert "期限" in client.get("/ogc/collections", headers=bearer(old)).get_json()["title"]
    assert "失効" in client.get("/ogc/collections", headers=bearer(ended)).get_json()["title"]


def test_a_tokens_requests_do_not_ask_anew_each_time_who_it_is(
    client: FlaskClient, installation: Installation, staff: dict[str, str]
) -> None:
    fresh = issue(installation, "roads", ["roads.*"])
    with statements() as first:
        collections(client, fresh)
    with statements() as second:
        collections(client, fresh)
    assert sum("gisapp.token" in one for one in first) == 2  # found, and its use noted
    assert not [one for one in second if "gisapp.token" in one or "gisapp.person" in one]


def test_only_the_hash_of_a_token_is_kept_and_its_use_is_seen(
    client: FlaskClient, installation: Installation, staff: dict[str, str]
) -> None:
    fresh = issue(installation, "roads", ["roads.*"])
    collections(client, fresh)
    with installation.database.transaction("owner") as connection:
        row = connection.exec_driver_sql(
            "SELECT t::text AS said, last_used_at FROM gisapp.token t ORDER BY id DESC LIMIT 1"
        ).one()
    assert fresh not in row.said and row.last_used_at is not None


def test_a_token_of_another_department_may_not_upload(
    client: FlaskClient, installation: Installation, staff: dict[str, str]
) -> None:
    answer = client.post(
        "/api/layers/roads.street/uploads", headers=bearer(issue(installation, "tax", ["*"]))
    )
    assert answer.status_code == 403
    hidden = client.post(
        "/api/layers/tax.parcel/uploads", headers=bearer(issue(installation, "roads", ["roads.street"]))
    )
    assert hidden.status_code in (403, 404)
    nobody = client.post("/api/layers/roads.street/uploads", headers={"Authorization": "Bearer gisapp_x"})
    assert nobody.status_code == 401


def test_a_token_edits_single_features_only_where_that_was_asked_for(
    installation: Installation, staff: dict[str, str]
) -> None:
    environment = {"GISAPP_HOME": str(installation.settings.home), "GISAPP_CITY": installation.settings.city}
    for words, edits in (([], False), (["--verb", "edit"], True)):
        done = CliRunner().invoke(
            main, ["tokens", "issue", "roads", "--layer", "roads.*", *words], env=environment
        )
        assert done.exit_code == 0, done.output
        with installation.database.transaction("owner") as connection:
            (verbs,) = connection.exec_driver_sql(
                "SELECT verbs FROM gisapp.token ORDER BY id DESC LIMIT 1"
            ).one()
        assert ("edit" in verbs) is edits
