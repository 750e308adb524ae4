"""The shell: `gisapp …`. One file a group of commands; each opens the installation, does one thing and says what it did.

A command's file is imported when it is called: `gisapp db status` does not wait for the libraries of `gisapp load`.
"""

from __future__ import annotations

import importlib
import sys

import click

from gisapp import __version__, errors
from gisapp.text.shown import shown

FILES = {
    "up": "up",
    "down": "up",
    "db": "db",
    "layers": "layers",
    "load": "load",
    "upload": "upload",
    "revisions": "revisions",
    "sample": "sample",
    "demo": "sample",
    "people": "people",
    "tokens": "tokens",
    "tiles": "tiles",
    "audit": "audit",
    "search": "search",
    "geocode": "geocode",
}


class _Group(click.Group):
    """Finds commands in their files; says a GisappError as two sentences and exits with 1 (2: wrong words)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(FILES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in FILES:
            return None
        commands = importlib.import_module(f"gisapp.cli.{FILES[cmd_name]}").COMMANDS
        return next(command for command in commands if command.name == cmd_name)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except errors.GisappError as error:
            for lang in ("ja", "en"):
                click.echo(shown(f"{error.sentence(lang)}\n  → {error.remedy(lang)}"), err=True)
            sys.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gisapp")
def main() -> None:
    """統合型GIS：都市の地図をひとつに。The integrated map of a city.

    \b
    Examples:
      gisapp up                              start the database, the server and the worker
      gisapp layers sync                     make the database fit the layer folders
      gisapp load streets.zip --layer roads.street
    """
