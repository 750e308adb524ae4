"""`gisapp load`: a file into a layer, on the machine of the database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from tqdm import tqdm

from gisapp import errors
from gisapp.audit.record import shell_user
from gisapp.catalogue.layer import Layer
from gisapp.heavy import leave_out_pandas
from gisapp.installation import Installation, open_for_shell
from gisapp.intake.child.reader import start_early
from gisapp.intake.load import Order, load_file
from gisapp.intake.new_layer import check_draft, write_draft
from gisapp.intake.options import DIMENSIONS, MODES, PLACES, Options, parse_options
from gisapp.intake.progress import Progress
from gisapp.intake.report import Report
from gisapp.settings import ROOT, load_settings
from gisapp.text.shown import json_shown, shown

ASKED = 3


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--layer",
    default="",
    help="Id of the layer, such as roads.street (see `gisapp layers list`). Without it the file is only "
    "diagnosed: which layer it fits, or the draft of a new one.",
)
@click.option(
    "--new", default="", metavar="DEPARTMENT.NAME", help="Make a new layer of the file and load it there."
)
@click.option(
    "--mode", type=click.Choice(MODES), default="replace", show_default=True, help="What becomes of its rows."
)
@click.option(
    "--crs",
    default="",
    help="EPSG code of the file's coordinates, where it does not say it right; +yx: north or latitude stands first, "
    "+mm: millimetres, +9m: from the Tokyo Datum by three parameters (±9 m).",
)
@click.option("--encoding", default="", help="Encoding of its text, such as cp932.")
@click.option("--part", default="", help="Which data set of a zip, or which layer of a GeoPackage.")
@click.option("--only", type=click.Choice(DIMENSIONS), help="Which shapes of a file that mixes kinds.")
@click.option(
    "--places",
    type=click.Choice(PLACES),
    help="Table of addresses: match level that places a row (3 town … 6 house, 7 lot); rows below it are left out.",
)
@click.option(
    "--set", "constants", multiple=True, metavar="FIELD=VALUE", help="A value for every row; may be repeated."
)
@click.option("--dry-run", is_flag=True, help="Check everything and change nothing.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report as JSON.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON instead of text.")
def load(
    file: Path,
    layer: str,
    new: str,
    mode: str,
    crs: str,
    encoding: str,
    part: str,
    only: str | None,
    places: str | None,
    constants: tuple[str, ...],
    dry_run: bool,
    report_file: Path | None,
    as_json: bool,
) -> None:
    """ファイルを診断し、レイヤーに読み込む。Diagnose a file and load it into a layer.

    Exit code 0: loaded (or can be), 1: refused, 3: a question has to be answered by an option; nothing changed then.

    \b
    Examples:
      gisapp load 何かの図面.zip
      gisapp load 防犯カメラ.csv --new disaster.camera
      gisapp load streets.zip --layer roads.street
      gisapp load 中学校区.shp --layer facilities.school_district --mode append --set kind=2
      gisapp load list.csv --layer disaster.shelter --dry-run --report out.json
    """
    leave_out_pandas()
    start_early()  # the reader's process, while the installation is opened
    options = parse_options(mode, crs, encoding, part, constants, only or "", places or "")
    installation = open_for_shell(load_settings())
    by = shell_user()
    if new:
        drafted = _drafted(installation, file, options, as_json, report_file)
        assert drafted.layer is not None
        if dry_run:
            folder = check_draft(drafted.layer, new, installation.city)
            click.echo(f"→ {folder.relative_to(ROOT)}（作りません） / it would be made", err=True)
            say(drafted, as_json, report_file)
            return
        installation, layer = _make_layer(installation, drafted.layer, new), new
    target = installation.catalogue.layer(layer) if layer else None
    order = Order(file, file.name, target, options, by.login, dry_run, by)
    try:
        with _progress_bar(file.name) as progress:
            report = load_file(installation, order, progress=progress)
    except errors.FileRefused as refusal:
        report = refusal.values["outcome"]  # type: ignore[assignment]
    say(report, as_json, report_file)
    sys.exit(0 if report.ok else ASKED if report.outcome == "ask" else 1)


def _drafted(
    installation: Installation, file: Path, options: Options, as_json: bool, report_file: Path | None
) -> Report:
    """The report of a file that is only diagnosed, with the draft of a layer. Ends the command where the file cannot be taken."""
    try:
        return load_file(installation, Order(file, file.name, None, options, shell_user().login, True))
    except errors.FileRefused as refusal:
        report: Report = refusal.values["outcome"]  # type: ignore[assignment]
        say(report, as_json, report_file)
        sys.exit(ASKED if report.outcome == "ask" else 1)


def _make_layer(installation: Installation, layer: Layer, new: str) -> Installation:
    """Write the folder of a new layer and make its table; returns what is open then.

    Raises errors.CatalogueInvalid for a name that cannot be.
    """
    from gisapp.schema.sync import sync  # Alembic and GeoAlchemy2: needed for a new layer only

    folder = write_draft(layer, new, installation.city)
    click.echo(f"→ {folder.relative_to(ROOT)}: layer.toml, style.json（直せます / to be edited）", err=True)
    opened = open_for_shell(installation.settings)
    sync(opened)
    return opened


def say(report: Report, as_json: bool, report_file: Path | None) -> None:
    """Print the report: to standard error where it is a refusal, so that scripts see it beside the exit code."""
    if report_file is not None:
        report_file.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    if as_json:
        click.echo(json_shown(report.as_json()))
        return
    click.echo(shown("\n".join(report.lines())), err=not report.ok)


@contextmanager
def _progress_bar(name: str) -> Iterator[Progress]:
    """A progress bar on a terminal, nothing elsewhere."""
    with tqdm(desc=name, unit=" rows", disable=not sys.stderr.isatty(), leave=False) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        def publishing(share: float) -> None:
            bar.set_description(f"{name}: 公開中 / publishing {share:.0%}")

        yield Progress(show, publishing)


COMMANDS = [load]
