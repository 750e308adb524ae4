"""Accounts from CSV: everybody or nobody, and every mistake with its row and column."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from gisapp.cli import main
from gisapp.installation import Installation

GOOD = (
    "login,name,department,role,duty,until\n"
    "{n}-a,青葉 花子,tax,editor,,\n"
    "{n}-a,,道路課,viewer,,\n"
    "{n}-b,髙橋 ①,,,auditor,\n"
    "{n}-c,測量会社,roads,editor,,令和81年3月31日\n"
)


def run(installation: Installation, *words: str) -> Result:
    environment = {"GISAPP_HOME": str(installation.settings.home), "GISAPP_CITY": "sample"}
    return CliRunner().invoke(main, ["people", "import", *words], env=environment)


def logins(installation: Installation) -> set[str]:
    with installation.database.transaction("owner") as connection:
        return set(connection.scalars(sa.text("SELECT login FROM gisapp.person")))


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932"])
def test_a_good_file_adds_everybody(
    installation: Installation, client: FlaskClient, enter, tmp_path: Path, codec: str
) -> None:  # type: ignore[no-untyped-def]
    roads = installation.catalogue.departments["roads"].title.ja
    file, kept = tmp_path / "accounts.csv", tmp_path / "passwords.csv"
    file.write_bytes(GOOD.format(n=codec).replace("道路課", roads).encode(codec))
    done = run(installation, str(file), "--passwords", str(kept))
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    made = {row["login"]: row["password"] for row in csv.DictReader(kept.open())}
    assert set(made) == {f"{codec}-a", f"{codec}-b", f"{codec}-c"}
    assert enter(client, f"{codec}-a", made[f"{codec}-a"]) == 302
    with installation.database.transaction("owner") as connection:
        rows = connection.execute(
            sa.text("SELECT name, duty, ends_on::text FROM gisapp.person WHERE login LIKE :l ORDER BY login"),
            {"l": f"{codec}-_"},
        ).all()
        posts = connection.scalars(
            sa.text("SELECT department || ':' || role FROM gisapp.membership JOIN gisapp.person ON id = person_id WHERE login = :l"),
            {"l": f"{codec}-a"},
        )  # fmt: skip
        assert set(posts) == {"tax:editor", "roads:viewer"}
    assert [tuple(row) for row in rows] == [
        ("青葉 花子", None, None),
        ("髙橋 ①", "auditor", None),
        ("測量会社", None, "2099-03-31"),
    ]


def test_one_wrong_row_and_nobody_is_added_and_all_mistakes_are_listed(
    installation: Installation, staff: dict[str, str], tmp_path: Path
) -> None:
    file, kept = tmp_path / "accounts.csv", tmp_path / "passwords.csv"
    file.write_text(
        "login,name,department,role,duty,until\n"
        "fine-1,よい,tax,viewer,,\n"
        "fine-2,,no_such,viewer,,\n"
        "fine-3,,tax,boss,,\n"
        "fine-4,,tax,,,\n"
        "fine-5,,,,king,\n"
        "fine-6,,,,,2月30日\n"
        "fine-7,,,,,2001-01-01\n"
        "with space,,,,,\n"
        "tax,,,,,\n"
        "fine-1,ちがう,tax,editor,,\n"
        "fine-8,,tax,viewer,auditor,\n"
        "fine-9,,,,,,extra\n",
        "utf-8",
    )
    before = logins(installation)
    done = run(installation, str(file), "--passwords", str(kept))
    assert done.exit_code == 1
    assert logins(installation) == before and not kept.exists()
    for place in (
        "3 行目 department", "4 行目 role", "5 行目 role", "6 行目 duty", "7 行目 until", "8 行目 until",
        "9 行目 login", "10 行目 login", "11 行目 name", "11 行目 department", "12 行目 duty", "13 行目 -",
    ):  # fmt: skip
        assert place in done.output, (place, done.output)
    assert "row 3, department" in done.output and "12 件" in done.output


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "login"),
        (b"\x00\x01\xff\xfe", "CSV"),
        (b"login,login,colour\na,b,c\n", "colour"),
        ("login\na\n".encode("utf-16-le"), "CSV"),
    ],
    ids=["empty", "no text", "heading", "utf-16"],
)
def test_a_file_that_is_no_such_list_is_refused_with_a_sentence(
    installation: Installation, tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "accounts.csv"
    file.write_bytes(content)
    done = run(installation, str(file))
    assert done.exit_code == 1 and says in done.output


def test_passwords_never_overwrite_a_file(installation: Installation, tmp_path: Path) -> None:
    file, kept = tmp_path / "accounts.csv", tmp_path / "passwords.csv"
    file.write_text("login\nnever-1\n")
    kept.write_text("mine")
    done = run(installation, str(file), "--passwords", str(kept))
    assert done.exit_code != 0
    assert kept.read_text() == "mine" and "never-1" not in logins(installation)


def test_without_a_file_passwords_are_printed_and_with_oidc_none_are_made(
    installation: Installation, client: FlaskClient, enter, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "accounts.csv"
    file.write_text("login\nprinted-1\n")
    done = run(installation, str(file))
    password = next(line for line in done.output.splitlines() if line.startswith("printed-1,")).split(",")[1]
    assert enter(client, "printed-1", password) == 302
    file.write_text("login\nprinted-2\n")
    assert "printed-2," not in run(installation, str(file), "--without-passwords").output
