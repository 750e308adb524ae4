"""Hostile archives."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gisapp import errors
from gisapp.intake import archive
from gisapp.intake.archive import take_out


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    """Opens an archive that must be refused; returns the problem's code after seeing that nothing was written elsewhere."""

    def check(path: Path) -> str:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        before = {p for p in tmp_path.rglob("*") if scratch not in p.parents}
        with pytest.raises(errors.FileRefused) as refusal:
            take_out(path, "", scratch)
        assert {p for p in tmp_path.rglob("*") if scratch not in p.parents} == before
        return str(refusal.value.values["problem"])

    return check


def packed(path: Path, members: dict[str, bytes], **more: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "name", ["../evil.shp", "a/../../evil.shp", "/etc/evil.shp", "C:\\evil.shp", "..\\evil.shp"]
)
def test_names_that_lead_outside(refused: Callable[..., str], tmp_path: Path, name: str) -> None:
    assert refused(packed(tmp_path / "a.zip", {name: b"x", "ok.shp": b"x"})) == "archive_path"


def test_contents_that_grow_beyond_reason(refused: Callable[..., str], tmp_path: Path) -> None:
    assert refused(packed(tmp_path / "a.zip", {"a.csv": bytes(150 * 2**20)})) == "archive_ratio"


def test_more_members_than_anybody_needs(refused: Callable[..., str], tmp_path: Path) -> None:
    assert (
        refused(packed(tmp_path / "a.zip", {f"{n}.txt": b"" for n in range(archive.MOST_MEMBERS + 1)}))
        == "archive_ratio"
    )


def test_a_size_that_is_not_what_the_header_says(refused: Callable[..., str], tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": b"a,b\n" * 100_000})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = raw.index(signature) + offset
        raw[at : at + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(raw)
    assert refused(path) in {"archive_ratio", "truncated"}


def test_a_zip_in_a_zip(refused: Callable[..., str], tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", {"a.csv": b"a"})
    assert refused(packed(tmp_path / "a.zip", {"inner.zip": inner.read_bytes()})) == "archive_nested"


def test_nothing_inside(refused: Callable[..., str], tmp_path: Path) -> None:
    assert refused(packed(tmp_path / "a.zip", {})) == "not_geodata"


def test_a_link_is_only_a_file_with_odd_contents(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    info = zipfile.ZipInfo("a.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(info, "/etc/passwd")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    taken = take_out(path, "", scratch)
    main = taken.main
    assert taken.name == "a.csv" and not main.is_symlink() and main.read_text() == "/etc/passwd"


def test_an_encrypted_archive(refused: Callable[..., str], tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": b"a,b\n"})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        raw[raw.index(signature) + offset] |= 1
    path.write_bytes(raw)
    assert refused(path) == "encrypted"
