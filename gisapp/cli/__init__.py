"""The shell: `gisapp …`. One file a group of commands; each opens the installation, does one thing and says what it did."""

from __future__ import annotations

import sys

import click

from gisapp import __version__, errors


class _Group(click.Group):
    """Says a GisappError as two sentences and exits with 1 (2 is for wrong words on the command line)."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except errors.GisappError as error:
            for lang in ("ja", "en"):
                click.echo(f"{error.sentence(lang)}\n  → {error.remedy(lang)}", err=True)
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


def _register() -> None:
    from gisapp.cli import db, layers, load, people, sample, tokens, up, upload

    for module in (up, db, layers, load, sample, upload, people, tokens):
        for command in module.COMMANDS:
            main.add_command(command)


_register()
