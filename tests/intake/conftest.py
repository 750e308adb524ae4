"""Cities to load into, and loading as the shell does it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from gisapp import create_app, errors
from gisapp import installation as installations
from gisapp.access import tokens
from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.intake import load as load_module
from gisapp.intake import publish as publish_module
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import parse_options
from gisapp.intake.raw import raw_connection
from gisapp.intake.report import Report
from gisapp.intake.uploads import forget_old_uploads
from gisapp.search.follow import follow
from gisapp.search.towns import LAYER, import_towns, read_towns
from tests.conftest import PASSWORD
from tests.intake.files import feature, geojson, line
from tests.intake.waiter import Waiting

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
def empty_layers(city: Installation) -> Iterator[None]:
    """The layers that these tests fill, empty before and after."""
    layers = [
        "roads.street",
        "disaster.shelter",
        "facilities.aed",
        "base.building",
        "city_planning.zoning",
        "base.town",
        "facilities.public_facility",
    ]

    def empty() -> None:
        with city.database.transaction("owner") as connection:
            for layer in layers:
                connection.execute(text("TRUNCATE " + layer))

    empty()
    yield
    empty()


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new table is made for the rows of the smallest file, too."""
    for module in (load_module, publish_module):
        monkeypatch.setattr(module, "MANY", 0)


def forget_jobs(installation: Installation) -> None:
    """Empty the queue: what an earlier test left there is nobody's."""
    with installation.database.transaction("owner") as connection:
        connection.execute(text("SET LOCAL search_path = jobs, public"))
        connection.execute(text("DELETE FROM procrastinate_jobs"))


Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def refused(load: Load, rows: Rows, empty_layers: None, tmp_path: Path) -> Callable[..., Report]:
    """Loads a file that must be refused: returns its report after seeing that sentences are whole and nothing changed."""
    load(
        geojson(tmp_path / "before.geojson", [feature(line(), 路線番号="1", 路線名="一号線")]), "roads.street"
    )
    state = "SELECT (SELECT array_agg(t::text ORDER BY id) FROM roads.street AS t), (SELECT max(id) FROM gisapp.revision)"
    before = rows(state)

    def check(path: Path, layer: str = "roads.street", **said: Any) -> Report:
        with pytest.raises(errors.FileRefused) as refusal:
            load(path, layer, **said)
        assert rows(state) == before
        error = refusal.value
        assert error.status == 422
        for lang in ("ja", "en"):
            sentence = error.sentence(lang) + error.remedy(lang)
            assert path.name in sentence and "?" not in sentence.replace(path.name, "")
            assert (
                str(path.parent) not in sentence
                and "SELECT" not in sentence
                and "gisapp_staged" not in sentence
            )
        report: Report = error.values["outcome"]  # type: ignore[assignment]
        assert not report.ok and report.revision is None and report.outcome in ("ask", "refuse")
        assert bool(report.findings.of("question")) == bool(report.asks) or report.errors
        assert str(path.parent) not in json.dumps(report.as_json(), ensure_ascii=False)
        return report

    return check


def codes(report: Report) -> set[str]:
    """Why a file is not taken: what is wrong with it, and what has to be answered."""
    return {problem.code for problem in (*report.errors, *report.findings.of("question"))}


@pytest.fixture(scope="session")
def waiter_token(city: Installation) -> str:
    add_person(
        city, "waiter", "待つ人", PASSWORD, {"roads": "editor", "base": "editor", "city_planning": "editor"}
    )
    with city.database.transaction("owner") as connection:
        return tokens.issue(connection, "waiter", "test", ["*"], ["read", "upload", "publish"], 1)


@pytest.fixture(scope="session")
def waiter_client(city: Installation) -> FlaskClient:
    return create_app(installations.open_for_web(city.settings)).test_client()


@pytest.fixture
def waiting(city: Installation, waiter_client: FlaskClient, waiter_token: str) -> Iterator[Waiting]:
    yield Waiting(city, waiter_client, waiter_token)
    with city.database.transaction("owner") as connection:
        connection.execute(text("UPDATE gisapp.upload SET state = 'discarded'"))
        forget_old_uploads(connection, city.settings)
    shutil.rmtree(city.settings.home / "uploads", ignore_errors=True)
    forget_jobs(city)


def forget_index(city: Installation) -> None:
    with city.database.transaction("owner") as connection:
        connection.execute(text("TRUNCATE " + LAYER))
    follow(city)


@pytest.fixture
def towns(city: Installation, shared_data: Path) -> Iterator[Installation]:
    """武蔵村山市 with its towns from the published list."""
    forget_index(city)
    listed = read_towns(shared_data / "07_address" / "geolonia_武蔵村山市.json", city.city)
    with city.database.transaction("owner") as connection:
        import_towns(raw_connection(connection), city.catalogue.layer(LAYER), city.city, listed, "tests", [])
    follow(city)
    yield city
    forget_index(city)
