"""`gisapp revisions`: which changes of layers there were, what they changed, and going back."""

from __future__ import annotations

import json
from typing import Any

import click

from gisapp import errors
from gisapp.audit.record import shell_user
from gisapp.catalogue.layer import Layer
from gisapp.installation import Installation, open_for_shell
from gisapp.revisions.queries import Revision, RowChange, find_revision, list_revisions, rows_of
from gisapp.revisions.undo import Undone, undo_revision, undo_to
from gisapp.settings import load_settings
from gisapp.text.reading import JAPAN

WORDS = {"added": "追加 / added", "changed": "変更 / changed", "removed": "削除 / removed"}


@click.group()
def revisions() -> None:
    """レイヤーの更新の記録と取り消し。Changes of layers, and undoing them.

    \b
    Examples:
      gisapp revisions list --layer roads.street
      gisapp revisions undo 41
      gisapp revisions undo --layer roads.street --to 38
    """


@revisions.command("list")
@click.option("--layer", default="", help="Only those of one layer.")
@click.option("--most", default=20, show_default=True, help="How many, the newest first.")
@click.option("--json", "as_json", is_flag=True, help="As JSON instead of text.")
def list_(layer: str, most: int, as_json: bool) -> None:
    """更新の一覧。The newest revisions."""
    installation = open_for_shell(load_settings())
    if layer:
        installation.catalogue.layer(layer)
    with installation.database.transaction("owner") as connection:
        found = list_revisions(_raw(connection), layer, most)
    if as_json:
        click.echo(json.dumps([one.as_json() for one in found], ensure_ascii=False))
        return
    for one in found:
        click.echo(_line(one))


@revisions.command()
@click.argument("revision", type=int)
@click.option("--most", default=20, show_default=True, help="How many rows.")
@click.option("--json", "as_json", is_flag=True, help="As JSON instead of text.")
def show(revision: int, most: int, as_json: bool) -> None:
    """更新の内容（変更前と変更後）。What a revision changed: before and after."""
    installation = open_for_shell(load_settings())
    with installation.database.transaction("owner") as connection:
        raw = _raw(connection)
        found = find_revision(raw, revision)
        layer = installation.catalogue.layer(found.layer)
        rows = rows_of(raw, layer, revision, [field.name for field in layer.fields], most)
    if as_json:
        said = [
            {"what": row.what, "id": row.id, "before": row.before, "after": row.after, "moved": row.moved}
            for row in rows
        ]
        click.echo(json.dumps({**found.as_json(), "rows": said}, ensure_ascii=False, default=str))
        return
    click.echo(_line(found))
    for row in rows:
        click.echo("\n".join(_row_lines(row, layer)))


@revisions.command()
@click.argument("revision", type=int, required=False)
@click.option(
    "--layer", default="", help="Undo the layer's newest revision, or with --to all after that one."
)
@click.option(
    "--to",
    type=int,
    default=None,
    help="Go back to how the layer was after this revision (0: before the first).",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON instead of text.")
def undo(revision: int | None, layer: str, to: int | None, as_json: bool) -> None:
    """更新を取り消す（取り消しも1つの更新として残る）。Undo a revision; that is a revision too.

    \b
    Exit code 1: later revisions changed the same rows (they are named), or nothing is kept; nothing was changed.
    """
    if (revision is not None) == bool(layer) and to is None or (revision is not None and to is not None):
        raise click.UsageError(
            "リビジョン番号か --layer か --to のどれかです / give a revision, or --layer, or --layer and --to"
        )
    installation = open_for_shell(load_settings())
    with installation.database.transaction("owner") as connection:
        if revision is None and to is not None:
            if not layer:
                layer = find_revision(_raw(connection), to).layer
            done = undo_to(connection, installation.catalogue.layer(layer), to, shell_user())
        else:
            number = revision if revision is not None else _newest(_raw(connection), installation, layer)
            done = undo_revision(connection, installation.catalogue, number, shell_user())
    click.echo(json.dumps(_as_json(done), ensure_ascii=False) if as_json else _said(done))


def _newest(raw: Any, installation: Installation, layer: str) -> int:
    found = list_revisions(raw, installation.catalogue.layer(layer).id, 1)
    if not found:
        raise errors.NothingToUndo(layer=layer)
    return found[0].id


def _raw(connection: Any) -> Any:
    return connection.connection.dbapi_connection


def _line(one: Revision) -> str:
    what = one.what
    counts = " · ".join(f"{word} {what[name]:,}" for name, word in WORDS.items() if name in what)
    said = what.get("file") or (
        f"取り消し / undo {', '.join(map(str, what['undid']))}" if "undid" in what else ""
    )
    kept = "" if one.kept else "  （取り消せません / cannot be undone）"
    return f"{one.id:>6}  {one.at.astimezone(JAPAN):%Y-%m-%d %H:%M}  {one.layer}  {one.who}  {said}  {counts}{kept}"


def _row_lines(row: RowChange, layer: Layer) -> list[str]:
    values = row.after or row.before or {}
    lines = [f"  {WORDS[row.what]}  #{row.id}  {layer.label_of(values)}"]
    for name in row.fields():
        before, after = (row.before or {})[name], (row.after or {})[name]
        lines.append(f"      {layer.field(name).title.ja}: {_shown(before)} → {_shown(after)}")
    if row.moved:
        lines.append("      形状 / shape")
    return lines


def _shown(value: object) -> str:
    return "–" if value is None else str(value)


def _said(done: Undone) -> str:
    counts = " · ".join(f"{word} {done.difference[name]:,}" for name, word in WORDS.items())
    undid = ", ".join(map(str, done.undid))
    return f"{done.layer}: {undid} を取り消しました / undone: {undid}\n  {counts}\n→ リビジョン / revision {done.revision}"


def _as_json(done: Undone) -> dict[str, Any]:
    return {
        "layer": done.layer,
        "revision": done.revision,
        "undid": list(done.undid),
        "difference": done.difference,
    }


COMMANDS = [revisions]
