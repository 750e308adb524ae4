"""`gisapp revisions` as people type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gisapp.cli import main
from gisapp.installation import Installation
from tests.intake.conftest import ask

Streets = Callable[..., int]


@pytest.fixture
def shell(city: Installation, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("GISAPP_HOME", str(city.settings.home))
    monkeypatch.setenv("GISAPP_CITY", city.city.key)
    return lambda *words: CliRunner().invoke(main, ["revisions", *map(str, words)])


def test_revisions_are_listed_and_shown(streets: Streets, shell: Callable[..., Result]) -> None:
    first, second = streets(a=1.0), streets(a=2.0)
    said = shell("list", "--layer", "roads.street")
    assert (
        said.exit_code == 0
        and f"{second}" in said.output.splitlines()[0]
        and "streets.geojson" in said.output
    )
    found: list[dict[str, Any]] = json.loads(shell("list", "--json").stdout)
    assert [one["id"] for one in found] == [second, first] and found[0]["changed"] == 1
    assert "幅員: 1.0 → 2.0" in shell("show", second).output
    rows = json.loads(shell("show", second, "--json").stdout)["rows"]
    assert rows[0]["before"]["width"] == 1.0 and rows[0]["after"]["width"] == 2.0


def test_the_newest_is_undone_by_layer(
    city: Installation, streets: Streets, shell: Callable[..., Result]
) -> None:
    streets(a=1.0)
    second = streets(a=2.0)
    said = shell("undo", "--layer", "roads.street")
    assert said.exit_code == 0 and str(second) in said.output
    assert ask(city, "SELECT width FROM roads.street") == [(1.0,)]


def test_going_back_from_the_shell(
    city: Installation, streets: Streets, shell: Callable[..., Result]
) -> None:
    first, second, third = streets(a=1.0), streets(a=2.0), streets(a=3.0)
    refused = shell("undo", second)
    assert refused.exit_code == 1 and str(third) in refused.output and f"--to {first}" in refused.output
    done = json.loads(shell("undo", "--to", first, "--json").stdout)
    assert done["undid"] == [second, third] and ask(city, "SELECT width FROM roads.street") == [(1.0,)]
    assert shell("undo", "--layer", "roads.street", "--to", 0).exit_code == 0
    assert ask(city, "SELECT count(*) FROM roads.street") == [(0,)]


def test_what_makes_no_sense_is_said(streets: Streets, shell: Callable[..., Result]) -> None:
    assert shell("undo").exit_code == 2 and shell("undo", 1, "--to", 1).exit_code == 2
    assert shell("undo", 999_999).exit_code == 1 and shell("show", 999_999).exit_code == 1
    assert shell("undo", "--layer", "roads.street").exit_code == 1
