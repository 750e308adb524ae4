"""Names in files that steer a terminal, turn the direction of writing or lead elsewhere: shown as what they are, never obeyed."""

from __future__ import annotations

import io
import json
import unicodedata
import uuid
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from gisapp.cli import main
from gisapp.installation import Installation
from gisapp.intake.asked import plain_name
from gisapp.intake.problem import ERROR, Problem
from gisapp.intake.process import process_upload
from gisapp.text.shown import shown
from tests.intake.files import feature, geojson, line

BAD = "\x1b]0;owned\x07\x1b[2J\u202egpj\u2066\x9b31m"
STEERING = {"Cc", "Cf", "Cs"}


def steers(text: str) -> list[str]:
    return [one for one in text if one not in "\n\t" and unicodedata.category(one) in STEERING]


def said(city: Installation, path: Path, *more: str) -> str:
    """All that `gisapp load` says of a file, which it does not load."""
    environment = {"GISAPP_HOME": str(city.settings.home), "GISAPP_CITY": city.settings.city}
    done = CliRunner().invoke(main, ["load", str(path), "--dry-run", *more], env=environment)
    assert done.exit_code in (0, 1, 2) and "Traceback" not in done.output, done.output
    return done.output


def test_such_signs_are_shown_by_their_numbers() -> None:
    assert shown("道路\x1b[2J\u202ex\x00\n次　行") == "道路‹U+001B›[2J‹U+202E›x‹U+0000›\n次　行"
    assert shown("👨\u200d👩") == "👨\u200d👩", "a joiner within a sign stays"
    problem = Problem(ERROR, "x", f"列{BAD}", BAD, (1,), BAD)
    assert not steers(problem.line("ja") + problem.line("en"))
    told = problem.as_json()
    assert not steers(told["ja"] + told["en"]) and "‹U+202E›" in told["ja"]


@pytest.mark.parametrize(
    "name", [f"a{BAD}.csv", "../../etc/passwd", "C:\\x\\a.csv", "a\x00.csv", "長" * 400 + ".csv"]
)
def test_a_sent_name_keeps_no_folder_and_nothing_that_steers(name: str) -> None:
    kept = plain_name(name)
    assert not steers(kept) and "/" not in kept and "\\" not in kept and len(kept) < 256


@pytest.mark.parametrize("layer", ["roads.street", ""])
def test_a_terminal_gets_no_sign_that_steers_it(city: Installation, tmp_path: Path, layer: str) -> None:
    path = tmp_path / f"a{BAD}.csv"
    path.write_text(f"名称{BAD},緯度,経度,{BAD}\n本町{BAD},35.7,139.4,x\n駅前,{BAD},139.4,y\n", "utf-8")
    output = said(city, path, *(["--layer", layer] if layer else []))
    assert output.strip() and not steers(output), steers(output)


def test_members_of_a_zip_are_named_so_too_and_lead_nowhere(city: Installation, tmp_path: Path) -> None:
    path, outside = tmp_path / "in" / "a.zip", tmp_path / "outside.csv"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as packed:
        for name in (f"道路{BAD}.csv", f"{BAD}/b.csv", "../outside.csv", "長" * 80 + ".csv"):
            packed.writestr(name, "名称,緯度,経度\n本町,35.7,139.4\n")
    before = set(tmp_path.rglob("*"))
    output = said(city, path, "--layer", "roads.street")
    assert output.strip() and not steers(output), steers(output)
    assert set(tmp_path.rglob("*")) == before and not outside.exists()


def test_what_programs_read_is_whole_json_without_such_signs(city: Installation, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"名称,緯度,経度,{BAD}\n本町,x,139.4,y\n", "utf-8")
    output = said(city, path, "--layer", "roads.street", "--json")
    assert json.loads(output) and not steers(output)


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [("image/png", None, 202), ("application/geo+json", b"<html><script>x</script>", 422)],
)
def test_what_the_sender_calls_a_file_decides_nothing(
    city: Installation,
    empty_layers: None,
    waiter_token: str,
    waiter_client: FlaskClient,
    waiting: object,
    tmp_path: Path,
    kind: str,
    content: bytes | None,
    status: int,
) -> None:
    sent = content or geojson(tmp_path / "r.geojson", [feature(line(1), 路線番号="1")]).read_bytes()
    data = {"file": (io.BytesIO(sent), "r.geojson", kind)}
    headers = {"Authorization": f"Bearer {waiter_token}"}
    answer = waiter_client.post(
        "/api/layers/roads.street/uploads", data=data, headers=headers, content_type="multipart/form-data"
    )
    assert answer.status_code == status and answer.json
    if status == 202:
        process_upload(city, uuid.UUID(answer.json["id"]))
        found = waiter_client.get(answer.json["url"], headers=headers).get_json()
        assert found["state"] == "published"
