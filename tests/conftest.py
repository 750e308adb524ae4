"""Fixtures: a real PostGIS for the whole run, prepared databases, the application, a real server, a browser."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas  # noqa: F401 - before a command that runs in this process leaves it out for good (gisapp.heavy)
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright

from gisapp import cluster, create_app
from gisapp import installation as installations
from gisapp.access.people import DUTIES
from gisapp.cli.db import prepare
from gisapp.cli.people import add_person
from gisapp.cli.up import tile_maker_command, wait_until_answering, web_command, web_environment
from gisapp.db import Database
from gisapp.installation import Installation
from gisapp.schema.sync import sync
from gisapp.settings import ROOT, Settings
from tests.maps.visits import ARGUMENTS, CHROMIUM

PASSWORD = "correct horse battery"
MOST_CONNECTIONS = 30  # that this process may keep open between tests, of the 120 of the cluster


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """GISAPP_HOME of the run, with its own embedded cluster, stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="gisapp-test-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # so that the account of a root's cluster may reach it
        settings = Settings(home=Path(folder))
        cluster.start(cluster.locate(settings))
        yield Path(folder)
        cluster.stop(cluster.locate(settings))


@pytest.fixture(scope="session")
def city_installation(home: Path) -> Iterator[Callable[[str], Installation]]:
    """Opens a prepared and synced installation of a city, once a session each; its layers are empty."""
    opened: dict[str, Installation] = {}

    def open_city(city: str) -> Installation:
        if city not in opened:
            opened[city] = installations.open_for_shell(Settings(home=home, city=city))
            prepare(opened[city])
            sync(opened[city])
        return opened[city]

    yield open_city
    for one in opened.values():
        one.database.close()


@pytest.fixture(scope="session")
def installation(city_installation: Callable[[str], Installation]) -> Installation:
    """The sample city, prepared and synced, with 2,000 parcels, all layers loaded and searchable. Tests only read it."""
    from gisapp.cli.sample import load_sample
    from gisapp.search.follow import follow

    one = city_installation("sample")
    load_sample(one, parcels=2000)
    follow(one)
    return one


@pytest.fixture(scope="session")
def _databases() -> Iterator[weakref.WeakSet[Database]]:
    """Every database that this process has opened and that still lives."""
    opened: weakref.WeakSet[Database] = weakref.WeakSet()
    begin = Database.__init__

    def noted(self: Database, *words: object, **more: object) -> None:
        begin(self, *words, **more)  # type: ignore[arg-type]
        opened.add(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "__init__", noted)
        yield opened


@pytest.fixture(autouse=True)
def _connections_are_given_back(_databases: weakref.WeakSet[Database]) -> Iterator[None]:
    """Commands that are run within this process open databases and leave them to its end, which is thousands of tests away."""
    yield
    if sum(one.connections()[0] for one in _databases) > MOST_CONNECTIONS:
        for one in list(_databases):
            one.close()


@pytest.fixture(scope="session")
def staff(installation: Installation) -> dict[str, str]:
    """A person of each department who may edit (login = the department's name), one of two departments, one of each duty."""
    people = {department: {department: "editor"} for department in installation.catalogue.departments}
    people["tax_and_roads"] = {"tax": "viewer", "roads": "viewer"}
    for login, posts in people.items():
        add_person(installation, login, f"{login}の職員", PASSWORD, posts)
    for duty in DUTIES:
        add_person(installation, duty, f"{duty}の職員", PASSWORD, {}, duty=duty)
    return {login: PASSWORD for login in (*people, *DUTIES)}


@pytest.fixture(scope="session")
def app(installation: Installation) -> Flask:
    """The web application as the server runs it: without the owner's password."""
    app = create_app(installations.open_for_web(installation.settings))
    app.config["TESTING"] = False
    return app


ADDRESSES = itertools.count(1)


def visitor(app: Flask) -> FlaskClient:
    """A client at an address that no other client of this run has: tries are counted by address."""
    client = app.test_client()
    number = next(ADDRESSES)
    client.environ_base["REMOTE_ADDR"] = f"10.0.{number // 250}.{number % 250 + 1}"
    return client


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor, at an address of their own."""
    return visitor(app)


@pytest.fixture
def signed_in(app: Flask, staff: dict[str, str]) -> Callable[[str], FlaskClient]:
    """A client that signed in through the form as one of `staff`."""

    def enter(login: str) -> FlaskClient:
        client = visitor(app)
        page = client.get("/sign-in").get_data(as_text=True)
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        answer = client.post("/sign-in", data={"login": login, "password": staff[login], "csrf_token": token})
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return client

    return enter


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(installation: Installation) -> Iterator[str]:
    """The address of a real server over an installation, as `gisapp up` starts it, while the block lasts."""
    settings = replace(installation.settings, port=free_port())
    environment = web_environment(settings)
    commands = web_command(settings), tile_maker_command()
    children = [subprocess.Popen(one, env=environment, cwd=ROOT, start_new_session=True) for one in commands]
    try:
        assert wait_until_answering(settings, children[0])
        yield f"http://127.0.0.1:{settings.port}"
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a screen, drawing WebGL in software: one for the whole run, because Playwright bears no second."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(installation: Installation, staff: dict[str, str]) -> Iterator[str]:
    """The address of a real server over the sample city."""
    with serving(installation) as address:
        yield address


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files with known answers, beside the checkout; tests that need them say so when they are not there."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real files are not here: ../shared/data is absent")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _real_files_stay_as_they_are() -> Iterator[None]:
    """Tests read the real files in place: none may be changed, and nothing written beside them."""
    folder = ROOT.parent / "shared" / "data"

    def state() -> set[tuple[str, int, int]]:
        found = (file for file in folder.rglob("*") if file.is_file())
        return {(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in found}

    before = state()
    yield
    assert state() == before
