"""`gisapp search`: ask where something is, build the index anew, import lists of towns."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click
from tqdm import tqdm

from gisapp.audit.record import Entry, record, shell_user
from gisapp.catalogue.search import searchable
from gisapp.changes.derived import Raw
from gisapp.installation import Installation, open_for_shell
from gisapp.search.answer import Answer
from gisapp.search.find import find
from gisapp.search.follow import bring_up_to_date
from gisapp.search.towns import LAYER, import_towns, join, read_towns
from gisapp.settings import load_settings


class _Words(click.Group):
    """Whatever is no command is what to look for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:
            args = ["for", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Words)
def search() -> None:
    """場所を探す。Where is it.

    \b
    Examples:
      gisapp search 本町一丁目1-1
      gisapp search for rebuild                   look for the word “rebuild”
      gisapp search rebuild --layer base.address_point
      gisapp search import abr_town_132233.csv towns.json
    """


@search.command("for")
@click.argument("query", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def find_command(query: tuple[str, ...], as_json: bool) -> None:
    """言葉で探す（`for` は省ける）。Look for words; `for` may be left out. Exit code 1: not found, 3: not certain."""
    installation = open_for_shell(load_settings())
    with installation.database.transaction("owner") as connection:
        answer = find(
            connection, searchable(installation.catalogue), installation.city, " ".join(query)[:200], None
        )
    click.echo(json.dumps(_as_json(answer), ensure_ascii=False) if as_json else "\n".join(_lines(answer)))
    sys.exit({"found": 0, "unsure": 3}.get(answer.status, 1))


def _as_json(answer: Answer) -> dict[str, object]:
    matches = [
        {**{name: getattr(m, name) for name in ("kind", "label", "lon", "lat", "level", "matched", "left")}}
        for m in answer.matches
    ]
    return {"status": answer.status, "reason": answer.reason.ja, "matches": matches}


def _lines(answer: Answer) -> list[str]:
    lines = [answer.reason.ja] if answer.reason.ja else []
    for match in answer.matches:
        level = "" if match.level is None else f"  level {match.level}"
        left = f"  残り：{match.left}" if match.left else ""
        lines.append(f"{match.label}  {match.lat:.6f}, {match.lon:.6f}{level}{left}")
    return lines


@search.command("rebuild")
@click.option("--layer", "only", multiple=True, help="Only this layer (department.layer); may be repeated.")
def rebuild_command(only: tuple[str, ...]) -> None:
    """検索用の索引を作り直す。Build the search index anew; people go on searching in the old one until it is there.

    The worker keeps it up to date by itself; this builds it from the ground, for example after a restore.
    """
    installation = open_for_shell(load_settings())
    began = time.monotonic()
    made = rebuild(installation, only, progress=sys.stderr.isatty())
    click.echo(f"{made:,} 件の見出しを作りました / entries made, in {time.monotonic() - began:.1f} s")


def rebuild(installation: Installation, only: tuple[str, ...] = (), *, progress: bool = False) -> int:
    """Build the search tables of these layers (none named: of all) from the ground; returns the number of entries.

    Raises errors.LayerNotFound.
    """
    named = [installation.catalogue.layer(one) for one in only]
    layers = [one for one in named if one.search] if only else searchable(installation.catalogue)
    made = 0
    with tqdm(total=0, unit=" rows", disable=not progress) as bar:

        def told(read: int, more: int) -> None:
            bar.total += more
            bar.update(read)

        for layer in layers:
            bar.set_description(layer.title.ja)
            made += bring_up_to_date(installation, layer, told, everything=True)
    return made


@search.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def import_command(files: tuple[Path, ...]) -> None:
    """町字の一覧を住所レイヤーに入れる。Put lists of towns into the address layer, joined by name.

    Takes the registry's town master (names, readings, ids), town lists with coordinates, and position reference
    information; towns that no list gives a place are named.
    """
    installation = open_for_shell(load_settings())
    layer = installation.catalogue.layer(LAYER)
    towns = join(read_towns(file, installation.city) for file in files)
    who = shell_user()
    with installation.database.transaction("owner") as connection:
        raw: Raw = connection.connection.dbapi_connection  # type: ignore[assignment]
        count, without = import_towns(
            raw, layer, installation.city, towns, who.login, [file.name for file in files]
        )
        details = {"files": [file.name for file in files], "rows": count}
        record(connection, Entry("published", who, LAYER, details=details))
    bring_up_to_date(installation, layer)
    click.echo(f"{count:,} の町字を入れました / towns")
    if without:
        names = "、".join(town.name + town.koaza for town in without)
        click.echo(f"位置のない町字 / without a place: {names}", err=True)


COMMANDS = [search]
