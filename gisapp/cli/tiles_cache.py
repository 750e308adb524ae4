"""`gisapp tiles seed|stats|forget|bundle`: the tile cache of this node, and tiles that leave it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import click
from tqdm import tqdm

from gisapp import errors
from gisapp.catalogue.load import Catalogue
from gisapp.installation import open_for_shell, open_for_web
from gisapp.maps.style import tile_sources
from gisapp.settings import load_settings
from gisapp.tiles.cache import codings
from gisapp.tiles.cache.file import Broken
from gisapp.tiles.forget import forget_all, forget_kept, forget_layer
from gisapp.tiles.maker import Maker
from gisapp.tiles.public import Chosen, public_layers
from gisapp.tiles.seed import FORMS, Seeded, jobs, seed
from gisapp.tiles.setup import cache_folder, open_cache
from gisapp.tiles.several import AT_ONCE
from gisapp.tiles.stats import Stats, stats

ALL_ZOOMS = range(31)
KEPT_MEMORY_MB = 1  # a seeding process is asked for each tile once


class Zooms(click.ParamType):
    """A zoom, or the first and the last with a hyphen between."""

    name = "zooms"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> range:
        """`10-14` as a range that includes both."""
        if isinstance(value, range):
            return value
        first, hyphen, last = str(value).partition("-")
        last = last if hyphen else first
        if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last) < ALL_ZOOMS.stop):
            self.fail(f"{value}: ズームは 12 か 10-14 の形です / zooms are written 12 or 10-14", param, ctx)
        return range(int(first), int(last) + 1)


class Kinds(click.ParamType):
    """Codings, separated by commas."""

    name = "codings"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """`gzip,br` as a tuple, each once."""
        if isinstance(value, tuple):
            return value
        kinds = tuple(dict.fromkeys(str(value).split(",")))
        if unknown := [kind for kind in kinds if kind not in FORMS]:
            self.fail(
                f"{','.join(unknown)}: {', '.join(FORMS)} から選びます / choose among {', '.join(FORMS)}",
                param,
                ctx,
            )
        return kinds


LAYERS = click.option("--layer", "named", multiple=True, metavar="ID", help="department.layer; may be repeated, or joined with commas.")  # fmt: skip
ZOOM = click.option("--zoom", type=Zooms(), default=ALL_ZOOMS, show_default="all", metavar="10-14", help="A zoom or a range.")  # fmt: skip
JSON = click.option("--json", "as_json", is_flag=True, help="For scripts.")


@click.command("seed")
@LAYERS
@ZOOM
@click.option("--kinds", type=Kinds(), default=(codings.GZIP,), show_default="gzip", metavar="gzip,zstd,br", help="Codings to keep each tile in.")  # fmt: skip
@JSON
def seed_command(named: tuple[str, ...], zoom: range, kinds: tuple[str, ...], as_json: bool) -> None:
    """公開レイヤーのタイルを先に作っておく。Fill this node's cache with tiles of public layers, where there are data.

    Without --layer: every source that the map pages ask for (each public layer, and the base map's joined tile). What is
    kept already is skipped, so it may be interrupted and run again. Layers joined with commas are one tile, as in addresses.
    Exit code: 0 all is kept, 1 something is not, 130 interrupted.

    \b
    Examples:
      gisapp tiles seed
      gisapp tiles seed --zoom 10-14 --kinds gzip,zstd
      gisapp tiles seed --layer disaster.shelter --layer base.building,roads.street
    """
    settings = load_settings()
    open_for_shell(
        settings
    )  # starts the embedded database; the work itself is done without the owner's rights
    installation = open_for_web(replace(settings, tile_memory_mb=KEPT_MEMORY_MB))
    sources = _sources(installation.catalogue, named)
    maker = Maker(installation.database, open_cache(installation), AT_ONCE)
    seeded, code = Seeded(), 0
    try:
        work = list(jobs(installation.database, sources, zoom[0], zoom[-1]))
        with _bar("seed", as_json) as bar:
            bar.reset(sum(len(job.tiles) for job in work))
            for number in seed(maker, work, kinds, seeded):
                bar.update(number)
    except KeyboardInterrupt:
        code = 130
    except errors.GisappError:
        _say_seeded(seeded, as_json)
        raise
    finally:
        maker.cache.close()
        installation.database.close()
    _say_seeded(seeded, as_json)
    sys.exit(code or (1 if seeded.failed else 0))


def _sources(catalogue: Catalogue, named: tuple[str, ...]) -> list[Chosen]:
    """Layers that are one tile each. Raises errors.LayerNotFound, LayerNotPublic."""
    if named:
        return [public_layers(catalogue, one.split(",")) for one in dict.fromkeys(named)]
    everything = public_layers(catalogue)
    members = tile_sources(layer for layer, _ in everything)
    return [[one for one in everything if one[0] in layers] for layers in members.values()]


def _say_seeded(seeded: Seeded, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(seeded.as_json()))
        return
    click.echo(
        f"作成 {seeded.made:,} 枚、既存 {seeded.kept:,} 枚（うち空 {seeded.empty:,} 枚）、失敗 {seeded.failed:,} 枚、{_size(seeded.bytes)}\n"
        f"{seeded.made:,} made, {seeded.kept:,} kept already ({seeded.empty:,} of both empty), {seeded.failed:,} failed, {_size(seeded.bytes)} written"
    )


@click.command("stats")
@JSON
def stats_command(as_json: bool) -> None:
    """タイルの保存状況。What this node's cache holds, and how far behind the database it is (which is not asked).

    \b
    Examples:
      gisapp tiles stats
      gisapp tiles stats --json
    """
    settings = load_settings()
    try:
        found = stats(cache_folder(settings), settings.tile_cache_mb * 2**20)
    except Broken as broken:
        why = {"why_ja": "ファイルが壊れています", "why_en": "its file is damaged"}
        raise errors.CacheUnreadable(**why) from broken
    if as_json:
        click.echo(json.dumps(None if found is None else found.as_json()))
    elif found is None:
        click.echo("タイルはまだ保存されていません / no tiles are kept yet")
    else:
        _say_stats(found)


def _say_stats(found: Stats) -> None:
    for row in found.rows:
        click.echo(f"z{row.zoom:<3} {row.tiles:>9,}  {_size(row.bytes):>10}  {row.layers}")
    tiles = sum(row.tiles for row in found.rows)
    behind = "—" if found.behind is None else f"{found.behind:.1f} s"
    away = "応答なし / away" if found.away else "応答あり / answers"
    for name, value in {
        "タイル / tiles": f"{tiles:,}",
        "大きさと上限 / size and limit": f"{_size(found.size)} / {_size(found.limit)}",
        "最後に変更を確かめてから / since the last look": behind,
        "変更のあった確認 / looks that found changes": f"{found.changed:,}",
        "世代 / generation": f"{found.generation}",
        "データベース / database": away,
    }.items():
        click.echo(f"{name}: {value}")


@click.command("forget")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Every tile of every layer; what is made ahead is made anew too.",
)
@click.option("--kept", is_flag=True, help="Every tile that is kept; what is made ahead stays as it is.")
@click.option(
    "--layer", "named", multiple=True, metavar="ID", help="All tiles of this layer; may be repeated."
)
def forget_command(everything: bool, kept: bool, named: tuple[str, ...]) -> None:
    """タイルを忘れさせる（全ノード）。Have every node forget tiles; they are made anew when asked for.

    It is never needed after a change of data, whoever made it: for when the data changed in ways that PostgreSQL does not
    tell (a disk restored by hand, triggers switched off). Generalised tables and the search index are made of the data as
    well, so the worker builds them anew, which takes minutes; not where only kept tiles are in doubt (`--kept`).

    \b
    Examples:
      gisapp tiles forget --layer tax.parcel
      gisapp tiles forget --all
      gisapp tiles forget --kept
    """
    if everything + kept + bool(named) != 1:
        raise click.UsageError(
            "--all、--kept、--layer のどれか1つを指定します / say one of --all, --kept and --layer"
        )
    installation = open_for_shell(load_settings())
    layers = [installation.catalogue.layer(id) for id in dict.fromkeys(named)]
    if everything:
        epoch = forget_all(installation.database)
        click.echo(f"すべてのタイルを無効にしました / every tile is forgotten (epoch {epoch})")
    if kept:
        forget_kept(installation.database)
        click.echo("保存されたすべてのタイルを無効にしました / every kept tile is forgotten")
    for layer in layers:
        relations = forget_layer(installation.database, layer)
        click.echo(
            f"{layer.title}（{', '.join(relations)}）のタイルを無効にしました / its tiles are forgotten"
        )
    click.echo(
        "各ノードは次の要求から新しいタイルを作ります / nodes make new ones from their next request on"
    )


@click.command("bundle")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@LAYERS
@ZOOM
@click.option("--lang", type=click.Choice(["ja", "en"]), default="ja", show_default=True, help="Of titles and attribution.")  # fmt: skip
@JSON
def bundle_command(out: Path, named: tuple[str, ...], zoom: range, lang: str, as_json: bool) -> None:
    """公開レイヤーのタイルを1つの PMTiles にまとめる。Write tiles of public layers into one PMTiles file.

    Its tiles hold all chosen layers (none chosen: all that are public) as visitors get them, and show one moment of the
    data. OUT appears when it is whole. Exit code: 0 written, 1 not, 130 interrupted.

    \b
    Examples:
      gisapp tiles bundle city.pmtiles
      gisapp tiles bundle hazard.pmtiles --layer disaster.flood_depth --layer disaster.shelter --zoom 10-16
    """
    from gisapp.tiles.bundle import bundle

    installation = open_for_shell(load_settings())
    chosen = public_layers(installation.catalogue, [id for one in named for id in one.split(",")])
    with _bar(out.name, as_json) as bar:
        try:
            done = bundle(installation, chosen, out, zoom[0], zoom[-1], lang, _told(bar))
        except KeyboardInterrupt:
            sys.exit(130)  # nothing was written
    if as_json:
        click.echo(json.dumps(asdict(done)))
        return
    zooms = f"z{done.zooms[0]}–{done.zooms[1]}"
    click.echo(
        f"{out}: {len(done.layers)} レイヤー、{zooms}、{done.tiles:,} 枚（異なるもの {done.contents:,} 枚）、{_size(done.bytes)}、{done.moment} 現在\n"
        f"{len(done.layers)} layers, {zooms}, {done.tiles:,} tiles ({done.contents:,} different), {_size(done.bytes)}, as of {done.moment}"
    )


def _bar(title: str, quiet: bool) -> tqdm[None]:
    return tqdm(total=0, unit=" tiles", desc=title, disable=quiet or not sys.stderr.isatty())


def _told(bar: tqdm[None]) -> Callable[[int, int], None]:
    def told(more: int, total: int) -> None:
        bar.total = total
        bar.update(more)

    return told


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
