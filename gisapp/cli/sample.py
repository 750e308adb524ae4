"""`gisapp sample`: put the made-up city into the database. `gisapp demo`: everything from nothing to a map in a browser."""

from __future__ import annotations

import sys
import time

import click
from sqlalchemy import text
from tqdm import tqdm

from gisapp import errors
from gisapp.cli.db import prepare
from gisapp.cli.people import add_person, fresh_password
from gisapp.cli.tiles import generalise
from gisapp.cli.up import foreground, run
from gisapp.installation import Installation, open_for_shell
from gisapp.intake.copy import loading
from gisapp.sample import generate
from gisapp.schema.sync import sync
from gisapp.settings import load_settings

SEED = 7


@click.command()
@click.option(
    "--parcels",
    type=click.IntRange(1000, 5_000_000),
    default=50_000,
    show_default=True,
    help="Size of the city.",
)
@click.option("--seed", type=int, default=SEED, show_default=True, help="The same seed makes the same city.")
@click.option("--json", "as_json", is_flag=True, help="Figures for scripts.")
def sample(parcels: int, seed: int, as_json: bool) -> None:
    """架空の都市のデータを作って入れる。Generate and load the made-up city, replacing what its layers hold.

    \b
    Examples:
      gisapp sample --parcels 2000
      gisapp sample --parcels 500000 --json
    """
    installation = open_for_shell(load_settings())
    if not installation.city.sample:
        raise errors.NotASampleCity(city=installation.city.name_ja)
    prepare(installation)
    sync(installation)
    began = time.monotonic()
    rows = load_sample(installation, parcels, seed, progress=sys.stderr.isatty())
    seconds = time.monotonic() - began
    click.echo(
        f'{{"rows": {rows}, "seconds": {seconds:.2f}}}' if as_json else f"{rows:,} rows in {seconds:.1f} s"
    )


def load_sample(
    installation: Installation, parcels: int, seed: int = SEED, *, progress: bool = False, marker: str = ""
) -> int:
    """Generate the city and load it in one transaction, then draw its low zooms; returns the number of rows.

    `marker` ends every owner's name.
    """
    srid = installation.city.srid
    bar = tqdm(
        total=len(installation.catalogue.layers), unit=" layers", disable=not progress, desc="青葉野市"
    )
    with (
        installation.database.transaction("owner") as connection,
        loading(connection, installation, "sample") as load,
    ):
        for rows in generate(parcels, seed, srid, marker=marker):
            load.add(rows.layer, rows.geometry, rows.columns)
            bar.set_postfix_str(rows.layer)
            bar.update(len(load.layers) - bar.n)
    bar.close()
    generalise(installation, progress=progress)
    return load.rows


@click.command(hidden=True)
@click.option("--parcels", type=int, default=50_000)
def demo(parcels: int) -> None:
    """What `make demo` runs: prepare, load the sample city where there is none yet, accounts, server."""
    settings = load_settings()
    with foreground(settings):
        installation = open_for_shell(settings)
        city = f"{installation.city.name_ja} / {installation.city.name_en}"
        click.echo(f"{city}: データベースを準備しています / preparing the database")
        prepare(installation)
        sync(installation)
        if not _has_data(installation):
            _fill(installation, parcels)
        accounts = _make_accounts(installation)
        _announce(installation, accounts)
        run(installation)


def _has_data(installation: Installation) -> bool:
    with installation.database.transaction("owner") as connection:
        return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM base.boundary)")))


def _fill(installation: Installation, parcels: int) -> None:
    if installation.city.sample:
        rows = load_sample(installation, parcels, progress=sys.stderr.isatty())
        click.echo(f"架空の都市を作りました / made-up city loaded: {rows:,} rows")
    else:
        click.echo(
            "この都市のデータはまだありません。次のように読み込んでください。\n"
            "There are no data of this city yet. Load them, for example:\n"
            "  .venv/bin/gisapp load boundary.geojson --layer base.boundary"
        )


def _make_accounts(installation: Installation) -> dict[str, str]:
    """One account per department on the first start: login → password, to be shown once."""
    with installation.database.transaction("owner") as connection:
        if connection.scalar(text("SELECT EXISTS (SELECT FROM gisapp.person)")):
            return {}
    accounts = {department: fresh_password() for department in installation.catalogue.departments}
    for login, password in accounts.items():
        about = installation.catalogue.departments[login]
        add_person(installation, login, (about.office or about.title).ja, password, {login: "editor"})
    return accounts


def _announce(installation: Installation, accounts: dict[str, str]) -> None:
    settings = installation.settings
    base = f"http://{settings.bind}:{settings.port}"
    click.echo(f"\n  {base}/              地図の一覧 / which maps there are")
    click.echo(f"  {base}/maps/hazard   ハザードマップ / hazard map")
    for department, about in installation.catalogue.departments.items():
        click.echo(f"  {base}/maps/{department:<14} {about.title.ja} / {about.title.en}")
    if not accounts:
        click.echo(
            "\n  アカウントは作成済みです。忘れたときは / accounts exist; to reset one: .venv/bin/gisapp people password LOGIN"
        )
        return
    click.echo(
        "\n  各部署のアカウント（パスワードは今だけ表示します）/ one account per department (passwords are shown only now)"
    )
    for login, password in accounts.items():
        click.echo(f"    {login:<14} {password}")


COMMANDS = [sample, demo]
