"""An editor of each department with a token, over the sample city; what is edited is removed or put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gisapp.access import tokens
from gisapp.installation import Installation

TOILETS = "/ogc/collections/facilities.public_toilet/items"
GEOJSON = "application/geo+json"


class Editor:
    """Sends features as a script does."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {token}"}

    def send(self, verb: str, path: str, body: Any = None, kind: str = GEOJSON, **more: str) -> TestResponse:
        headers = self.headers | {name.replace("_", "-"): value for name, value in more.items()}
        data = {} if body is None else {"json": body, "content_type": kind}
        return self.client.open(path, method=verb, headers=headers, **data)


@pytest.fixture
def editor(client: FlaskClient, installation: Installation, staff: dict[str, str]) -> Callable[..., Editor]:
    def of(login: str, verbs: tuple[str, ...] = tokens.VERBS) -> Editor:
        with installation.database.transaction("owner") as connection:
            return Editor(client, tokens.issue(connection, login, "edits", ["*"], list(verbs), 1))

    return of


@pytest.fixture
def facilities(editor: Callable[..., Editor]) -> Editor:
    return editor("facilities")


@pytest.fixture
def middle(installation: Installation) -> tuple[float, float]:
    """Longitude and latitude of a place in the middle of the city."""
    west, south, east, north = installation.city.bounds
    return (west + east) / 2, (south + north) / 2


@pytest.fixture
def toilet(middle: tuple[float, float]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": list(middle)},
        "properties": {"facility_id": "EDIT-1", "name": "中央公園トイレ", "name_english": "Central park"},
    }


@pytest.fixture(autouse=True)
def _put_back(installation: Installation) -> Iterator[None]:
    yield
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql(
            "DELETE FROM facilities.public_toilet WHERE facility_id LIKE 'EDIT-%%' OR name LIKE '編集試験%%'"
        )
