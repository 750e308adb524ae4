"""Zip archives: which data sets they hold, and one of them taken out safely.

Members go into a folder of ours under names of ours, so a member's name leads nowhere; archives with such names are
refused all the same, as are archives that would grow beyond reason. Sizes are counted while unpacking, not believed.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import NoReturn

from gisapp.intake.problem import refuse
from gisapp.text.folding import fold

MOST_MEMBERS = 10_000
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
MAIN = (".shp", ".gpkg", ".geojson", ".json", ".geojsonl", ".ndjson", ".fgb", ".csv", ".tsv", ".txt")
SHAPEFILE_PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg")

Members = dict[str, zipfile.ZipInfo]  # suffix → member


def take_out(path: Path, part: str, scratch: Path) -> tuple[Path, str]:
    """Unpack the archive's data set `part` (or the only one) into `scratch`; returns its main file and its name.

    Raises errors.FileRefused: not a zip, broken, encrypted, hostile, nothing in it, several to choose from.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sets = _data_sets(archive)
            name = _choose(sets, part)
            for suffix, member in sets[name].items():
                _unpack(archive, member, scratch / f"data{suffix}")
    except BROKEN:
        why = ("zip が壊れています", "the zip archive is broken")
        refuse(
            "truncated",
            why,
            ("圧縮し直すか、ダウンロードし直してください。", "Pack it or download it again."),
        )
    main = next(suffix for suffix in MAIN if suffix in sets[name])
    return scratch / f"data{main}", name


def _data_sets(archive: zipfile.ZipFile) -> dict[str, Members]:
    """Data sets by name; a Shapefile's parts are one set whatever the case of their names."""
    members = [(_name(info), info) for info in archive.infolist() if not info.is_dir()]
    _check_members(members)
    found: dict[str, tuple[str, Members]] = {}
    for name, info in members:
        path = PurePosixPath(name)
        suffix = path.suffix.lower()
        if path.parts[0] == "__MACOSX" or path.name.startswith("."):
            continue
        stem = str(path.with_suffix(""))
        if suffix in SHAPEFILE_PARTS:
            found.setdefault(stem.lower(), (path.stem, {}))[1][suffix] = info
        elif suffix in MAIN:
            found[name] = (path.name, {suffix: info})
    whole = {key: value for key, value in found.items() if any(suffix in value[1] for suffix in MAIN)}
    if not whole:
        _refuse_without_data(members)
    if len({title for title, _ in whole.values()}) < len(whole):
        return {key: parts for key, (_, parts) in whole.items()}
    return dict(whole.values())


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name. Without the UTF-8 flag Python reads CP437; Japanese Windows wrote CP932."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for codec in ("utf-8", "cp932"):
        try:
            return raw.decode(codec).replace("\\", "/")
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


def _refuse_without_data(members: list[tuple[str, zipfile.ZipInfo]]) -> NoReturn:
    held = "、".join(PurePosixPath(name).name for name, _ in members[:5]) or "なし / nothing"
    parts = {PurePosixPath(name).suffix.lower() for name, _ in members}
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
    refuse("no_data", why, do)


def _choose(sets: dict[str, Members], part: str) -> str:
    if part:
        for name in sets:
            if fold(part) in {fold(name), fold(PurePosixPath(name).stem)}:
                return name
    if len(sets) == 1 and not part:
        return next(iter(sets))
    refuse_several(list(sets), part)


def refuse_several(names: list[str], part: str) -> NoReturn:
    """Refuse a file with several data sets, or one without the `part` asked for. Raises errors.FileRefused."""
    listed = "、".join(names[:10]) + ("、…" if len(names) > 10 else "")
    if part:
        why = (
            f"「{part}」がありません（あるのは：{listed}）",
            f"there is no “{part}” in it (there are: {listed})",
        )
    else:
        why = (f"データが {len(names)} 組あります：{listed}", f"it holds {len(names)} data sets: {listed}")
    do = (
        f"どれか一つを `--part {names[0]}` のように指定してください。",
        f"Name one of them, as in `--part {names[0]}`.",
    )
    refuse("several_layers", why, do)


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    left = member.file_size
    with archive.open(member) as packed, target.open("wb") as file:
        while chunk := packed.read(2**20):
            left -= len(chunk)
            if left < 0:  # more than its header said
                _refuse_growth()
            file.write(chunk)
