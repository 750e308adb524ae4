"""`gisapp layers …`: which layers there are, whether their folders are right, and making the database fit them."""

from __future__ import annotations

import json
import sys

import click

from gisapp.catalogue.check import check
from gisapp.catalogue.load import load_catalogue
from gisapp.catalogue.new import draft_layer
from gisapp.installation import open_for_shell
from gisapp.schema.sync import sync
from gisapp.settings import ROOT, load_city, load_settings


@click.group()
def layers() -> None:
    """レイヤーの一覧・点検・反映。The layers.

    \b
    Examples:
      gisapp layers check
      gisapp layers sync --dry-run
      gisapp layers new roads guard_rail --geometry LineString
    """


@layers.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_command(as_json: bool) -> None:
    """レイヤーの一覧。List the layers."""
    catalogue = load_catalogue(load_city(load_settings().city))
    rows = [
        {
            "id": one.id,
            "title": one.title.ja,
            "title_en": one.title.en,
            "geometry": one.geometry,
            "see": sorted(one.see),
        }
        for one in catalogue.layers.values()
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['id']:<32} {row['geometry']:<16} {','.join(row['see']):<10} {row['title']}")


@layers.command("check")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def check_command(as_json: bool) -> None:
    """フォルダの誤りをすべて挙げる。Report every mistake in every folder (exit code 1 when there is one)."""
    problems = list(check(ROOT, load_city(load_settings().city)))
    if as_json:
        listed = [
            {"file": str(p.file), "key": p.key, "ja": p.sentence.ja, "en": p.sentence.en} for p in problems
        ]
        click.echo(json.dumps(listed, ensure_ascii=False))
    else:
        for problem in problems:
            click.echo(f"{problem.file}: {problem.key}: {problem.sentence.ja}\n    {problem.sentence.en}")
        click.echo(f"{len(problems)} 件の誤り / {len(problems)} mistakes")
    sys.exit(1 if problems else 0)


@layers.command("sync")
@click.option("--dry-run", is_flag=True, help="Say what would be done and do nothing.")
@click.option(
    "--allow-drop",
    is_flag=True,
    help="Also drop columns and tables that have no place in the folders any more.",
)
def sync_command(dry_run: bool, allow_drop: bool) -> None:
    """データベースをフォルダに合わせる。Make the database fit the folders."""
    done = sync(open_for_shell(load_settings()), dry_run=dry_run, allow_drop=allow_drop)
    for line in done:
        click.echo(("would " if dry_run else "") + line)
    click.echo(
        f"{len(done)} 件{'（予定）' if dry_run else ''} / {len(done)} changes"
        if done
        else "変更なし / nothing to change"
    )


@layers.command("new")
@click.argument("department")
@click.argument("name")
@click.option("--geometry", default="Point", show_default=True, help="Point, LineString, Polygon or Multi…")
def new_command(department: str, name: str, geometry: str) -> None:
    """新しいレイヤーのフォルダを作る。Make the folder of a new layer, to be edited and synced."""
    folder = draft_layer(department, name, geometry, ROOT)
    click.echo(
        f"{folder.relative_to(ROOT)}: layer.toml, style.json\n→ edit them, then: gisapp layers check && gisapp layers sync"
    )


COMMANDS = [layers]
