"""Cities to load into, and loading as the shell does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gisapp.installation import Installation
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import parse_options
from gisapp.intake.report import Report

Load = Callable[..., Report]


@pytest.fixture(scope="session")
def city(city_installation: Callable[[str], Installation]) -> Installation:
    """武蔵村山市, zone IX."""
    return city_installation("musashimurayama")


def load_into(installation: Installation, path: Path, layer: str, **said: Any) -> Report:
    """Load a file as `gisapp load` does. `said`: mode, crs, encoding, part, constants, dry_run."""
    dry_run = said.pop("dry_run", False)
    order = Order(
        path, path.name, installation.catalogue.layer(layer), parse_options(**said), "test", dry_run
    )
    return load_file(installation, order)


@pytest.fixture
def load(city: Installation) -> Load:
    """Loads into 武蔵村山市."""
    return lambda path, layer, **said: load_into(city, path, layer, **said)


def ask(installation: Installation, question: str, **values: object) -> list[tuple[Any, ...]]:
    """Rows of a question to the database, as its owner."""
    with installation.database.transaction("owner") as connection:
        return [tuple(row) for row in connection.execute(text(question), values)]


@pytest.fixture
def rows(city: Installation) -> Callable[..., list[tuple[Any, ...]]]:
    """Asks 武蔵村山市's database."""
    return lambda question, **values: ask(city, question, **values)


@pytest.fixture
def empty_layers(city: Installation) -> None:
    """The layers that these tests fill, empty."""
    layers = [
        "roads.street",
        "disaster.shelter",
        "facilities.aed",
        "base.building",
        "city_planning.zoning",
        "base.town",
    ]
    with city.database.transaction("owner") as connection:
        for layer in layers:
            connection.execute(text("TRUNCATE " + layer))


def forget_jobs(installation: Installation) -> None:
    """Empty the queue: what an earlier test left there is nobody's."""
    with installation.database.transaction("owner") as connection:
        connection.execute(text("SET LOCAL search_path = jobs, public"))
        connection.execute(text("DELETE FROM procrastinate_jobs"))
