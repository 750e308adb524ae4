"""`gisapp db …`: the database's state, address, shell and migrations."""

from __future__ import annotations

import json
import os
import sys

import click
import psycopg

from gisapp import cluster
from gisapp.geo.grids import FORMS, PATCHJGD, TKY2JGD, find_grids
from gisapp.installation import Installation, address_file, open_for_shell, sealing_database
from gisapp.roles import SEALER
from gisapp.schema.newest import newest_migration
from gisapp.schema.prepare import create_database, current_migration, migrate
from gisapp.settings import grids_folder, load_settings


@click.group()
def db() -> None:
    """データベースの状態・接続先・移行。The database.

    \b
    Examples:
      gisapp db status
      gisapp db psql -- -c "SELECT count(*) FROM roads.street"
      gisapp db grids
    """


def prepare(installation: Installation) -> list[str]:
    """Create and migrate the city's database where needed; keep its address for the web process."""
    settings, city, database = installation.settings, installation.city, installation.database
    if installation.embedded:
        owner, password = database.url("owner").username, database.url("owner").password
        assert owner and password
        create_database(cluster.locate(settings), city.database, owner, password)
    ran = migrate(database, sealing_database(installation).password(SEALER), embedded=installation.embedded)
    database.address.save(address_file(settings))
    return ran


@db.command("migrate")
def migrate_command() -> None:
    """データベースを作成し、最新の形にする。Create the database and bring it up to date."""
    ran = prepare(open_for_shell(load_settings()))
    click.echo(f"migrated: {', '.join(ran)}" if ran else "already up to date")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def status(as_json: bool) -> None:
    """状態を表示する。Show where the database is and whether it is ready (exit code 1 when not)."""
    installation = open_for_shell(load_settings())
    address = installation.database.address
    state = {
        "city": installation.city.key,
        "kind": "embedded" if installation.embedded else "external",
        "host": address.host,
        "database": address.database,
        "newest_migration": newest_migration(),
        **_look(installation),
    }
    state["ready"] = state["migration"] == state["newest_migration"]
    if as_json:
        click.echo(json.dumps(state, ensure_ascii=False))
    else:
        for name, value in state.items():
            click.echo(f"{name:>17}: {value}")
    sys.exit(0 if state["ready"] else 1)


def _look(installation: Installation) -> dict[str, object]:
    url = (
        installation.database.url("owner").set(drivername="postgresql").render_as_string(hide_password=False)
    )
    try:
        with psycopg.connect(url, connect_timeout=5) as raw:
            postgres = raw.execute("SHOW server_version").fetchone()
            postgis = raw.execute("SELECT extversion FROM pg_extension WHERE extname = 'postgis'").fetchone()
    except psycopg.OperationalError:
        return {"postgresql": None, "postgis": None, "migration": None}
    with installation.database.transaction("owner") as connection:
        migration = current_migration(connection)
    return {
        "postgresql": postgres[0] if postgres else None,
        "postgis": postgis[0] if postgis else None,
        "migration": migration,
    }


@db.command("grids")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def grids_command(as_json: bool) -> None:
    """測地系変換の格子（TKY2JGD など）の有無と置き場所。The national datum grids: which are there, where to put them."""
    settings = load_settings()
    folder = grids_folder(settings)
    found = find_grids([folder])
    there = {TKY2JGD: found.tky2jgd, PATCHJGD: found.patchjgd}
    if as_json:
        files = {name: str(grid.path) if grid else None for name, grid in there.items()}
        click.echo(json.dumps({"folder": str(folder), "grids": files}, ensure_ascii=False))
        return
    for name, grid in there.items():
        state = f"あり / there: {grid.path}" if grid else "なし / not there"
        click.echo(f"{name} ({GRID_WORDS[name]}): {state}")
    click.echo(
        f"置き場所 / put them into: {folder}（{'・'.join(FORMS)}）\n"
        "国土地理院の TKY2JGD・PatchJGD を PROJ の形式にしたものを、この名前で置きます。"
        " / TKY2JGD and PatchJGD of the Geospatial Information Authority in a form that PROJ reads, under these names."
    )


GRID_WORDS = {TKY2JGD: "Tokyo Datum → JGD2000", PATCHJGD: "JGD2000 → JGD2011"}


@db.command()
def url() -> None:
    """接続先（所有者のパスワードを含む）を表示する。Print the owner's URL, password included."""
    database = open_for_shell(load_settings()).database
    click.echo(database.url("owner").set(drivername="postgresql").render_as_string(hide_password=False))


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """所有者として psql を開く。Open psql as the owner; what follows `--` goes to psql."""
    database = open_for_shell(load_settings()).database
    owner = database.url("owner")
    environment = {**os.environ, "PGPASSWORD": owner.password or ""}
    words = [
        "psql",
        "-h",
        database.address.host,
        "-p",
        str(database.address.port),
        "-U",
        owner.username or "",
    ]
    os.execvpe("psql", [*words, "-d", database.address.database, *arguments], environment)


@db.command()
def stop() -> None:
    """内蔵データベースを停止する。Stop the embedded cluster."""
    cluster.stop(cluster.locate(load_settings()))


COMMANDS = [db]
