"""Requests that schemathesis makes of the project's own definition, each sent to a real server by everybody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from gisapp.settings import ROOT

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
INSIDE = re.compile(
    r"Traceback|psycopg|sqlalchemy|\bSELECT |postgresql://|/home/|site-packages|\.py\b|gisapp_sample_", re.I
)
"""What no answer may tell."""
NOBODYS = 10**9
"""Numbers of features from here on are nobody's: what is changed in tests are these, and what a test added."""
TOILET = {"facility_id": "EDIT-SCHEMATHESIS", "name": "編集試験"}
Sessions = Mapping[str, requests.Session]


def operations(raw: dict[str, Any]) -> Iterator[tuple[schemathesis.APIOperation, str]]:
    """Every operation of a definition, and where it is; who sends it has signed in, or has not: that is not made up."""
    generation = GenerationConfig(modes=MODES, with_security_parameters=False)
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
    for found in schemathesis.openapi.from_dict(raw, config=config).get_all_operations():
        operation = found.ok()
        own = operation.base_url or ""
        yield operation, own if own.startswith("http") else raw["servers"][0]["url"]


def attack(
    operation: schemathesis.APIOperation, base: str, people: Sessions, here: Installation, examples: int
) -> Counter[tuple[str, int]]:
    """Send so many requests of one operation, each as everybody; every answer is one that the definition names, and tells
    nothing of the inside. Returns how often who got which status.
    """
    west, south, east, north = here.city.bounds
    near = st.tuples(st.floats(west, east), st.floats(south, north))
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES))
    seen: Counter[tuple[str, int]] = Counter()

    @hypothesis.seed(0)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(cases, near, st.booleans())
    def send(case: Case, place: tuple[float, float], at_home: bool) -> None:
        if at_home:
            _bring_home(case, place)
        _spare(case)
        for who, session in people.items():
            answer = case.call(base, session=session, timeout=60)
            _check(case, answer, f"{who} {case.method} {answer.request.url}"[:600], here)
            seen[who, answer.status_code] += 1

    send()
    return seen


def _bring_home(case: Case, place: tuple[float, float]) -> None:
    """Ask about a place in the city, add a feature that the layer takes: chance alone finds neither."""
    label, (lon, lat) = case.operation.label, place
    where = case.path_parameters or {}
    if label.startswith(("GET /api/identify", "GET /api/reverse")):
        case.query = {"lon": lon, "lat": lat}
    elif "{tileMatrix}" in label:
        column, row = tile_at(lon, lat, 15)
        numbers = {"tileMatrixSetId": "WebMercatorQuad", "tileMatrix": 15, "tileRow": row, "tileCol": column}
        case.path_parameters, case.query = {**where, **numbers, "collectionId": "base.building"}, {}
    elif label.startswith("POST /collections") and isinstance(case.body, dict):
        case.path_parameters = {"collectionId": "facilities.public_toilet"}
        point = {"type": "Point", "coordinates": [lon, lat]}
        case.body |= {"type": "Feature", "geometry": point, "properties": TOILET}


def _spare(case: Case) -> None:
    """Leave the features of the city as they are."""
    number = (case.path_parameters or {}).get("featureId")
    if case.method != "GET" and isinstance(number, int):
        case.path_parameters["featureId"] = NOBODYS + number % NOBODYS


def _check(case: Case, answer: Response, asked: str, here: Installation) -> None:
    said = answer.content.decode("utf-8", "replace")
    assert answer.status_code < 500, f"{asked}: {said[:600]}"
    case.validate_response(answer, checks=CHECKS)
    words = said if answer.status_code >= 400 else str(answer.headers)
    home = str(here.settings.home)
    assert not INSIDE.search(words) and home not in said and str(ROOT) not in said, f"{asked}: {said[:600]}"
