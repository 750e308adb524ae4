"""`gisapp tiles …`: what is made ahead for the tiles."""

from __future__ import annotations

import sys
import time

import click
from tqdm import tqdm

from gisapp.installation import Installation, open_for_shell
from gisapp.settings import load_settings


@click.group()
def tiles() -> None:
    """タイル。Vector tiles.

    \b
    Examples:
      gisapp tiles generalise
      gisapp tiles generalise --layer tax.parcel
    """


@tiles.command("generalise")
@click.option("--layer", "only", multiple=True, help="Only this layer (department.layer); may be repeated.")
def generalise_command(only: tuple[str, ...]) -> None:
    """低いズームの図を作り直す。Build the tables from which low zooms are drawn, all of them anew.

    The worker keeps them up to date by itself; this builds them from the ground, for example after a restore.
    """
    installation = open_for_shell(load_settings())
    began = time.monotonic()
    changed = generalise(installation, only, progress=sys.stderr.isatty())
    click.echo(f"{changed:,} 枚のタイルが変わりました / tiles changed, in {time.monotonic() - began:.1f} s")


def generalise(installation: Installation, only: tuple[str, ...] = (), *, progress: bool = False) -> int:
    """Build the generalised tables of these layers (none named: of all) from the ground; returns the number of tiles changed.

    Raises errors.LayerNotFound.
    """
    from gisapp.generalise.crew import Crew
    from gisapp.generalise.follow import bring_up_to_date, generalised_layers

    named = [installation.catalogue.layer(one) for one in only]
    layers = (
        [layer for layer in named if layer.generalised]
        if only
        else generalised_layers(installation.catalogue)
    )
    changed = 0
    with Crew() as crew, tqdm(total=0, unit=" tiles", disable=not progress) as bar:

        def told(made: int, more: int) -> None:
            bar.total += more
            bar.update(made)

        for layer in layers:
            bar.set_description(layer.title.ja)
            changed += bring_up_to_date(installation, layer, crew, told, everything=True)
    return changed


COMMANDS = [tiles]
