"""A person who uploads over HTTP, with a worker that is always there at once."""

from __future__ import annotations

import contextlib
import io
import threading
import traceback
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from gisapp.installation import Installation
from gisapp.intake.process import process_upload
from tests.intake.files import feature, geojson, line


class Waiting:
    """A person with a token, over HTTP, and the worker at once after each request."""

    def __init__(self, city: Installation, client: FlaskClient, token: str) -> None:
        self.city, self.client = city, client
        self.headers = {"Authorization": f"Bearer {token}"}

    def send(self, path: Path, layer: str = "roads.street", **fields: Any) -> str:
        data = {"file": (io.BytesIO(path.read_bytes()), path.name), "publish": "0", **fields}
        answer = self.client.post(f"/api/layers/{layer}/uploads", data=data, headers=self.headers)
        assert answer.status_code == 202, answer.get_data(as_text=True)
        process_upload(self.city, uuid.UUID(answer.json["id"]))
        return str(answer.json["id"])

    def get(self, upload_id: str, what: str = "") -> Any:
        return self.client.get(f"/api/uploads/{upload_id}{what}", headers=self.headers)

    def post(self, upload_id: str, verb: str, **fields: Any) -> dict[str, Any]:
        answer = self.client.post(f"/api/uploads/{upload_id}/{verb}", data=fields, headers=self.headers)
        assert answer.status_code in (200, 202), answer.get_data(as_text=True)
        process_upload(self.city, uuid.UUID(upload_id))
        return dict(self.get(upload_id).json)


def streets(path: Path, shift: int = 0, **widths: float | None) -> Path:
    rows = [feature(line(n + shift), 路線番号=name, 幅員=w) for n, (name, w) in enumerate(widths.items())]
    return geojson(path, rows)


@contextlib.contextmanager
def worked_at_once(city: Installation) -> Iterator[None]:
    """Whatever is sent to a server of the city is done at once, by this process: a worker's own start would take longer."""
    stop = threading.Event()
    moving = sa.text("SELECT id FROM gisapp.upload WHERE state IN ('received', 'publishing', 'undoing')")

    failed: list[Exception] = []

    def work() -> None:
        while not stop.wait(0.05):
            try:
                with city.database.transaction("owner") as connection:
                    waiting = list(connection.scalars(moving))
                for upload in waiting:
                    process_upload(city, upload)
                failed.clear()  # a worker, too, begins anew what failed for a moment
            except Exception as error:  # said at the end: whoever waits for an upload would wait for ever
                failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(30)
    assert not failed, [traceback.format_exception(one) for one in failed]
