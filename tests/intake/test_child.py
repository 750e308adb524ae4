"""Whatever a file does to its reader is one sentence for the person, and nothing for the platform."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely

from gisapp import errors
from gisapp.catalogue.layer import Text
from gisapp.intake.child import reader, wire
from gisapp.intake.child.limits import USUAL, Limits
from gisapp.intake.child.reader import open_apart
from gisapp.intake.options import Options
from gisapp.intake.problem import Problem
from gisapp.intake.read import open_any
from gisapp.intake.source import Batch, Source
from tests.intake.files import gdal_file, line


def opened(tmp_path: Path, opener: str, limits: Limits = USUAL) -> Source:
    (tmp_path / "file").write_bytes(b"x")
    where = scratch(tmp_path)
    return open_apart(tmp_path / "file", "file", Options(), where, limits, f"tests.intake.runaways:{opener}")


def taken(source: Source) -> list[Batch]:
    with closing(source.batches()) as batches:
        return list(batches)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("opener", "code"),
    [
        ("segfault", "reader_crashed"),
        ("segfault_at_once", "reader_crashed"),
        ("killed", "reader_crashed"),
        ("nonsense", "reader_crashed"),
        ("mistake", "reader_crashed"),
        ("hang", "too_slow"),
        ("spin", "too_slow"),
        ("too_much_memory", "too_large"),
        ("too_much_memory_in_c", "too_large"),
        ("too_deep", "too_deep"),
    ],
)
def test_a_reader_that_fails_is_a_sentence(tmp_path: Path, opener: str, code: str) -> None:
    limits = Limits(memory=500 * 2**20, silence=2.0)
    began = time.monotonic()
    with pytest.raises(errors.FileRefused) as refusal:
        taken(opened(tmp_path, opener, limits))
    assert refusal.value.values["problem"] == code
    for lang in ("ja", "en"):
        assert refusal.value.sentence(lang) and refusal.value.remedy(lang)
    assert time.monotonic() - began < 15
    assert opened(tmp_path, "environment").format == "test"  # the next file is read as if nothing had been


def test_a_mistake_of_ours_is_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(errors.FileRefused):
        taken(opened(tmp_path, "mistake"))
    assert "KeyError: 'missing'" in caplog.text


def test_a_reader_cannot_write_more_than_it_may(tmp_path: Path) -> None:
    with pytest.raises(errors.FileRefused):
        opened(tmp_path, "fills_the_disk")
    assert (tmp_path / "scratch" / "large").stat().st_size == 0


def test_a_reader_is_gone_when_its_rows_are_not_wanted_any_more(tmp_path: Path) -> None:
    source = opened(tmp_path, "two_million")
    with closing(source.batches()) as batches:
        next(batches)
        (pid,) = children_of_the_server()
    until = time.monotonic() + 5
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert not alive(pid)


def children_of_the_server() -> list[int]:
    server = reader._servers[os.getpid()][1].pid
    return [int(pid) for pid in Path(f"/proc/{server}/task/{server}/children").read_text().split()]


def test_a_server_that_was_killed_is_started_again(tmp_path: Path) -> None:
    opened(tmp_path, "environment")
    server = reader._servers[os.getpid()][1]
    server.kill()
    server.wait()
    assert opened(tmp_path, "environment").format == "test"


def test_a_reader_knows_no_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISAPP_SECRET_KEY", "x")
    monkeypatch.setenv("PGPASSWORD", "x")
    reader._servers.pop(os.getpid())[0].close()
    names = opened(tmp_path, "environment").columns
    assert "PATH" in names and not [name for name in names if name.startswith(("GISAPP", "PG"))]


def test_two_million_rows_stream_in_little_memory(tmp_path: Path) -> None:
    source = opened(tmp_path, "two_million")
    with closing(source.batches()) as batches:
        rows = len(next(batches).rows)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rows += sum(len(batch.rows) for batch in batches)
    assert rows == 2_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_rows_and_what_is_said_of_them_arrive_unchanged(tmp_path: Path) -> None:
    path = gdal_file(
        tmp_path / "道路.shp",
        [line(n) for n in range(3)],
        {"路線名": ["髙橋～", "㈱前", ""], "幅": [1.5, 2.0, 3.0]},
        encoding="cp932",
    )
    source = open_any(path, path.name, Options(), scratch(tmp_path))
    assert (source.format, source.columns, source.count) == ("Shapefile", ("路線名", "幅"), 3)
    assert source.encoding_from == Text(".cpg による", "from the .cpg") and source.cut_names
    (batch,) = taken(source)
    assert batch.rows.tolist() == [1, 2, 3] and [str(g) for g in batch.geometry] == [
        str(line(n)) for n in range(3)
    ]
    assert batch.columns["路線名"].to_pylist() == ["髙橋～", "㈱前", None]
    assert batch.columns["幅"].to_pylist() == [1.5, 2.0, 3.0]


def test_problems_arrive_as_they_were_sent() -> None:
    sent = Batch(
        np.array([1, 5]),
        {"n": pa.array([1, 2])},
        np.array([None, shapely.Point(1, 2)]),
        (Problem("repair", "text_cut", "切れた", "cut", (1, 2, 3, 9, 5), "名称"),),
    )
    said, body = wire.pack_rows(sent)
    got = wire.unpack_rows(json.loads(json.dumps(said)), memoryview(body))
    assert got.problems == sent.problems and got.geometry.tolist() == sent.geometry.tolist()


def test_rows_that_make_no_sense_are_not_believed() -> None:
    sent = Batch(np.array([1]), {"n": pa.array(["text"])}, np.array([None]))
    said, body = wire.pack_rows(sent)
    for at in range(0, len(body), 7):
        spoilt = bytearray(body)
        spoilt[at : at + 4] = b"\xff\xff\xff\x7f"
        with contextlib.suppress(wire.Ended, errors.FileRefused):
            wire.unpack_rows(said, memoryview(spoilt))


def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir(exist_ok=True)
    return tmp_path / "scratch"
