"""Zip archives: which data sets they hold, and one of them taken out safely.

Members go into a folder of ours under names of ours, so a member's name leads nowhere; archives with such names are
refused all the same, as are archives that would grow beyond reason. Sizes are counted while unpacking, not believed.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

from gisapp.intake.child.limits import allow
from gisapp.intake.problem import NOTE, Problem, refuse
from gisapp.intake.several import refuse_several
from gisapp.text.folding import fold

MOST_MEMBERS = 10_000
MOST_DIRECTORY = 16 * 2**20  # bytes of the list of members
LAST = 2**16 + 2**10  # bytes at the end in which that list's size stands
LARGEST_LIST = 16 * 2**20  # bytes of a code list
MOST_BYTES = 4 * 2**30
MOST_GROWTH = 200  # times its packed size, where it is more than GROWTH_MATTERS
GROWTH_MATTERS = 100 * 2**20
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    struct.error,
)
"""What Python's zipfile raises for archives that are broken or packed in a way it does not know."""
DATA = (
    ".shp", ".gpkg", ".geojson", ".geojsonl", ".ndjson", ".topojson", ".fgb", ".parquet", ".geoparquet", ".kml", ".gml",
    ".csv", ".tsv", ".xlsx", ".mif", ".tab",
)  # fmt: skip
PERHAPS = (".json", ".xml", ".osm", ".txt")
"""Data when nothing else is there; beside data they are notes, metadata or styles."""
MAIN = (*DATA, *PERHAPS)
SHAPEFILE_PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg")
MAPINFO_PARTS = (".mif", ".mid", ".tab", ".dat", ".map", ".id", ".ind")
LAYERED = (".gpkg", ".kml", ".gml", ".xml", ".osm", ".topojson", ".json", ".xlsx")

Members = dict[str, zipfile.ZipInfo]  # suffix → member


@dataclass(frozen=True)
class Taken:
    """A data set that was unpacked: its main file, its name, the names of all, and what is to be said."""

    main: Path
    name: str
    part: str  # which layer of it is wanted
    names: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def take_out(path: Path, part: str, scratch: Path) -> Taken:
    """Unpack the archive's data set `part` (or the only one) into `scratch`, and the code lists that belong to it.

    Raises errors.FileRefused: not a zip, broken, encrypted, hostile, nothing in it, several to choose from.
    """
    with opened(path) as archive:
        members, odd = members_of(archive)
        sets = _data_sets(members)
        name, inner = _choose(sets, part)
        for suffix, member in sets[name].items():
            unpack(archive, member, scratch / f"data{suffix}")
        main = next(suffix for suffix in MAIN if suffix in sets[name])
        if main in {".gml", ".xml"}:
            _unpack_code_lists(archive, members, scratch)
        allow(sum(member.file_size for member in sets[name].values()))
    return Taken(scratch / f"data{main}", name, inner, tuple(sets), (ODD_NAMES,) if odd else ())


ODD_NAMES = Problem(
    NOTE,
    "archive_path",
    "zip の中の名前が「\\」で区切られているため、フォルダの区切りとして読みました",
    "names in the zip archive use “\\” between folders; they were read as folders",
)


def check_archive(path: Path) -> None:
    """For archives that another library opens. Raises errors.FileRefused for broken and hostile ones."""
    with opened(path) as archive:
        members_of(archive)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive. Raises errors.FileRefused where it is broken, or where its directory is longer than anybody needs."""
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            yield archive
    except BROKEN:
        why = ("zip が壊れています", "the zip archive is broken")
        do = ("圧縮し直すか、ダウンロードし直してください。", "Pack it or download it again.")
        refuse("truncated", why, do)


def _check_directory(path: Path) -> None:
    """Raises errors.FileRefused before a directory of millions of members is read into memory."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(size - LAST, 0))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 16:
        return
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    large = tail.rfind(b"PK\x06\x06", 0, at)
    if length == 0xFFFFFFFF and large >= 0:
        length = int.from_bytes(tail[large + 40 : large + 48], "little")
    if length > MOST_DIRECTORY:
        _refuse_growth()


def members_of(archive: zipfile.ZipFile) -> tuple[list[tuple[str, zipfile.ZipInfo]], bool]:
    """Files by their names with "/" between folders, and whether some had "\\" there. Raises errors.FileRefused."""
    members = [(name_of(info), info) for info in archive.infolist() if not info.is_dir()]
    odd = any("\\" in name for name, _ in members)
    members = [(name.replace("\\", "/"), info) for name, info in members]
    _check_members(members)
    return members, odd


def _data_sets(members: list[tuple[str, zipfile.ZipInfo]]) -> dict[str, Members]:
    """Data sets by name; a Shapefile's parts are one set whatever the case of their names."""
    found: dict[str, tuple[str, Members]] = {}
    for name, info in members:
        path = PurePosixPath(name)
        suffix = path.suffix.lower()
        if path.parts[0] == "__MACOSX" or path.name.startswith(".") or path.parent.name == "codelists":
            continue
        stem = str(path.with_suffix(""))
        if suffix in (*SHAPEFILE_PARTS, *MAPINFO_PARTS):
            found.setdefault(stem.lower(), (path.stem, {}))[1][suffix] = info
        elif suffix in MAIN and info.file_size:
            found[name] = (path.name, {suffix: info})
    whole = {key: value for key, value in found.items() if any(suffix in value[1] for suffix in DATA)}
    if not whole:
        whole = {key: value for key, value in found.items() if any(suffix in value[1] for suffix in PERHAPS)}
    if not whole:
        refuse_without_data(members)
    if len({title for title, _ in whole.values()}) < len(whole):
        return {key: parts for key, (_, parts) in whole.items()}
    return dict(whole.values())


def _unpack_code_lists(
    archive: zipfile.ZipFile, members: list[tuple[str, zipfile.ZipInfo]], scratch: Path
) -> None:
    for name, info in members:
        path = PurePosixPath(name)
        if (
            path.parent.name == "codelists"
            and re.fullmatch(r"[\w.-]+\.xml", path.name)
            and info.file_size < LARGEST_LIST
        ):
            (scratch / "codelists").mkdir(exist_ok=True)
            unpack(archive, info, scratch / "codelists" / path.name)


def name_of(info: zipfile.ZipInfo) -> str:
    """The member's name. Without the UTF-8 flag Python reads CP437; Japanese Windows wrote CP932."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for codec in ("utf-8", "cp932"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return info.filename


def _check_members(members: list[tuple[str, zipfile.ZipInfo]]) -> None:
    size = sum(info.file_size for _, info in members)
    packed = sum(info.compress_size for _, info in members)
    grows = size > GROWTH_MATTERS and size > MOST_GROWTH * max(packed, 1)
    if len(members) > MOST_MEMBERS or size > MOST_BYTES or grows:
        _refuse_growth()
    for name, info in members:
        if (
            ".." in PurePosixPath(name).parts
            or name.startswith("/")
            or re.match(r"[A-Za-z]:", name)
            or "\0" in name
        ):
            why = (
                "zip の中に、外のフォルダを指す名前があります",
                "a name in the zip archive leads outside of it",
            )
            refuse("archive_path", why, ("作り直してもらってください。", "Have the archive made again."))
        if info.flag_bits & 1:
            why = ("zip にパスワードがかかっています", "the zip archive is encrypted")
            refuse(
                "encrypted",
                why,
                ("パスワードなしで圧縮し直してください。", "Pack it again without a password."),
            )


def _refuse_growth() -> NoReturn:
    why = ("zip を開くと大きくなりすぎます", "the zip archive grows beyond reason when opened")
    refuse(
        "archive_ratio",
        why,
        ("必要なファイルだけを圧縮し直してください。", "Pack only the files that are needed."),
    )


def refuse_without_data(members: list[tuple[str, zipfile.ZipInfo]]) -> NoReturn:
    """Say what the archive holds instead of data. Raises errors.FileRefused."""
    held = "、".join(PurePosixPath(name).name for name, _ in members[:5]) or "なし / nothing"
    parts = {PurePosixPath(name).suffix.lower() for name, _ in members}
    if ".zip" in parts:
        refuse_nested()
    if {".dbf", ".shx"} & parts:
        why = (
            f"zip に .shp がありません（中身：{held}）",
            f"the zip archive lacks the .shp (it holds: {held})",
        )
        do = (".shp・.dbf・.shx・.prj を一緒に圧縮してください。", "Pack .shp, .dbf, .shx and .prj together.")
        refuse("missing_part(shp)", why, do)
    why = (
        f"zip に読めるデータがありません（中身：{held}）",
        f"the zip archive holds no data to read ({held})",
    )
    do = (
        "Shapefile などを、zip の中の zip にせずに圧縮してください。",
        "Pack the Shapefile itself, not a zip in a zip.",
    )
    refuse("not_geodata", why, do)


def _choose(sets: dict[str, Members], part: str) -> tuple[str, str]:
    """The data set that is meant, and which of its own layers: "set", "layer" where there is one set, "set/layer"."""
    for name in sets:
        if part and fold(part) in {fold(name), fold(PurePosixPath(name).stem)}:
            return name, ""
    for name in sets:
        for known in (name, PurePosixPath(name).stem):
            if fold(part).startswith(fold(known) + "/"):
                return name, part[len(known) + 1 :]
    if len(sets) == 1:
        only = next(iter(sets))
        if not part or only.lower().endswith(LAYERED):
            return only, part
    refuse_several(list(sets), part)


def refuse_nested() -> NoReturn:
    """Raises errors.FileRefused for a zip in a zip."""
    why = ("zip の中に zip があります", "it is a zip in a zip")
    do = ("中の zip を一つずつ渡してください。", "Hand in the inner archives one by one.")
    refuse("archive_nested", why, do)


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Write one member to `target`, never more than its header says. Raises errors.FileRefused."""
    left = member.file_size
    with archive.open(member) as packed, target.open("wb") as file:
        while chunk := packed.read(2**20):
            left -= len(chunk)
            if left < 0:  # more than its header said
                _refuse_growth()
            file.write(chunk)
