"""Secrets of layers in what the shell says and writes: every command is a channel that is run here, or shows no layer data.

Whoever may run `gisapp` over an installation holds its secrets and is its owner (docs/security.md). Commands whose output
is made to be handed on (bundles, tables, lists) hold no restricted value all the same.
"""

from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from pmtiles.reader import MmapSource, Reader, all_tiles

from gisapp.access import tokens
from gisapp.cli import main
from gisapp.installation import Installation
from tests.conftest import visitor
from tests.house_rules.test_secrecy import in_words

Run = Callable[..., str]
Secrets = dict[tuple[str, str], bytes]

SHOW_NO_LAYER_DATA = {
    *("up", "down", "demo", "sample", "db grids", "db migrate", "db status", "db stop", "db url"),
    *("layers check", "layers list", "layers new", "layers sync"),
    *(f"people {one}" for one in ("activate", "add", "deactivate", "duty", "first-administrator", "grant")),
    *(f"people {one}" for one in ("import", "list", "password", "revoke", "until")),
    *(
        "tokens issue",
        "tokens list",
        "tokens revoke",
        "tokens sign",
        "tiles forget",
        "tiles generalise",
        "tiles stats",
    ),
    *("audit purge", "audit root", "audit verify", "search import", "search rebuild", "revisions undo"),
}
THE_SERVERS = {"upload"}
"""Shows what the server answers to its token: channels of test_secrecy."""
TO_HAND_ON = {
    *("search for", "geocode", "load", "tiles bundle", "tiles seed"),
    *("audit list", "audit export", "revisions list"),
}
OWNERS = {"db psql", "revisions show"}


def commands(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command of the shell, in words."""
    if not isinstance(group, click.Group):
        yield " ".join(path)
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        yield from commands(command, (*path, name))


def test_every_command_is_known_to_this_test() -> None:
    named = [*SHOW_NO_LAYER_DATA, *THE_SERVERS, *TO_HAND_ON, *OWNERS]
    assert len(named) == len(set(named))
    assert set(commands(main)) == set(named), (
        "say whether the command shows layer data, and run it here if so"
    )


@pytest.fixture
def run(installation: Installation) -> Run:
    """What a command says, on either stream; it may find nothing (1) or be unsure (3), but not fail."""
    environment = {"GISAPP_HOME": str(installation.settings.home), "GISAPP_CITY": "sample"}

    def go(*words: str, codes: tuple[int, ...] = (0,)) -> str:
        done = CliRunner().invoke(main, words, env=environment)
        assert done.exit_code in codes, done.output
        return done.output

    return go


@pytest.fixture
def edited(app: Flask, installation: Installation, staff: dict[str, str], secrets: Secrets) -> int:
    """A revision that put another owner into a parcel: the secret that was there before is in the layer's history."""
    with installation.database.transaction("owner") as connection:
        token = tokens.issue(connection, "tax", "secrecy", ["*"], list(tokens.VERBS), 1)
        feature = connection.exec_driver_sql("SELECT max(id) FROM tax.parcel").scalar_one()
    answer = visitor(app).patch(
        f"/ogc/collections/tax.parcel/items/{feature}",
        json={"properties": {"owner_name": "青葉野 花子"}},
        content_type="application/merge-patch+json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    with installation.database.transaction("owner") as connection:
        return int(connection.exec_driver_sql("SELECT max(id) FROM gisapp.revision").scalar_one())


def assert_none(said: bytes, secrets: Secrets, where: str) -> None:
    told = [key for key, secret in secrets.items() if secret in said]
    assert not told, f"{where} tells {told}"


def test_what_is_handed_on_holds_no_restricted_value(
    run: Run, edited: int, secrets: Secrets, tmp_path: Path
) -> None:
    for words in ("本町2丁目101-1", "秘ZQ", "9182730", "青葉野 花子"):
        assert_none(run("search", "for", words, "--json", codes=(0, 1, 3)).encode(), secrets, "search for")
    said = run("audit", "list", "--limit", "500", "--json")
    assert "tax.parcel" in said, "the edit is on record"
    assert_none(said.encode(), secrets, "audit list")
    run("audit", "export", "-o", str(tmp_path / "audit.csv"))
    assert_none((tmp_path / "audit.csv").read_bytes(), secrets, "audit export")
    said = run("revisions", "list", "--json")
    assert "tax.parcel" in said
    assert_none(said.encode(), secrets, "revisions list")


def test_a_table_with_places_holds_no_restricted_value(run: Run, secrets: Secrets, tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [["住所"], ["架空県青葉野市本町二丁目1番1号"], ["秘ZQ"], ["本町2丁目101-1"]]
        )
    said = run("geocode", str(table), "--guess")
    written = [path.read_bytes() for path in tmp_path.iterdir() if path != table]
    assert len(written) == 2
    assert_none(b"".join([said.encode(), *written]), secrets, "geocode")


def test_a_report_of_a_load_tells_nothing_of_the_rows_that_are_there(
    run: Run, secrets: Secrets, tmp_path: Path
) -> None:
    file, report = tmp_path / "parcels.csv", tmp_path / "report.json"
    file.write_text("parcel_id,owner_name,wkt\nX-1,山田,POINT (1 1)\n", encoding="utf-8")
    said = run(
        "load", str(file), "--layer", "tax.parcel", "--dry-run", "--report", str(report), codes=(0, 1, 3)
    )
    assert_none(said.encode() + report.read_bytes(), secrets, "load")


def test_tiles_for_others_are_of_public_columns(run: Run, secrets: Secrets, tmp_path: Path) -> None:
    for command in (("bundle", str(tmp_path / "no.pmtiles")), ("seed",)):
        said = run("tiles", *command, "--layer", "tax.parcel", codes=(1,))
        assert_none(said.encode(), secrets, "tiles")
    assert not (tmp_path / "no.pmtiles").exists()
    out = tmp_path / "city.pmtiles"
    said = run("tiles", "bundle", str(out), "--zoom", "16-16", "--json")
    with out.open("rb") as file:
        source = MmapSource(file)
        reader = Reader(source)
        bodies = [gzip.decompress(body) for _, body in all_tiles(reader.get_bytes)]
        told = f"{said}{reader.metadata()}".encode()
    assert len(bodies) > 10
    assert_none(told + b"".join(body + in_words(body) for body in bodies), secrets, "tiles bundle")


def test_the_owner_sees_what_is_there(
    run: Run, edited: int, secrets: Secrets, installation: Installation
) -> None:
    secret = secrets["tax.parcel", "owner_name"].decode()
    assert secret in run("revisions", "show", str(edited), "--json")
    ask = [*"-m gisapp.cli db psql --".split(), "-Atc", "SELECT owner_name FROM tax.parcel LIMIT 1"]
    environment = os.environ | {"GISAPP_HOME": str(installation.settings.home), "GISAPP_CITY": "sample"}
    done = subprocess.run([sys.executable, *ask], capture_output=True, text=True, env=environment, check=True)
    assert secret in done.stdout
