"""Connections: one budget for all roles, honest errors, and the same program on a server of one's own."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from gisapp import budget, cluster, error_pages, errors, roles
from gisapp.cli.db import prepare
from gisapp.db import Database
from gisapp.installation import Installation, open_for_shell, open_for_web
from gisapp.schema.sync import sync
from gisapp.settings import ROOT, Settings


def like(database: Database, limit: int) -> Database:
    return Database(database.address, database._secret, limit=limit)


def test_many_audiences_cost_no_more_connections_than_the_limit(installation: Installation) -> None:
    few = like(installation.database, 3)
    audiences = [roles.audience(()), *(roles.audience({d}) for d in installation.catalogue.departments)]
    wrong: list[BaseException] = []

    def ask(role: str) -> None:
        try:
            for _ in range(5):
                with few.transaction(role) as connection:
                    assert connection.scalar(sa.text("SELECT current_user")) == few.role(role)
                assert few.connections()[0] <= 3
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=(role,)) for role in audiences * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    few.close()
    assert not wrong and few.connections() == (0, 0)


def test_two_roles_do_not_take_each_others_connections_at_every_statement(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = like(installation.database, 4)
    opened: list[str] = []
    connect = few._connect

    def counting(url: sa.URL, name: str, more: str = "") -> psycopg.Connection:
        opened.append(name)
        return connect(url, name, more)

    monkeypatch.setattr(few, "_connect", counting)

    def ask() -> None:
        for _ in range(30):
            for role in ("app", roles.PUBLIC_AUDIENCE):
                with few.reading(role) as connection:
                    connection.execute(sa.text("SELECT pg_sleep(0.001)"))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    few.close()
    assert len(opened) < 720 / 6  # statements


def test_who_finds_no_free_connection_is_told_to_wait(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "WAIT_SECONDS", 0.2)
    one = like(installation.database, 1)
    with one.transaction("app"), pytest.raises(errors.Busy), one.transaction("app"):
        pass
    one.close()


def test_whoever_asks_after_a_connection_died_does_not_notice(installation: Installation) -> None:
    one = like(installation.database, 1)
    for ask in (one.transaction, one.reading, one.snapshot):
        with one.transaction("app") as connection:
            pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        url = one.url("app").set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        with ask("app") as connection:
            assert connection.scalar(sa.text("SELECT pg_backend_pid()")) != pid
        assert one.connections() == (1, 1)
    one.close()


def test_a_connection_that_dies_in_between_is_said_and_replaced(installation: Installation) -> None:
    one = like(installation.database, 1)
    with pytest.raises(errors.DatabaseAway), one.transaction("app") as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with one.transaction("app") as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    one.close()


def test_the_log_of_a_slow_statement_tells_its_shape_and_no_value(
    installation: Installation, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    one = Database(installation.database.address, installation.database._secret, statement_timeout_ms=100)
    asked = {"name": "山田花子"}
    with pytest.raises(errors.TooSlow) as slow, one.transaction("app") as connection:
        connection.exec_driver_sql("SELECT pg_sleep(5), %(name)s::text", asked)
    with client.application.test_request_context("/api/summary"):
        assert error_pages.answer(slow.value).status_code >= 500
    assert "SELECT pg_sleep(5), %(name)s::text" in caplog.text and "Traceback" in caplog.text
    assert "山田" not in caplog.text
    one.close()


def test_a_slow_statement_is_stopped_by_the_time_limit(installation: Installation) -> None:
    one = Database(installation.database.address, installation.database._secret, statement_timeout_ms=100)
    with pytest.raises(errors.TooSlow), one.transaction("app") as connection:
        connection.scalar(sa.text("SELECT pg_sleep(5)"))
    one.close()


def test_the_web_process_does_not_hold_the_owner(installation: Installation) -> None:
    web = open_for_web(installation.settings)
    with pytest.raises(PermissionError):
        web.database.url("owner")


def test_the_same_program_uses_a_server_of_ones_own(installation: Installation, tmp_path: Path) -> None:
    """GISAPP_DATABASE_URL: here another database of the same server, as its owner sees it."""
    place = installation.database.address
    root = cluster.locate(installation.settings)
    with psycopg.connect(
        host=place.host, user=cluster.SUPERUSER, password=root.password, dbname="postgres", autocommit=True
    ) as admin:
        admin.execute("CREATE ROLE city_owner LOGIN CREATEROLE PASSWORD 'a-password-of-its-own'")
        admin.execute("CREATE DATABASE city OWNER city_owner")
    with psycopg.connect(
        host=place.host, user=cluster.SUPERUSER, password=root.password, dbname="city", autocommit=True
    ) as admin:
        for extension in ("postgis", "btree_gist", "pg_trgm"):
            admin.execute(f"CREATE EXTENSION {extension}")  # type: ignore[arg-type]
    url = f"postgresql://city_owner:a-password-of-its-own@/city?host={place.host}"
    settings = Settings(home=tmp_path, database_url=url)
    outside = open_for_shell(settings)
    assert not outside.embedded and not (tmp_path / "cluster").exists()
    prepare(outside)
    sync(outside)
    with open_for_web(settings).database.transaction(roles.PUBLIC_AUDIENCE) as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM base.boundary_for_public")) == 0
    outside.database.close()


def test_status_says_where_and_whether_ready(installation: Installation) -> None:
    words = [sys.executable, "-m", "gisapp.cli", "db", "status", "--json"]
    done = subprocess.run(
        words,
        cwd=ROOT,
        env={"GISAPP_HOME": str(installation.settings.home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert '"ready": true' in done.stdout and '"kind": "embedded"' in done.stdout
