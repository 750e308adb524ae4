"""`gisapp upload --watch DIR`: whatever is put into a folder goes to the server, once, and then to done/ or failed/.

A file is taken when nobody has written to it for a while. Its upload has an id made of what it is, so that a watcher that
was killed, or a server that was away, never makes it two. What became of it lies beside it as `<name>.report.json`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from gisapp.client import (
    FAILED,
    Client,
    ClientError,
    FileAsked,
    FileRefused,
    NotReached,
    Progress,
    Refused,
    shapefile_parts,
    whole_file,
)

LOADED, FILES_FAILED, ASKED, AWAY, WATCHED = 0, 1, 3, 4, 5
"""Exit codes: all loaded (or nothing to do); a file failed, or the token or the layer is wrong; only questions were left
open; the server did not answer, files stay; another watcher has the folder."""
DONE, FAILED_FOLDER, LOCK = "done", "failed", ".gisapp-watch.lock"
UNFINISHED = {".tmp", ".part", ".partial", ".crdownload", ".filepart", ".lock", ".swp"}
COMPANIONS = (".dbf", ".shx", ".prj", ".cpg", ".qpj", ".qix", ".sbn", ".sbx", ".qmd", ".shp.xml")
"""Endings of files that lie beside a .shp and are never taken by themselves."""
ABOUT_THE_FILE = (400, 413, 422)  # all other refusals are about the token or the layer: the file waits
LOADED_STATES = ("published", "checked", "undone")
AS_OFTEN = 1000  # tries under ids of their own that a file which failed may have
SPACE = uuid.UUID("6ba3e26c-0f4b-5d3e-8a2f-0d0f6b2f7b11")


@dataclass
class Watch:
    """A folder, where its files go, and what is said of them (`words` of Client.upload)."""

    client: Client
    folder: Path
    layer: str
    words: dict[str, Any]
    settle: float = 10.0
    say: Callable[[str], None] = click.echo
    bar: Callable[[str], contextlib.AbstractContextManager[Progress | None]] = lambda _: (
        contextlib.nullcontext()
    )
    seen: dict[Path, tuple[float, tuple[Any, ...]]] = field(default_factory=dict)

    def once(self) -> int:
        """Take every file that is there, waiting until each is settled; returns the exit code."""
        codes: list[int] = []
        while waiting := self.files():
            for path in waiting:
                if self.settled(path):
                    codes.append(self.take(path))
                    if codes[-1] == AWAY or path.exists():  # neither moved: it waits for the next run
                        return codes[-1]
            time.sleep(min(self.settle, 1.0) / 4)
        return next((code for code in (FILES_FAILED, ASKED) if code in codes), LOADED)

    def always(self, every: float) -> int:
        """Take files as they come, until the process is told to end; returns only for what a person has to put right."""
        while True:
            for path in self.files():
                if self.settled(path):
                    code = self.take(path)
                    if code == FILES_FAILED and path.exists():
                        return code
            time.sleep(every)

    def files(self) -> list[Path]:
        """The files that are there, in the order of their names: no folders, nothing hidden or half-written."""
        found = (path for path in self.folder.iterdir() if path.is_file())
        kept = [path for path in found if path.name[0] not in ".~" and path.suffix.lower() not in UNFINISHED]
        return sorted(path for path in kept if not path.name.lower().endswith(COMPANIONS))

    def settled(self, path: Path) -> bool:
        """Whether this process has seen nothing of it change for `settle` seconds; the clock of a file server may be wrong."""
        try:
            state = tuple((one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in _all_of(path))
        except FileNotFoundError:  # renamed this moment
            return False
        since, before = self.seen.get(path, (time.monotonic(), None))
        if before != state:
            self.seen[path] = (time.monotonic(), state)
            return self.settle <= 0
        return time.monotonic() - since >= self.settle

    def take(self, path: Path) -> int:
        """Send a file and put it away with its report; returns the exit code that tells of it."""
        try:
            report, code = self._load(path), LOADED
        except (NotReached, OSError) as error:
            self.say(f"{path.name}: {error}")
            return AWAY if isinstance(error, NotReached) else FILES_FAILED
        except Refused as refusal:
            if refusal.status not in ABOUT_THE_FILE:
                self.say(f"{path.name}: {refusal}")
                return FILES_FAILED
            report, code = {"ok": False, "error": str(refusal), **refusal.problem}, FILES_FAILED
        except FileAsked as question:
            report, code = question.report, ASKED
        except FileRefused as refusal:
            report, code = refusal.report, FILES_FAILED
        except ClientError as error:
            report, code = {"ok": False, "error": str(error)}, FILES_FAILED
        _put_away(path, self.folder / (DONE if code == LOADED else FAILED_FOLDER), report)
        self.seen.pop(path, None)
        outcome = report.get("state") or report.get("error") or report.get("title")
        self.say(f"{path.name} → {DONE if code == LOADED else FAILED_FOLDER}/ {outcome}")
        return code

    def _load(self, path: Path) -> dict[str, Any]:
        """The report; of an upload that an earlier run made of this very file, where there is one that did not fail."""
        identity = _fingerprint(path, self.layer, self.words)
        with whole_file(path) as whole, self.bar(path.name) as progress:
            for nth in range(AS_OFTEN):
                number = str(uuid.uuid5(SPACE, f"{identity}|{nth}"))
                before = self._state(number)
                if before in FAILED:
                    continue  # who puts a file back from failed/ wants another try
                try:
                    report = self.client.upload(
                        self.layer, whole, upload_id=number, progress=progress, **self.words
                    )
                except Refused as refusal:
                    if str(refusal.problem.get("type", "")).endswith("#upload-not-found"):
                        continue  # somebody else sent the same file
                    raise
                return report | ({"sent_before": True} if before in LOADED_STATES else {})
        raise ClientError("何度も失敗しました / it failed too often")

    def _state(self, number: str) -> str:
        try:
            return str(self.client.state(number)["state"])
        except Refused as refusal:
            if refusal.status != 404:
                raise
            return ""


def _fingerprint(path: Path, layer: str, words: dict[str, Any]) -> str:
    """What makes a file the same as one that was sent: content, layer and options; but for `append`, which would double its
    rows, also its name and time: the export of another night is another file though nothing changed in it."""
    parts = _all_of(path)
    digest = hashlib.sha256(json.dumps([layer, words], sort_keys=True, default=str).encode())
    for part in parts:
        with part.open("rb") as file:
            digest.update(part.suffix.lower().encode() + hashlib.file_digest(file, "sha256").digest())
    if words.get("mode") != "append":
        digest.update(f"{path.name}|{[part.stat().st_mtime_ns for part in parts]}".encode())
    return digest.hexdigest()


def _all_of(path: Path) -> list[Path]:
    """The file, with the companions of a .shp."""
    return shapefile_parts(path) if path.suffix.lower() == ".shp" else [path]


def _put_away(path: Path, folder: Path, report: dict[str, Any]) -> None:
    """Write the report, then move the file (and its companions): whoever sees the file there finds the report too."""
    folder.mkdir(exist_ok=True)
    stem = _free_stem(path, folder)
    written = folder / f".{stem}{path.suffix}.report.tmp"
    written.write_text(json.dumps(report, ensure_ascii=False, indent=1), "utf-8")
    os.replace(written, folder / f"{stem}{path.suffix}.report.json")
    for part in [*_beside(path), path]:
        os.replace(part, folder / f"{stem}{part.name[len(path.stem) :]}")


def _beside(path: Path) -> list[Path]:
    """The companions of a .shp, whatever the case of their letters."""
    if path.suffix.lower() != ".shp":
        return []
    names = {f"{path.stem}{ending}".lower() for ending in COMPANIONS}
    return [one for one in path.parent.iterdir() if one.name.lower() in names]


def _free_stem(path: Path, folder: Path) -> str:
    stem, number = path.stem, 1
    while (folder / f"{stem}{path.suffix}").exists():
        number += 1
        stem = f"{path.stem}-{number}"
    return stem


@contextlib.contextmanager
def only_watcher(folder: Path) -> Iterator[bool]:
    """Hold the folder, as long as the block lasts; False where another process has it."""
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
