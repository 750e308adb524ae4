"""What pages may ask for and the worker refuses: forged, stale, in another's name; and what role `app` may not do itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from gisapp import errors
from gisapp.access import one_time, people, tokens, wishes
from gisapp.access.models import right_change
from gisapp.access.passwords import hash_password
from gisapp.access.wishes import Wish
from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.schema.perform import perform_waiting, perform_wish
from tests.conftest import PASSWORD
from tests.intake.conftest import forget_jobs

FORBIDDEN = [
    "INSERT INTO gisapp.membership SELECT id, 'tax', 'editor' FROM gisapp.person LIMIT 1",
    "UPDATE gisapp.membership SET role = 'layer_owner'",
    "DELETE FROM gisapp.membership",
    "INSERT INTO gisapp.person (login, name) VALUES ('x', 'x')",
    "UPDATE gisapp.person SET duty = 'administrator'",
    "UPDATE gisapp.person SET password_hash = 'x'",
    "UPDATE gisapp.person SET active = true",
    "UPDATE gisapp.person SET ends_on = NULL",
    "UPDATE gisapp.person SET session_number = 0",
    "INSERT INTO gisapp.token (person_id, name, hash, layers, verbs, expires_at) VALUES (1, '', '', '{*}', '{read}', now())",
    "UPDATE gisapp.token SET revoked_at = NULL",
    "UPDATE gisapp.token SET layers = '{*}'",
    "INSERT INTO gisapp.one_time_link (hash, purpose, expires_at) VALUES ('x', 'first_administrator', now())",
    "UPDATE gisapp.one_time_link SET used_at = NULL",
    "UPDATE gisapp.right_change SET state = 'asked'",
    "DELETE FROM gisapp.right_change",
    "TRUNCATE gisapp.right_change",
    "SELECT secret FROM gisapp.right_change",
    "SELECT signature FROM gisapp.right_change",
    "INSERT INTO gisapp.right_change (id, kind, detail, signature, state) VALUES (gen_random_uuid(), 'change', '{}', '', 'done')",
]


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_the_web_process_may_not_do_it_itself(installation: Installation, sql: str) -> None:
    with (
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        installation.database.transaction("app") as connection,
    ):
        connection.exec_driver_sql(sql)


@pytest.fixture
def ids(
    installation: Installation, staff: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[dict[str, int]]:
    """Ids of the administrator, of an editor, and of somebody new; jobs of these tests are nobody's afterwards."""
    new = f"new-{uuid.uuid4().hex[:12]}"
    add_person(installation, new, "", PASSWORD, {})
    with installation.database.transaction("owner") as connection:
        rows = connection.execute(sa.text("SELECT login, id FROM gisapp.person WHERE login IN ('administrator', 'tax', 'auditor', :new)"), {"new": new})  # fmt: skip
        found = {row.login.replace(new, "new"): row.id for row in rows}
    yield found
    forget_jobs(installation)


def outcome(installation: Installation, wish: Wish) -> tuple[str, str]:
    """What the worker makes of a wish that a page recorded."""
    wishes.ask(installation, wish)
    perform_wish(installation, wish.id)
    change = wishes.find_change(installation, wish.id)
    return change.state, change.why_en or ""


def posts(installation: Installation, person_id: int) -> dict[str, str]:
    with installation.database.transaction("app") as connection:
        found = people.find_person(connection, person_id)
    return found.roles if found else {}


TAX = {"posts": {"tax": "editor"}}


def test_an_administrators_wish_is_performed_once(installation: Installation, ids: dict[str, int]) -> None:
    wish = Wish("change", ids["administrator"], ids["new"], TAX)
    assert outcome(installation, wish) == ("done", "")
    assert posts(installation, ids["new"]) == {"tax": "editor"}
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql("DELETE FROM gisapp.membership WHERE person_id = %s", (ids["new"],))
    perform_wish(installation, wish.id)
    assert posts(installation, ids["new"]) == {}
    with pytest.raises(sa.exc.IntegrityError):
        wishes.ask(installation, wish)


@pytest.mark.parametrize("asker", ["tax", "auditor", "new", None])
def test_only_an_administrator_gives_rights(
    installation: Installation, ids: dict[str, int], asker: str | None
) -> None:
    for kind, detail in (
        ("change", TAX),
        ("change", {"active": True}),
        ("add", {"login": "y", "name": "y"}),
        ("reset", {}),
    ):
        state, why = outcome(
            installation, Wish(kind, asker and ids[asker], ids["new"], detail, {"link_hash": "00"})
        )
        assert (state, "administrator" in why) == ("refused", True)
    assert posts(installation, ids["new"]) == {}


def test_nobody_gives_rights_to_themselves(installation: Installation, ids: dict[str, int]) -> None:
    state, why = outcome(installation, Wish("change", ids["administrator"], ids["administrator"], TAX))
    assert state == "refused" and "their own rights" in why
    assert posts(installation, ids["administrator"]) == {}
    assert recorded(installation)[:2] == ("administrator", "change")


def recorded(installation: Installation) -> tuple[str, str, str]:
    """Who asked for what, and why it was refused, by the newest such entry of the audit."""
    with installation.database.transaction("owner") as connection:
        row = connection.exec_driver_sql(
            "SELECT login, details FROM gisapp.audit_entry WHERE what = 'wish_refused' ORDER BY id DESC LIMIT 1"
        ).one()
    return row.login, row.details["asked"], row.details["why"]


def test_who_is_no_administrator_any_more_when_the_worker_comes_to_it_gives_nothing(
    installation: Installation, ids: dict[str, int]
) -> None:
    wish = Wish("change", ids["new"], ids["tax"], {"posts": {"roads": "editor"}})
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql(
            "UPDATE gisapp.person SET duty = 'administrator' WHERE id = %s", (ids["new"],)
        )
    wishes.ask(installation, wish)
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql("UPDATE gisapp.person SET active = false WHERE id = %s", (ids["new"],))
    perform_wish(installation, wish.id)
    assert wishes.find_change(installation, wish.id).state == "refused"


@pytest.mark.parametrize(
    "forge",
    [
        lambda wish: {"signature": "0" * 64},
        lambda wish: {"asker_id": 1},
        lambda wish: {"detail": {"posts": {"tax": "layer_owner"}}},
        lambda wish: {"secret": {"link_hash": "00"}},
        lambda wish: {"id": uuid.uuid4()},
    ],
    ids=["signature", "asker", "detail", "secret", "copied"],
)
def test_a_row_that_no_page_of_ours_wrote_counts_for_nothing(
    installation: Installation, ids: dict[str, int], forge: Callable[[Wish], dict[str, Any]]
) -> None:
    wish = Wish("change", ids["administrator"], ids["new"], TAX)
    row = {
        "id": wish.id, "kind": wish.kind, "asker_id": wish.asker_id, "person_id": wish.person_id, "detail": wish.detail,
        "secret": wish.secret, "signature": wishes.signature(installation, wish),
    } | forge(wish)  # fmt: skip
    with installation.database.transaction("app") as connection:
        connection.execute(sa.insert(right_change).values(row))
    perform_wish(installation, row["id"])
    change = wishes.find_change(installation, row["id"])
    assert change.state == "refused" and "no page of ours" in (change.why_en or "")
    assert posts(installation, ids["new"]) == {}
    assert (
        recorded(installation)[1] == "change"
        and "画面から出された依頼ではありません" in recorded(installation)[2]
    )


@pytest.mark.parametrize("kind", ["own_password", "issue_token", "revoke_token"])
def test_what_people_do_for_themselves_nobody_does_for_another(
    installation: Installation, ids: dict[str, int], kind: str
) -> None:
    detail = {"name": "x", "layers": ["*"], "verbs": ["read"], "days": 1, "token": 1}
    secret = {"password_hash": hash_password("x", PASSWORD), "token_hash": "00"}
    state, why = outcome(installation, Wish(kind, ids["administrator"], ids["new"], detail, secret))
    assert state == "refused" and "themselves" in why


@pytest.mark.parametrize(
    "stored", ["", "plain text password", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo", None]
)
def test_only_a_hash_that_costs_enough_becomes_a_password(
    installation: Installation, ids: dict[str, int], stored: str | None
) -> None:
    wish = Wish(
        "own_password", ids["new"], ids["new"], {}, {"password_hash": stored} if stored is not None else {}
    )  # type: ignore[dict-item]
    assert outcome(installation, wish)[0] == "refused"


def test_a_link_is_used_with_its_code_and_not_with_its_hash(
    installation: Installation, ids: dict[str, int]
) -> None:
    code = one_time.make_code(installation.settings, installation.city)
    stored = one_time.hash_of(code)
    reset = Wish("reset", ids["administrator"], ids["new"], {}, {"link_hash": stored.hex()})
    assert outcome(installation, reset)[0] == "done"
    fresh = {"password_hash": hash_password("x", "another password")}
    by_hash = Wish("use_link", None, ids["new"], {}, fresh | {"code": stored.hex()})
    assert outcome(installation, by_hash)[0] == "refused"
    used = Wish("use_link", None, ids["new"], {}, fresh | {"code": code})
    assert outcome(installation, used) == ("done", "")
    assert "used already" in outcome(installation, replace(used, id=uuid.uuid4()))[1]


def test_a_wish_whose_job_was_lost_is_performed_when_the_worker_starts_unless_it_is_old(
    installation: Installation, ids: dict[str, int]
) -> None:
    lost, old = (
        Wish("change", ids["administrator"], ids["new"], {"posts": {d: "viewer"}}) for d in ("roads", "tax")
    )
    for wish in (lost, old):
        wishes.ask(installation, wish)
    forget_jobs(installation)
    with installation.database.transaction("owner") as connection:
        connection.execute(sa.text("UPDATE gisapp.right_change SET at = now() - interval '25 hours' WHERE id = :id"), {"id": old.id})  # fmt: skip
    perform_waiting(installation)
    assert posts(installation, ids["new"]) == {"roads": "viewer"}
    assert "24 hours" in (wishes.find_change(installation, old.id).why_en or "")


def test_a_token_is_refused_while_the_clock_stands_before_its_last_use(
    installation: Installation, ids: dict[str, int]
) -> None:
    with installation.database.transaction("owner") as connection:
        token = tokens.issue(connection, "tax", "clock", ["*"], ["read"], 1)
        assert tokens.find_token(connection, tokens.hash_of(token)).person_id == ids["tax"]
        connection.exec_driver_sql(
            "UPDATE gisapp.token SET last_used_at = now() + interval '1 hour' WHERE name = 'clock'"
        )
        with pytest.raises(errors.TokenInvalid, match="clock"):
            tokens.find_token(connection, tokens.hash_of(token))
