"""The client that upload scripts import: `from gisapp.client import Client`.

It needs `requests` and Python, nothing else of gisapp, so this one file may be copied to wherever the script runs.
Files are sent as they are read; a large one never sits in memory.
"""

from __future__ import annotations

import secrets
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import requests

SHAPEFILE_PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg")
ENDED = ("published", "undone", "checked", "asking", "refused", "failed", "discarded")
CONNECT_SECONDS = 10
ANSWER_SECONDS = 300

Report = dict[str, Any]
Progress = Callable[[str, float], None]
"""Called with what is being done ("sending", "checking" …) and how much of it is done, 0 to 1."""


class ClientError(Exception):
    """Something went wrong; the message is a sentence for people. Base of the three below."""


class NotReached(ClientError):
    """The server does not answer."""


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
    """A gisapp server, seen by the owner of `token` (made with `gisapp tokens issue`)."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
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
        constants: Mapping[str, object] | None = None,
        publish: bool = True,
        wait: bool = True,
        timeout: float = 3600,
        progress: Progress | None = None,
    ) -> Report:
        """Send a file to a layer and return the report once it is published (or checked, with `publish=False`).

        `mode`: replace, append or upsert; `constants`: field → value of every row. A Shapefile may be given by its .shp.
        `wait=False` returns at once: {"id", "state", "url"}. Raises FileAsked, FileRefused, Refused, NotReached, ClientError.
        """
        fields = [
            ("mode", mode),
            ("crs", crs),
            ("encoding", encoding),
            ("part", part),
            ("only", only),
            ("publish", str(int(publish))),
        ]
        fields += [("set", f"{name}={value}") for name, value in (constants or {}).items()]
        with tempfile.TemporaryDirectory() as folder:
            answer = self._send(layer, _whole_file(Path(path), Path(folder)), fields, progress)
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
        return self._ask("POST", f"/api/uploads/{upload_id}/publish")

    def discard(self, upload_id: str) -> dict[str, Any]:
        """Throw away an upload that was checked. Raises NotReached, Refused."""
        return self._ask("POST", f"/api/uploads/{upload_id}/discard")

    def _send(
        self, layer: str, path: Path, fields: list[tuple[str, str]], progress: Progress | None
    ) -> dict[str, Any]:
        with path.open("rb") as file:
            body = _Multipart(file, path.name, path.stat().st_size, fields, progress)
            return self._ask(
                "POST", f"/api/layers/{layer}/uploads", data=body, headers={"Content-Type": body.type}
            )

    def _ask(self, method: str, path: str, **words: Any) -> dict[str, Any]:
        try:
            timeout = (CONNECT_SECONDS, ANSWER_SECONDS)
            answer = self._session.request(
                method, self.url + path, timeout=timeout, allow_redirects=False, **words
            )
        except requests.RequestException as error:
            sentence = f"サーバーに接続できません：{self.url} / the server cannot be reached: {self.url}"
            raise NotReached(sentence) from error
        try:
            body = answer.json()
        except ValueError:
            body = {}
        if not answer.ok or answer.is_redirect or not isinstance(body, dict):
            raise Refused(
                _sentence(body, answer.status_code),
                answer.status_code,
                body if isinstance(body, dict) else {},
            )
        return body


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


def _whole_file(path: Path, folder: Path) -> Path:
    """The file to send: a .shp with the parts beside it, packed into one zip; any other file as it is."""
    if path.suffix.lower() != ".shp":
        return path
    packed = folder / f"{path.stem}.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part in sorted(path.parent.iterdir()):
            if (
                part.stem.lower() == path.stem.lower()
                and part.suffix.lower() in SHAPEFILE_PARTS
                and part.is_file()
            ):
                archive.write(part, path.stem + part.suffix)
    return packed


class _Multipart:
    """A form with one file, produced while it is sent. (`requests` itself would put the whole file into memory.)"""

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        size: int,
        fields: Iterable[tuple[str, str]],
        progress: Progress | None,
    ) -> None:
        boundary = secrets.token_hex(16)
        self.type = f"multipart/form-data; boundary={boundary}"
        parts = [f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}' for key, value in fields]
        plain = "".join("_" if c in '"\\' or ord(c) < 32 else c for c in name)
        parts.append(f'Content-Disposition: form-data; name="file"; filename="{plain}"\r\n\r\n')
        self._head = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts).encode()[:-2]
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._file, self._size, self._progress = file, size, progress
        self._sent = 0

    def __len__(self) -> int:
        return len(self._head) + self._size + len(self._tail)

    def read(self, count: int = -1) -> bytes:
        """The next bytes of the form (at least one unless it is over)."""
        count = len(self) if count < 0 else count
        at, end_of_file = self._sent, len(self._head) + self._size
        if at < len(self._head):
            chunk = self._head[at : at + count]
        elif at < end_of_file:
            chunk = self._file.read(min(count, end_of_file - at))
            if not chunk:
                raise ClientError(
                    "送信中にファイルが短くなりました / the file became shorter while it was sent"
                )
        else:
            chunk = self._tail[at - end_of_file : at - end_of_file + count]
        self._sent += len(chunk)
        if self._progress and self._size:
            self._progress("sending", min(max(self._sent - len(self._head), 0) / self._size, 1.0))
        return chunk


__all__ = ["Client", "ClientError", "FileAsked", "FileRefused", "NotReached", "Refused"]
