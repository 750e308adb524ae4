"""The client that upload scripts import: `from gisapp.client import Client`.

It needs `requests` and Python, nothing else of gisapp, so this one file may be copied to wherever the script runs.
Files are sent in pieces, as they are read: a large one never sits in memory, and what arrived before a connection broke
is not sent again. Whatever the server cannot answer for a while (a restart, too many at once) is asked again.
"""

from __future__ import annotations

import contextlib
import email.utils
import hashlib
import random
import shutil
import tempfile
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

SHAPEFILE_PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg")
ENDED = ("published", "undone", "checked", "asking", "refused", "failed", "discarded")
FAILED = ("refused", "failed", "asking", "discarded")  # nothing was changed
AWAY = (429, 502, 503, 504)  # the server, or a proxy before it, may answer later
PIECE = 4 * 2**20  # bytes
CONNECT_SECONDS = 10
ANSWER_SECONDS = 300
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0

Report = dict[str, Any]
Progress = Callable[[str, float], None]
"""Called with what is being done ("sending", "checking" …) and how much of it is done, 0 to 1."""


class ClientError(Exception):
    """Something went wrong; the message is a sentence for people. Base of the three below."""


class NotReached(ClientError):
    """The server does not answer, or says that it cannot for now, for longer than the client's `patience`."""


class Refused(ClientError):
    """The server does not take the request: the token, the layer, an option. `status` is the HTTP status."""

    def __init__(self, sentence: str, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(sentence)
        self.status = status
        self.problem = dict(problem)


class FileRefused(ClientError):
    """The file was read and not taken; nothing was changed. `report` says why, row by row."""

    def __init__(self, report: Report) -> None:
        self.report = report
        errors = [p for p in report.get("problems", []) if p.get("level") == "error"]
        super().__init__("\n".join(f"{p['ja']} / {p['en']}" for p in errors) or "refused")


class FileAsked(FileRefused):
    """The file can be read in more than one way; nothing was changed. `choices` are the answers, the likeliest first:
    each names its `option` and has the value under that name ({"option": "crs", "crs": "EPSG:6677", "why_ja": …}).
    """

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.choices = list(report.get("choices", []))
        asked = [p for p in report.get("problems", []) if p.get("level") == "question"]
        self.args = ("\n".join(f"{p['ja']} / {p['en']}" for p in asked) or "asked",)


class Client:
    """A gisapp server, seen by the owner of `token` (made with `gisapp tokens issue`).

    patience: seconds for which a request is made again while the server is away; 0: not at all.
    """

    def __init__(self, url: str, token: str, patience: float = 60) -> None:
        self.url, self.patience = url.rstrip("/"), patience
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def layers(self) -> list[dict[str, Any]]:
        """The layers that the token may read: `id`, `title` and more. Raises NotReached, Refused."""
        return list(self._ask("GET", "/ogc/collections").get("collections", []))

    def upload(
        self,
        layer: str,
        path: str | Path,
        *,
        mode: str = "replace",
        crs: str = "",
        encoding: str = "",
        part: str = "",
        only: str = "",
        places: str = "",
        constants: Mapping[str, object] | None = None,
        publish: bool = True,
        wait: bool = True,
        timeout: float = 3600,
        progress: Progress | None = None,
        upload_id: str = "",
    ) -> Report:
        """Send a file to a layer and return the report once it is published (or checked, with `publish=False`).

        `mode`: replace, append or upsert; `constants`: field → value of every row. A Shapefile may be given by its .shp.
        `wait=False` returns at once: {"id", "state", "url"}. `upload_id`: a UUID of your own; a file that was sent under
        it is not sent again, one that was begun is gone on with (a script that was killed may simply run again).
        Raises FileAsked, FileRefused, Refused, NotReached, ClientError.
        """
        fields: dict[str, Any] = {"mode": mode, "crs": crs, "encoding": encoding, "part": part, "only": only}
        fields |= {"places": places, "publish": str(int(publish)), "id": upload_id or str(uuid.uuid4())}
        if constants:
            fields["set"] = [f"{name}={value}" for name, value in constants.items()]
        with whole_file(Path(path)) as file:
            answer = self._send(layer, file, fields, progress)
        return self.wait(answer["id"], timeout, progress) if wait else answer

    def wait(self, upload_id: str, timeout: float = 3600, progress: Progress | None = None) -> Report:
        """Wait until an upload has ended and return its report. Raises FileRefused, ClientError (failed, too long)."""
        until = time.monotonic() + timeout
        pause = 0.1
        while time.monotonic() < until:
            state = self.state(upload_id)
            if progress:
                progress(state["state"], state["done"])
            if state["state"] in ENDED:
                return _report(state)
            time.sleep(pause)
            pause = min(pause * 1.5, 2.0)
        raise ClientError(
            f"{timeout:g} 秒たっても終わりません / not finished after {timeout:g} s (upload {upload_id})"
        )

    def state(self, upload_id: str) -> dict[str, Any]:
        """How an upload goes: `state`, `done`, `report`. Raises NotReached, Refused."""
        return self._ask("GET", f"/api/uploads/{upload_id}")

    def publish(self, upload_id: str) -> dict[str, Any]:
        """Publish an upload that was checked; then `wait` for it. Raises NotReached, Refused."""
        return self._change(upload_id, "publish", ("publishing", "published"))

    def discard(self, upload_id: str) -> dict[str, Any]:
        """Throw away an upload that was checked. Raises NotReached, Refused."""
        return self._change(upload_id, "discard", ("discarded",))

    def _change(self, upload_id: str, verb: str, done: tuple[str, ...]) -> dict[str, Any]:
        """Ask for a change; where it was made and only the answer got lost, that is as good."""
        try:
            return self._ask("POST", f"/api/uploads/{upload_id}/{verb}")
        except Refused as refusal:
            state = self.state(upload_id) if refusal.status == 409 else {}
            if state.get("state") not in done:
                raise
            return state

    def _send(
        self, layer: str, path: Path, fields: dict[str, Any], progress: Progress | None
    ) -> dict[str, Any]:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = path.stat().st_size
            announced = {**fields, "name": path.name, "size": str(size), "sha256": sha256}
            answer = self._ask("POST", f"/api/layers/{layer}/uploads", data=announced)
            moved = time.monotonic()
            while answer["state"] == "receiving":
                offset = answer["offset"]
                file.seek(offset)
                piece = file.read(PIECE)
                if not piece:
                    raise ClientError("送信中にファイルが短くなりました / the file became shorter meanwhile")
                answer = self._piece(answer["id"], offset, piece)
                if answer.get("offset", size) > offset:
                    moved = time.monotonic()
                elif time.monotonic() - moved > self.patience:
                    raise NotReached(self._away(None))
                if progress:
                    progress("sending", answer.get("offset", size) / size)
        return answer

    def _piece(self, upload_id: str, offset: int, piece: bytes) -> dict[str, Any]:
        try:
            headers = {"Upload-Offset": str(offset)}
            return self._ask("PATCH", f"/api/uploads/{upload_id}", data=piece, headers=headers)
        except Refused as refusal:
            if (
                refusal.status != 409
            ):  # 409: it arrived, the answer did not; or an earlier request is still being read
                raise
            time.sleep(FIRST_PAUSE)
            return self.state(upload_id)

    def _ask(self, method: str, path: str, **words: Any) -> dict[str, Any]:
        """The answer's JSON. Asks again while the server is away; all that is asked here may be asked twice."""
        until = time.monotonic() + self.patience
        pause = FIRST_PAUSE
        while True:
            answer = self._once(method, path, **words)
            if answer is not None and answer.status_code not in AWAY:
                return _read(answer)
            wait = max(_retry_after(answer), pause * random.uniform(0.7, 1.3))
            if time.monotonic() + wait > until:
                raise NotReached(self._away(answer))
            time.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _once(self, method: str, path: str, **words: Any) -> requests.Response | None:
        timeout = (CONNECT_SECONDS, ANSWER_SECONDS)
        try:
            return self._session.request(
                method, self.url + path, timeout=timeout, allow_redirects=False, **words
            )
        except requests.RequestException:
            return None

    def _away(self, answer: requests.Response | None) -> str:
        if answer is not None:
            return _sentence(_body(answer), answer.status_code)
        return f"サーバーに接続できません：{self.url} / the server cannot be reached: {self.url}"


def _read(answer: requests.Response) -> dict[str, Any]:
    body = _body(answer)
    if not answer.ok or answer.is_redirect or not isinstance(body, dict):
        raise Refused(
            _sentence(body, answer.status_code), answer.status_code, body if isinstance(body, dict) else {}
        )
    return body


def _body(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _retry_after(answer: requests.Response | None) -> float:
    """Seconds that the server wants to be left alone: a number or a date of its header."""
    said = (answer.headers.get("Retry-After") or "") if answer is not None else ""
    if said.isdigit():
        return float(said)
    with contextlib.suppress(ValueError, TypeError):
        return max(email.utils.parsedate_to_datetime(said).timestamp() - time.time(), 0.0)
    return 0.0


def _sentence(body: Any, status: int) -> str:
    if not isinstance(body, dict) or "title" not in body:
        return f"サーバーの応答が正しくありません（{status}） / unexpected answer ({status})"
    ja = f"{body['title']} {body.get('detail', '')}".strip()
    return f"{ja} / {body.get('title_en', '')} {body.get('detail_en', '')}".strip(" /")


def _report(state: Mapping[str, Any]) -> Report:
    """The report of an upload that has ended; refusals and failures as exceptions."""
    report = dict(state.get("report") or {}) | {"id": state["id"], "state": state["state"]}
    if state["state"] == "asking":
        raise FileAsked(report)
    if state["state"] == "refused":
        raise FileRefused(report)
    if state["state"] in ("failed", "discarded"):
        problems = [f"{p['ja']} / {p['en']}" for p in report.get("problems", [])]
        raise ClientError("\n".join(problems) or state["state"])
    return report


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The file to send: a .shp with the parts beside it, packed into one zip for that long; any other file as it is.

    The same parts always give the same zip, so that an upload is known again.
    """
    if path.suffix.lower() != ".shp":
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / f"{path.stem}.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for part in shapefile_parts(path):
                entry = zipfile.ZipInfo(path.stem + part.suffix)
                entry.compress_type = zipfile.ZIP_DEFLATED
                with part.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target, 2**20)
        yield packed


def shapefile_parts(path: Path) -> list[Path]:
    """The files that belong to a .shp, itself among them."""
    there = (one for one in path.parent.iterdir() if one.suffix.lower() in SHAPEFILE_PARTS and one.is_file())
    return sorted(one for one in there if one.stem.lower() == path.stem.lower())


__all__ = ["Client", "ClientError", "FileAsked", "FileRefused", "NotReached", "Refused"]
