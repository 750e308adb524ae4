"""Where layer folders are, and what stands in their files before anybody has judged it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gisapp.catalogue.layer import Text

LAYERS = "layers"
DEPARTMENTS = f"{LAYERS}/departments.toml"
LAYER_FILE, STYLE_FILE = "layer.toml", "style.json"
_LINE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True)
class Folder:
    """One layer folder: layers/<department>/<name>, shared or a city's own."""

    path: Path

    @property
    def department(self) -> str:
        """The department whose folder it lies in."""
        return self.path.parent.name

    @property
    def name(self) -> str:
        """The layer's name, which is its table's name too."""
        return self.path.name

    @property
    def id(self) -> str:
        """The layer's id, `department.layer`."""
        return f"{self.department}.{self.name}"


def shared_folders(root: Path) -> Iterator[Folder]:
    """The layer folders that every city has, by department and name."""
    yield from _folders(root / LAYERS)


def city_folders(root: Path, city: str) -> Iterator[Folder]:
    """The layer folders of one city, cities/<city>/layers/…"""
    yield from _folders(root / "cities" / city / LAYERS)


def _folders(top: Path) -> Iterator[Folder]:
    for department in _subfolders(top):
        yield from (Folder(path) for path in _subfolders(department))


def _subfolders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))
    )


def read_toml(path: Path) -> dict[str, Any] | Text:
    """The file's tables, or the sentence that says why it cannot be read and in which line."""
    text = _read(path)
    if isinstance(text, Text):
        return text
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _LINE.search(str(error))
        # tomllib says "at end of document" for a value that never came.
        line = int(place.group(1)) if place else len(text.splitlines())
        why = _LINE.sub("", str(error)).replace("(at end of document)", "").strip()
        return _not_read("TOML", line, why)


def read_json(path: Path) -> Any:
    """The file's value, or the sentence (a Text) that says why it cannot be read; also for a key that stands
    twice.
    """
    text = _read(path)
    if isinstance(text, Text):
        return text
    try:
        return json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return _not_read("JSON", error.lineno, error.msg)
    except _Ambiguous as error:
        return Text(f"JSON として使えません：{error}", f"not usable as JSON: {error}")


class _Ambiguous(ValueError):
    """JSON that Python reads in silence and others read in another way."""


def _read(path: Path) -> str | Text:
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, IsADirectoryError):
        return Text("ファイルがありません", "the file is missing")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return Text(f"{line} 行目が UTF-8 ではありません", f"line {line} is not UTF-8")


def _not_read(kind: str, line: int, why: str) -> Text:
    return Text(f"{line} 行目で {kind} として読めなくなります（{why}）", f"not {kind} at line {line}: {why}")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would keep the last of two equal keys in silence."""
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise _Ambiguous(f"“{key}” ×{keys.count(key)}")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise _Ambiguous(name)
