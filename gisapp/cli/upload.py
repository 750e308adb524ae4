"""`gisapp upload`: a file to a server, with a token. For people and nightly jobs on other machines."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from gisapp.cli.watch import ASKED, AWAY, WATCHED, Watch, only_watcher
from gisapp.client import Client, ClientError, FileAsked, FileRefused, NotReached, Progress
from gisapp.text.shown import json_shown, shown

MODES = ("replace", "append", "upsert")


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--layer", required=True, help="Id of the layer, such as roads.street.")
@click.option(
    "--to", "url", required=True, metavar="URL", help="Address of the server, such as http://127.0.0.1:8000."
)
@click.option("--token", default="", help="Token; better in the environment variable GISAPP_TOKEN.")
@click.option(
    "--mode", type=click.Choice(MODES), default="replace", show_default=True, help="What becomes of its rows."
)
@click.option(
    "--crs", default="", help="EPSG code of the file's coordinates, where it does not say it right."
)
@click.option("--encoding", default="", help="Encoding of its text, such as cp932.")
@click.option("--part", default="", help="Which data set of a zip, or which layer of a GeoPackage.")
@click.option(
    "--only",
    default="",
    type=click.Choice(["", "point", "line", "polygon"]),
    help="Which shapes of a file that mixes kinds.",
)
@click.option(
    "--places",
    default="",
    type=click.Choice(["", "3", "4", "5", "6", "7"]),
    help="Table of addresses: match level that places a row; rows below it are left out.",
)
@click.option(
    "--set", "constants", multiple=True, metavar="FIELD=VALUE", help="A value for every row; may be repeated."
)
@click.option(
    "--publish/--check-only", default=True, show_default=True, help="Publish it when no error is found."
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON instead of text.")
@click.option(
    "--patience",
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait while the server is away.",
)
@click.option(
    "--watch",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Send whatever is put into a folder; files go to its done/ or failed/, with a JSON report beside.",
)
@click.option("--once", is_flag=True, help="With --watch: take what is there and end (for a nightly job).")
@click.option(
    "--every", default=5.0, show_default=True, metavar="SECONDS", help="With --watch: between two looks."
)
@click.option(
    "--settle",
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="With --watch: a file is taken when unchanged for so long.",
)
def upload(
    file: Path | None,
    layer: str,
    url: str,
    token: str,
    constants: tuple[str, ...],
    as_json: bool,
    patience: float,
    watch: Path | None,
    once: bool,
    every: float,
    settle: float,
    **words: Any,
) -> None:
    """ファイルをサーバーに送る。Send a file, or with --watch the files of a folder, to a server.

    Exit codes: 0 loaded; 1 refused or failed; 3 a question has to be answered by an option (as with `gisapp load`);
    4 the server does not answer; 5 another process watches the folder. But for 0, nothing was changed by that file.

    \b
    Examples:
      GISAPP_TOKEN=gisapp_… gisapp upload streets.zip --layer roads.street --to http://127.0.0.1:8000
      gisapp upload shelters.csv --layer disaster.shelter --to https://map.example.lg.jp --mode upsert --json
      gisapp upload --watch /srv/handed-in --once --layer roads.street --to http://127.0.0.1:8000
    """
    if (file is None) == (watch is None):
        raise click.UsageError("ファイルか --watch のどちらかを指定してください / give a file, or --watch")
    token = token or os.environ.get("GISAPP_TOKEN", "")
    if not token:
        raise click.UsageError(
            "--token か環境変数 GISAPP_TOKEN が必要です / give --token or set GISAPP_TOKEN"
        )
    words["constants"] = _constants(constants)
    client = Client(url, token, patience)
    if file is not None:
        _send(client, layer, file, words, as_json)
    elif watch is not None:
        _watch(Watch(client, watch, layer, words, settle, bar=_progress_bar), None if once else every)


def _watch(watching: Watch, every: float | None) -> None:
    """Watch a folder; `every` None: once. Ends with the exit code that says how it went."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with only_watcher(watching.folder) as alone, contextlib.suppress(KeyboardInterrupt):
        if not alone:
            click.echo("別のプロセスが見ています / another process watches it", err=True)
            sys.exit(WATCHED)
        sys.exit(watching.once() if every is None else watching.always(every))


def _send(client: Client, layer: str, file: Path, words: dict[str, Any], as_json: bool) -> None:
    """Send the file, print its report and end with the exit code that says how it went."""
    try:
        with _progress_bar(file.name) as progress:
            report = client.upload(layer, file, progress=progress, **words)
    except FileAsked as question:
        _say(question.report, as_json)
        sys.exit(ASKED)
    except FileRefused as refusal:
        _say(refusal.report, as_json)
        sys.exit(1)
    except ClientError as error:
        click.echo(
            json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False)
            if as_json
            else shown(str(error)),
            err=not as_json,
        )
        sys.exit(AWAY if isinstance(error, NotReached) else 1)
    _say(report, as_json)


def _constants(written: tuple[str, ...]) -> dict[str, str]:
    """Field → value of what was written as FIELD=VALUE. Raises click.UsageError."""
    said = {name: value for name, equals, value in (text.partition("=") for text in written) if equals}
    if len(said) != len(written):
        raise click.UsageError("--set は「項目=値」です / --set takes field=value")
    return said


def _say(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json_shown(report))
        return
    ok = bool(report.get("ok"))
    lines = [
        f"{report.get('file')} → {report.get('layer_title', '')} ({report.get('layer')}): {report.get('state')}"
    ]
    for problem in report.get("problems", []):
        count = f"（{problem['count']:,} rows）" if problem.get("count") else ""
        lines.append(f"  {problem['level']} [{problem['code']}] {problem['ja']}{count}\n    {problem['en']}")
    for choice in report.get("choices", []):
        option = choice["option"]
        lines.append(f"  --{option} {choice[option]}: {choice['why_ja']} / {choice['why_en']}")
    rows, difference = report.get("rows"), report.get("difference")
    if ok and rows:
        lines.append(
            f"  読込 / read {rows['read']:,} · 登録 / loaded {rows['loaded']:,} · 除外 / dropped {rows['dropped']:,}"
        )
    if ok and difference:
        lines.append("  " + " · ".join(f"{name} {number:,}" for name, number in difference.items()))
    click.echo(shown("\n".join(lines)), err=not ok)


@contextlib.contextmanager
def _progress_bar(name: str) -> Iterator[Progress]:
    """A progress bar on a terminal: first for sending, then for each state on the server."""
    with tqdm(total=100, unit="%", disable=not sys.stderr.isatty(), leave=False) as bar:

        def show(what: str, done: float) -> None:
            bar.set_description(f"{name}: {what}")
            bar.update(100 * done - bar.n)

        yield show


COMMANDS = [upload]
