"""A real server over 武蔵村山市, a token for it, and its layer of streets, empty at first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from gisapp.access import tokens
from gisapp.cli.people import add_person
from gisapp.client import Client
from gisapp.installation import Installation
from tests.conftest import PASSWORD, serving
from tests.intake.conftest import forget_jobs
from tests.intake.files import feature, geojson, line
from tests.intake.waiter import worked_at_once


@pytest.fixture(scope="session")
def city(city_installation: Callable[[str], Installation]) -> Installation:
    return city_installation("musashimurayama")


@pytest.fixture(scope="module")
def running(city: Installation) -> Iterator[str]:
    """The address of a real server over 武蔵村山市; what is sent to it is done at once."""
    with serving(city) as address, worked_at_once(city):
        yield address
    forget_jobs(city)


@pytest.fixture(scope="session")
def token(city: Installation) -> str:
    add_person(city, "nightly", "夜間バッチ", PASSWORD, {"roads": "editor"})
    with city.database.transaction("owner") as connection:
        return tokens.issue(connection, "nightly", "test", ["roads.*"], ["read", "upload", "publish"], 1)


@pytest.fixture
def client(running: str, token: str, city: Installation) -> Client:
    with city.database.transaction("owner") as connection:
        connection.execute(text("TRUNCATE roads.street"))
    return Client(running, token)


def streets(path: Path, count: int = 3) -> Path:
    return geojson(path, [feature(line(n), 路線番号=str(n)) for n in range(count)])
