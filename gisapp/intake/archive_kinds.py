"""Zip archives that are something else: workbooks, KMZ, and formats that are not read here."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from gisapp.intake.archive import MAIN, members_of, name_of, opened, refuse_without_data, unpack
from gisapp.intake.child.limits import allow
from gisapp.intake.problem import refuse
from gisapp.intake.several import refuse_several

OTHERS = (
    ("[Content_Types].xml", "word/", ("Word の文書です", "it is a Word document")),
    ("[Content_Types].xml", "ppt/", ("PowerPoint の文書です", "it is a PowerPoint document")),
    (
        "META-INF/manifest.xml",
        "content.xml",
        ("OpenDocument の文書（.ods など）です", "it is an OpenDocument file (.ods)"),
    ),
)


def kind_of_archive(path: Path) -> str:
    """ "xlsx", "kmz", "gdb" or "zip", by what it holds. Raises errors.FileRefused for what cannot be read here, and as `take_out`."""
    with opened(path) as archive:
        names = [name_of(info) for info in archive.infolist()]
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "xlsx"
    for one, other, why in OTHERS:
        if one in names and any(name.startswith(other) for name in names):
            refuse(
                "unsupported_variant",
                why,
                ("xlsx か CSV で保存し直してください。", "Save it as xlsx or CSV."),
            )
    if any(GEODATABASE.search(name) for name in names):
        return "gdb"
    whole = [name for name in names if name.lower().endswith(MAIN)]
    return "kmz" if "doc.kml" in names and all(n.lower().endswith(".kml") for n in whole) else "zip"


def take_kml(path: Path, scratch: Path) -> Path:
    """Unpack the main document of a KMZ. Raises errors.FileRefused as `take_out` does."""
    with opened(path) as archive:
        members, _ = members_of(archive)
        found = {name: info for name, info in members if name.lower().endswith(".kml")}
        if not found:
            refuse_without_data(members)
        unpack(archive, found.get("doc.kml") or next(iter(found.values())), scratch / "data.kml")
    return scratch / "data.kml"


def take_geodatabase(path: Path, scratch: Path) -> Path:
    """Unpack the only File Geodatabase of an archive. Raises errors.FileRefused as `take_out` does."""
    with opened(path) as archive:
        members, _ = members_of(archive)
        found = {name: info for name, info in members if GEODATABASE.search(name)}
        folders = sorted({str(PurePosixPath(name).parent) for name in found})
        if len(folders) > 1:
            refuse_several(folders, "")
        target = scratch / "data.gdb"
        target.mkdir()
        for name, info in found.items():
            unpack(archive, info, target / PurePosixPath(name).name.lower())
        allow(sum(info.file_size for info in found.values()))
    return target


GEODATABASE = re.compile(r"\.gdb/(?:a[0-9a-f]{8}\.[a-z0-9_.]{1,40}|gdb|timestamps)$", re.I)
"""The files of which a File Geodatabase is made; nothing else of its folder is unpacked."""
