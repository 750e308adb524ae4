"""`gisapp tokens …`: tokens of upload scripts."""

from __future__ import annotations

import click
import sqlalchemy as sa

from gisapp import errors
from gisapp.access import tokens as access_tokens
from gisapp.access.models import person, token
from gisapp.access.people import find_person, id_of, within
from gisapp.access.policy import Asker
from gisapp.access.signing import Wanted, details, make, read_zooms
from gisapp.audit.record import Entry, record, shell_user
from gisapp.features.exports.asked import require
from gisapp.installation import open_for_shell
from gisapp.settings import load_settings


@click.group()
def tokens() -> None:
    """スクリプト用トークン。Tokens for scripts.

    \b
    Examples:
      gisapp tokens issue yamada --name nightly --layer roads.street --days 90
      gisapp tokens list
      gisapp tokens revoke 3
      gisapp tokens sign yamada --tiles tax.parcel --zoom 14-18 --hours 720 --server https://map.city.example
    """


@tokens.command()
@click.argument("login")
@click.option("--name", default="script", show_default=True, help="What it is for.")
@click.option(
    "--layer", "layers", multiple=True, required=True, help="roads.street, roads.* or *; may be repeated."
)
@click.option(
    "--verb",
    "verbs",
    multiple=True,
    type=click.Choice(access_tokens.VERBS),
    default=access_tokens.USUAL_VERBS,
    show_default=True,
    help="What it may do; may be repeated.",
)
@click.option(
    "--days", type=click.IntRange(1, 3660), default=90, show_default=True, help="Days until it expires."
)
def issue(login: str, name: str, layers: tuple[str, ...], verbs: tuple[str, ...], days: int) -> None:
    """トークンを発行する（表示は一度だけ）。Make a token and print it, once."""
    installation = open_for_shell(load_settings())
    access_tokens.require_scope(installation.catalogue, list(layers), list(verbs), days)
    with installation.database.transaction("owner") as connection:
        fresh = access_tokens.issue(connection, login, name, list(layers), list(verbs), days)
        said = {
            "person": login.strip().casefold(),
            "name": name,
            "layers": layers,
            "verbs": verbs,
            "days": days,
        }
        record(connection, Entry("token_issued", shell_user(), details=said))
    click.echo(fresh)


@tokens.command()
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """トークンを失効させる。Revoke a token by its number; it takes effect at once."""
    with open_for_shell(load_settings()).database.transaction("owner") as connection:
        if not access_tokens.revoke(connection, number):
            raise errors.TokenInvalid(
                why_ja=f"有効な番号 {number} はありません", why_en=f"no valid token has number {number}"
            )
        record(connection, Entry("token_revoked", shell_user(), details={"token": number}))


@tokens.command("list")
def list_command() -> None:
    """トークンの一覧。List tokens with their last use."""
    installation = open_for_shell(load_settings())
    with installation.database.transaction("owner") as connection:
        for row in connection.execute(sa.select(token, person.c.login).join(person).order_by(token.c.id)):
            state = "revoked" if row.revoked_at else f"until {row.expires_at:%Y-%m-%d}"
            used = f"{row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never used"
            click.echo(
                f"{row.id:>4} {row.login:<16} {row.name:<16} {','.join(row.layers):<24} {state:<18} {used}"
            )
            for layer in access_tokens.lost(installation.catalogue, row.layers):
                click.echo(
                    f"注意：トークン {row.id} の「{layer}」はもうありません / Warning: “{layer}” of token {row.id} is there no more",
                    err=True,
                )


@tokens.command()
@click.argument("login")
@click.option("--tiles", default="", help="Layers of one tile: roads.street or roads.street,base.building.")
@click.option("--export", default="", help="What follows ? of /api/export: 'layer=roads.street&format=csv'.")
@click.option("--zoom", default="", help="Zooms of the tiles, such as 10-16; by default all.")
@click.option("--hours", type=int, default=Wanted.hours, show_default=True, help="Hours until it expires.")
@click.option(
    "--server", default="http://127.0.0.1:8000", show_default=True, help="Where the maps are served."
)
def sign(login: str, tiles: str, export: str, zoom: str, hours: int, server: str) -> None:
    """署名付きアドレスを作る。Make addresses that open one thing for a while, for clients that can send no header."""
    installation = open_for_shell(load_settings())
    wanted = Wanted(tiles, export.removeprefix("?"), *read_zooms(zoom), hours)
    with installation.database.transaction("owner") as connection:
        found = find_person(connection, id_of(connection, login))
        if found is None:
            raise errors.PersonInvalid(
                login=login, why_ja="利用が終わっています", why_en="is no longer in use"
            )
        asker = Asker(within(found, installation.catalogue.departments))
        made = make(installation, asker, wanted)
        if export:
            require(installation, asker, wanted.export)
        said = {"person": found.login, **details(wanted, made)}
        record(connection, *(Entry("address_signed", shell_user(), one, details=said) for one in made.layers))
    for what, path in made.paths.items():
        click.echo(f"{what:<10}{server.rstrip('/')}{path}")


COMMANDS = [tokens]
