"""Code lists of PLATEAU: dictionaries beside a CityGML file that say what its codes mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from gisapp import errors
from gisapp.intake.readers.xml import elements

FOLDER = "codelists"
UPWARDS = 5  # folders above the file in which the lists may lie
LARGEST = 16 * 2**20  # bytes of one list


class CodeLists:
    """Looks codes up. Lists are found by their file's name in a folder `codelists` above the file, nowhere else."""

    def __init__(self, path: Path) -> None:
        folders = [parent / FOLDER for parent in list(path.absolute().parents)[:UPWARDS]]
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._lists: dict[str, Mapping[str, str]] = {}

    def label(self, code_space: str, code: str) -> str | None:
        """What a code means by the list that `code_space` refers to; None where the list or the code is not there."""
        name = PurePosixPath(code_space.replace("\\", "/")).name
        if not name.lower().endswith(".xml"):
            return None
        if name not in self._lists:
            self._lists[name] = self._read(name)
        return self._lists[name].get(code)

    def _read(self, name: str) -> Mapping[str, str]:
        for folder in self._folders:
            path = folder / name
            if path.is_file() and path.stat().st_size <= LARGEST:
                try:
                    return dict(_entries(path))
                except errors.FileRefused:
                    return {}
        return {}


def _entries(path: Path) -> list[tuple[str, str]]:
    entries = []
    for node in elements(path, lambda names: names[-1] == "Definition"):
        code, meaning = node.child("name"), node.child("description")
        if code is not None and meaning is not None:
            entries.append((code.text.strip(), meaning.text.strip()))
    return entries
