"""`gisapp load` as a person in a shell meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gisapp.installation import Installation
from gisapp.settings import ROOT
from tests.intake.conftest import ask
from tests.intake.files import feature, geojson, line, point

pytestmark = pytest.mark.usefixtures("empty_layers")


def shell(city: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GISAPP_HOME": str(city.settings.home), "GISAPP_CITY": city.city.key}
    command = [str(Path(sys.executable).with_name("gisapp")), "load", *words]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)


def test_a_table_of_addresses_is_loaded_when_its_question_is_answered(
    towns: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "避難所.csv"
    path.write_text("ID,名称,住所\n1,甲,本町一丁目\n2,乙,架空町1\n", "utf-8")
    asked = shell(towns, str(path), "--layer", "disaster.shelter")
    assert asked.returncode == 3 and "--places 4" in asked.stderr and "2行目" in asked.stderr
    done = shell(towns, str(path), "--layer", "disaster.shelter", "--places", "4")
    assert done.returncode == 0, done.stderr
    assert "住所から位置を付けました：丁目・小字まで 1 行" in done.stdout
    assert ask(towns, "SELECT facility_id FROM disaster.shelter") == [("1",)]


def test_a_good_file_is_loaded_and_reported_in_both_languages(city: Installation, tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "道路.geojson", [feature(line(), 路線番号="1", 色="赤"), feature(None, 路線番号="2")]
    )
    done = shell(city, str(path), "--layer", "roads.street", "--report", str(tmp_path / "out.json"))
    assert done.returncode == 0, done.stderr
    for words in (
        "認定路線",
        "Certified roads",
        "WGS 84",
        "EPSG:6677",
        "除外 / dropped 1",
        "null_geometry",
        "色",
    ):
        assert words in done.stdout
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["ok"] and report["rows"] == {"read": 2, "loaded": 1, "dropped": 1, "repaired": 0}
    assert report["crs"]["target_epsg"] == 6677 and report["crs"]["accuracy_m"] == 1.0


def test_a_bad_file_exits_with_one_and_changes_nothing(city: Installation, tmp_path: Path) -> None:
    path = geojson(tmp_path / "p.geojson", [feature(point(), 路線番号="1")])
    done = shell(city, str(path), "--layer", "roads.street")
    assert done.returncode == 1 and "エラー" in done.stderr and "nothing was changed" in done.stderr
    assert "Traceback" not in done.stderr and str(tmp_path) not in done.stderr
    as_json = shell(city, str(path), "--layer", "roads.street", "--json")
    assert as_json.returncode == 1 and json.loads(as_json.stdout)["problems"][0]["code"] == "mixed_geometry"
    assert ask(city, "SELECT count(*) FROM roads.street") == [(0,)]


def test_a_trial_run_and_wrong_words(city: Installation, tmp_path: Path) -> None:
    path = geojson(tmp_path / "r.geojson", [feature(line(), 路線番号="1")])
    assert "dry run" in shell(city, str(path), "--layer", "roads.street", "--dry-run").stdout
    assert ask(city, "SELECT count(*) FROM roads.street") == [(0,)]
    unknown = shell(city, str(path), "--layer", "roads.nothing")
    assert unknown.returncode == 1 and "roads.nothing" in unknown.stderr
    assert shell(city, str(path), "--layer", "roads.street", "--set", "colour=red").returncode == 1
    assert shell(city, str(path), "--layer", "roads.street", "--mode", "merge").returncode == 2
    assert shell(city, str(tmp_path / "none.geojson"), "--layer", "roads.street").returncode == 2
