"""`/api/export`: a selection as a file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Response, request

from gisapp import answers
from gisapp.access import trail
from gisapp.access.guard import audience_role, installation, open_to_all, visible
from gisapp.catalogue.layer import Layer
from gisapp.features.exports.asked import Asked, read
from gisapp.features.exports.formats import FORMATS, Column, Job
from gisapp.features.exports.job import write
from gisapp.features.references import CRS84_URI, Reference
from gisapp.features.routes import features
from gisapp.features.turns import turn

PIECE = 1 << 16


@features.get("/api/export")
@open_to_all
def export() -> Response:
    """A selection of a layer as a file. Raises errors.ParameterInvalid, LayerNotFound, Busy, TooSlow, ExportFailed."""
    here = installation()
    asked = read(request.args, here.city, visible)
    folder = tempfile.TemporaryDirectory(prefix="gisapp-export-", ignore_cleanup_errors=True)
    try:
        job = Job(
            url=here.database.url(audience_role()).render_as_string(hide_password=False),
            timeout_ms=10 * here.settings.statement_timeout_ms,
            statement=asked.statement,
            values=asked.chosen.values,
            format=asked.format,
            layer=asked.layer.name,
            columns=tuple(_column(asked.layer, name, asked.lang) for name in asked.fields),
            geometry=asked.layer.geometry,
            srid=asked.reference.srid,
            encoding=asked.encoding,
            lang=asked.lang,
            path=str(Path(folder.name) / f"{asked.layer.name}.{FORMATS[asked.format].ending}"),
        )
        with turn():
            said = write(job)
        _note(asked, said)
        return _send(job, said, folder, asked.reference)
    except BaseException:
        folder.cleanup()
        raise


def _column(layer: Layer, name: str, lang: str) -> Column:
    field = layer.field(name)
    return Column(name, field.title.get(lang), field.type)


def _note(asked: Asked, said: Mapping[str, Any]) -> None:
    """What not everybody may see is on record before it leaves: how many rows, which columns, what was asked."""
    values = asked.values
    concerned = [(asked.layer, asked.view)] + ([visible(values["meets"])] if values.get("meets") else [])
    words = {name: value[:300] for name, value in values.items() if name != "layer"}
    for one, seen in concerned:
        if seen.needs:
            about = {"rows": said["rows"], "columns": list(asked.fields), "asked": words}
            trail.write(trail.entry("exported", one, (), **about))


def _send(job: Job, said: Mapping[str, Any], folder: Any, reference: Reference) -> Response:
    size = os.path.getsize(job.path)
    response = Response(_pieces(job.path), mimetype=FORMATS[job.format].mimetype)
    response.headers["Content-Length"] = str(size)
    name = Path(job.path).name
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response.headers["Export-Rows"] = str(said["rows"])
    if reference.uri != CRS84_URI or job.format == "geojson":
        response.headers["Content-Crs"] = f"<{reference.uri}>"
    for what in ("unheld", "dropped"):
        if said.get(what):
            response.headers[f"Export-{what.capitalize()}"] = json.dumps(said[what])
    response.headers["Cache-Control"], response.headers["Vary"] = answers.PRIVATE, answers.VARY
    response.call_on_close(folder.cleanup)
    return response


def _pieces(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            yield piece
