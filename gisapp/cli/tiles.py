"""`gisapp tiles …`: what is made ahead for the tiles, what is kept of them, and taking them elsewhere."""

from __future__ import annotations

import click

from gisapp.cli.tiles_cache import bundle_command, forget_command, seed_command, stats_command


@click.group()
def tiles() -> None:
    """タイル。Vector tiles.

    \b
    Examples:
      gisapp tiles seed --zoom 10-14
      gisapp tiles stats
      gisapp tiles forget --layer tax.parcel
      gisapp tiles bundle hazard.pmtiles --layer disaster.flood_depth --layer disaster.shelter
    """


for command in (seed_command, stats_command, forget_command, bundle_command):
    tiles.add_command(command)

COMMANDS = [tiles]
