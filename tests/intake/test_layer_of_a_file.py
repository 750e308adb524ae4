"""A file that belongs to no layer: what it may fit, and a new layer made of it in one command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gisapp.installation import Installation
from gisapp.schema.sync import sync
from gisapp.settings import ROOT
from tests.intake.conftest import ask
from tests.intake.files import feature, geojson, line, point, square

Shell = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout whose layers may be written to."""
    folder = tmp_path / "checkout"
    for part in ("layers", "cities"):
        shutil.copytree(ROOT / part, folder / part)
    for part in ("migrations", "static"):
        (folder / part).symlink_to(ROOT / part)
    return folder


@pytest.fixture
def shell(city: Installation, root: Path) -> Iterator[Shell]:
    environment = {
        **os.environ,
        "GISAPP_HOME": str(city.settings.home),
        "GISAPP_CITY": city.city.key,
        "GISAPP_ROOT": str(root),
    }
    command = [str(Path(sys.executable).with_name("gisapp")), "load"]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *words], env=environment, cwd=ROOT, capture_output=True, text=True)

    yield run
    sync(city, allow_drop=True)


def cameras(path: Path) -> Path:
    rows = [
        f"防犯カメラ{n},{35.75 + n / 1000},{139.40 + n / 1000},00{n},{n * 1.5},2026-04-0{n}"
        for n in (1, 2, 3)
    ]
    path.write_text("\n".join(["名称,緯度,経度,管理番号,高さ,設置日", *rows]), "cp932")
    return path


def test_without_a_layer_nothing_is_written_and_the_next_steps_are_named(
    shell: Shell, city: Installation, root: Path, tmp_path: Path
) -> None:
    before = sorted(p for p in root.rglob("*") if p.is_file())
    done = shell(str(cameras(tmp_path / "カメラ.csv")))
    assert done.returncode == 0, done.stderr
    assert "--layer " in done.stdout and "--new " in done.stdout and "dry run" in done.stdout
    assert sorted(p for p in root.rglob("*") if p.is_file()) == before


def test_a_dry_run_of_a_new_layer_writes_neither_folder_nor_table(
    shell: Shell, city: Installation, root: Path, tmp_path: Path
) -> None:
    before = sorted(p for p in root.rglob("*") if p.is_file())
    done = shell(str(cameras(tmp_path / "カメラ.csv")), "--new", "disaster.trial", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["dry_run"] is True and json.loads(done.stdout)["rows"]["loaded"] == 3
    assert "layers/disaster/trial" in done.stderr
    wrong = shell(str(cameras(tmp_path / "カメラ.csv")), "--new", "no_such.trial", "--dry-run")
    assert wrong.returncode == 1 and "no_such" in wrong.stderr
    assert sorted(p for p in root.rglob("*") if p.is_file()) == before
    assert ask(city, "SELECT to_regclass('disaster.trial')") == [(None,)]


def test_a_new_layer_is_made_of_a_file_and_filled(
    shell: Shell, city: Installation, root: Path, tmp_path: Path
) -> None:
    done = shell(str(cameras(tmp_path / "カメラ.csv")), "--new", "disaster.camera", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"]["loaded"] == 3
    folder = root / "cities" / city.city.key / "layers" / "disaster" / "camera"
    assert (folder / "layer.toml").is_file() and (folder / "style.json").is_file()
    types = dict(
        ask(
            city,
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'disaster' AND table_name = 'camera'",
        )
    )
    assert types["name"] == "text" and "double precision" in types.values() and "date" in types.values()
    ((numbers,),) = ask(
        city, "SELECT array_agg(to_jsonb(t) ->> 'number' ORDER BY id) FROM disaster.camera AS t"
    )
    held = json.dumps(ask(city, "SELECT to_jsonb(t)::text FROM disaster.camera AS t"), ensure_ascii=False)
    assert "001" in held, numbers  # codes keep their zeros
    again = shell(str(cameras(tmp_path / "カメラ.csv")), "--new", "disaster.camera")
    assert again.returncode != 0 and "フォルダがすでにあります" in again.stderr


def test_mixed_shapes_are_a_question_that_one_option_settles(
    shell: Shell, city: Installation, tmp_path: Path
) -> None:
    shapes = [square(), square(), line(), point()]
    path = geojson(tmp_path / "mixed.geojson", [feature(one, 名称=str(n)) for n, one in enumerate(shapes)])
    done = shell(str(path), "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["outcome"], report["asks"]) == (3, "ask", "only")
    assert report["choices"][0]["only"] == "polygon"
    told = json.loads(shell(str(path), "--only", "polygon", "--json").stdout)
    assert told["outcome"] == "load_with_repairs" and told["rows"]["loaded"] == 2
    (dropped,) = [p for p in told["problems"] if p["code"] == "mixed_geometry"]
    assert dropped["rows"] == [3, 4]


def test_a_new_layer_is_not_made_of_a_file_that_raises_a_question(
    shell: Shell, city: Installation, root: Path, tmp_path: Path
) -> None:
    path = tmp_path / "xy.csv"
    path.write_text("名称,X座標,Y座標\na,-27112.0,-40327.0\nb,-27100.0,-40300.0\n")
    done = shell(str(path), "--new", "disaster.spot")
    assert done.returncode == 3 and "EPSG:6677" in done.stderr
    assert not (root / "cities" / city.city.key / "layers" / "disaster" / "spot").exists()
