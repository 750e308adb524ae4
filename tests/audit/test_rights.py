"""Who may do what with the audit's tables: writers only add, readers only read, nobody changes; and what purging leaves."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gisapp import errors, roles
from gisapp.audit.record import shell_user
from gisapp.audit.retention import last_to_purge, purge
from gisapp.audit.rights import KEEPER
from gisapp.cli import main
from gisapp.installation import Installation, sealing_database
from tests.audit.conftest import Book, superuser

ADD = "INSERT INTO gisapp.audit_entry (login, departments, via, address, what, layer, features, details) VALUES ('x', '{}', '', '', 'searched', '', '{}', '{}')"
CHANGES = [
    "UPDATE gisapp.audit_entry SET login = 'x'",
    "DELETE FROM gisapp.audit_entry",
    "TRUNCATE gisapp.audit_entry",
    "UPDATE gisapp.audit_seal SET position = position + 1",
    "DELETE FROM gisapp.audit_seal",
    "TRUNCATE gisapp.audit_seal",
    "INSERT INTO gisapp.audit_checkpoint (position, entry, hash) VALUES (1, 1, '')",
    "ALTER TABLE gisapp.audit_entry DISABLE TRIGGER ALL",
    "DROP TRIGGER stays ON gisapp.audit_entry",
    "ALTER TABLE gisapp.audit_entry ADD COLUMN x int",
    "CREATE RULE quiet AS ON INSERT TO gisapp.audit_entry DO INSTEAD NOTHING",
    "INSERT INTO gisapp.audit_entry (at, login, departments, via, address, what, layer, features, details) VALUES (now(), 'x', '{}', '', '', 'searched', '', '{}', '{}')",
    "INSERT INTO gisapp.audit_entry (txid, login, departments, via, address, what, layer, features, details) VALUES ('1', 'x', '{}', '', '', 'searched', '', '{}', '{}')",
]
READS = ["SELECT * FROM gisapp.audit_entry", "SELECT * FROM gisapp.audit_seal"]
SEAL = "INSERT INTO gisapp.audit_seal (position, entry, hash, horizon) VALUES (1, 1, '', '1')"
PURGE = "SELECT gisapp.audit_purge(1, 1, 'x')"


def refuses(book: Book, role: str, statement: str) -> None:
    database = sealing_database(book.installation) if role == roles.SEALER else book.installation.database
    refused = pytest.raises(
        sa.exc.ProgrammingError, match="permission denied|must be owner|only ever added|can only be updated"
    )
    with refused, database.transaction(role) as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("role", ["app", "sealer", "auditor", "owner", "aud_tax"])
def test_nobody_changes_the_audit(book: Book, role: str) -> None:
    book.write("a")
    book.seal()
    for statement in CHANGES:
        refuses(book, role, statement)


def test_app_adds_and_reads_nothing(book: Book) -> None:
    with book.installation.database.transaction("app") as connection:
        connection.exec_driver_sql(ADD)
    for statement in [*READS, SEAL, PURGE, ADD + " RETURNING id"]:
        refuses(book, "app", statement)


def test_the_auditor_reads_the_audit_and_no_data(book: Book) -> None:
    book.write("a")
    assert len(book.ask("SELECT * FROM gisapp.audit_entry")) == 1
    for statement in [ADD, SEAL, PURGE, "SELECT * FROM base.boundary_for_public", "SELECT login FROM gisapp.person"]:  # fmt: skip
        refuses(book, "auditor", statement)


def test_the_sealer_adds_links_and_no_entries(book: Book) -> None:
    for statement in [
        ADD,
        PURGE,
        "SELECT * FROM base.boundary_for_public",
        "SELECT login FROM gisapp.person",
    ]:
        refuses(book, "sealer", statement)


def test_audiences_have_no_part_in_the_audit(book: Book) -> None:
    for statement in [*READS, ADD, SEAL, PURGE]:
        refuses(book, "aud_tax", statement)


def test_the_web_process_cannot_derive_the_sealers_password(book: Book) -> None:
    with pytest.raises(errors.DatabaseAway), book.installation.database.transaction(roles.SEALER):
        pass


def test_even_the_keeper_and_the_superuser_are_stopped_until_they_turn_the_trigger_off(book: Book) -> None:
    book.write("a")
    book.seal()
    database = book.installation.database
    with superuser(book.installation, database.address.database) as connection:
        for statement in CHANGES[:6]:
            with pytest.raises(Exception, match="only ever added"):
                connection.execute(statement)
        members = "SELECT count(*) FROM pg_auth_members WHERE roleid = %s::regrole"
        row = connection.execute(members, [f'"{database.role(KEEPER)}"']).fetchone()
        assert row == (0,)


def old(book: Book, years: int) -> None:
    """Move what is there into the past, chain and root with it."""
    book.tamper(
        f"UPDATE gisapp.audit_entry SET at = at - interval '{years} years' WHERE at > now() - interval '1 day'"
    )


def test_purging_leaves_a_chain_that_can_be_verified(book: Book) -> None:
    book.write("old1", "old2", "old3")
    old(book, 6)
    book.seal()
    book.tamper("UPDATE gisapp.audit_seal SET sealed_at = sealed_at - interval '6 years'")
    book.write("new1", "new2")
    book.seal()
    with book.installation.database.transaction(roles.AUDITOR) as connection:
        root, _ = last_to_purge(connection, book.files, 5)
    with book.installation.database.transaction("owner") as connection:
        assert purge(connection, root, 5, shell_user()) == 3
    book.seal()
    finding = book.verify()
    assert (finding.broken, finding.purged_up_to, finding.entries) == (None, 3, 3)
    logins = [row[0] for row in book.ask("SELECT login FROM gisapp.audit_entry ORDER BY id")]
    assert logins[:2] == ["new1", "new2"] and logins[2].startswith("shell:")
    book.tamper("UPDATE gisapp.audit_entry SET login = 'x' WHERE login = 'new1'")
    assert book.kind() is not None


def test_what_is_young_or_has_no_root_is_not_purged(book: Book) -> None:
    book.write("a")
    book.seal()
    with (
        pytest.raises(errors.NothingToPurge),
        book.installation.database.transaction(roles.AUDITOR) as connection,
    ):
        last_to_purge(connection, book.files, 5)
    for years in (0, 1):
        refused = pytest.raises(sa.exc.DBAPIError, match="is kept for 1 years")
        with refused, book.installation.database.transaction("owner") as connection:
            connection.exec_driver_sql("SELECT gisapp.audit_purge(1, %s, 'x')", (years,))


def test_a_broken_chain_is_not_purged(book: Book) -> None:
    book.write("a", "b")
    book.seal()
    book.tamper("UPDATE gisapp.audit_entry SET login = 'x' WHERE login = 'a'")
    refused = pytest.raises(errors.NothingToPurge, match="changed")
    with refused, book.installation.database.transaction(roles.AUDITOR) as connection:
        last_to_purge(connection, book.files, 5)


def shell(installation: Installation, book: Book, *words: str):  # type: ignore[no-untyped-def]
    settings = installation.settings
    environment = {
        "GISAPP_HOME": str(settings.home),
        "GISAPP_CITY": settings.city,
        "GISAPP_AUDIT_ROOTS": str(book.files.daily.parent),
    }
    return CliRunner().invoke(main, ["audit", *words], env=environment)


def test_the_shell_says_what_it_found_by_exit_codes(book: Book) -> None:
    book.files = type(book.files)(book.files.daily.with_name("yaizu.txt"), book.files.head.with_name("yaizu.head"))  # fmt: skip
    book.write("a", "=b")
    book.seal()
    whole = shell(book.installation, book, "verify", "--json")
    assert whole.exit_code == 0 and '"ok": true' in whole.output, whole.output
    assert shell(book.installation, book, "root").output.split()[-1] in whole.output
    assert '"login": "=b"' in shell(book.installation, book, "list", "--json").output
    exported = shell(book.installation, book, "export").output
    assert exported.startswith("\ufeff") and ",'=b," in exported
    assert "audit_exported" in shell(book.installation, book, "list").output
    assert shell(book.installation, book, "purge", "--dry-run").exit_code == 1
    book.seal()
    book.tamper("UPDATE gisapp.audit_entry SET at = at - interval '5 minutes' WHERE login LIKE 'shell:%'")
    broken = shell(book.installation, book, "verify")
    assert broken.exit_code == 1 and "改ざんを検出" in broken.output
    book.tamper("TRUNCATE gisapp.audit_entry, gisapp.audit_seal")
    book.files.head.unlink()
    book.write("waits")
    book.tamper("UPDATE gisapp.audit_entry SET at = at - interval '5 minutes'")
    assert shell(book.installation, book, "verify").exit_code == 3
    for command in ("verify", "list", "export", "root", "purge"):
        assert "Examples:" in shell(book.installation, book, command, "--help").output
