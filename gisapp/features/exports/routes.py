"""`/api/export`: a selection as a file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Response

from gisapp import answers
from gisapp.access import trail
from gisapp.access.guard import audience_role, installation, open_to_all, visible
from gisapp.catalogue.layer import Layer, View
from gisapp.features import selection
from gisapp.features.exports.formats import ENCODINGS, FORMATS, Column, Job
from gisapp.features.exports.job import statement_of, write
from gisapp.features.expressions import fields_of
from gisapp.features.parameters import invalid
from gisapp.features.questions import read_layer
from gisapp.features.references import CRS84, CRS84_URI, Reference, asked_for
from gisapp.features.routes import features
from gisapp.features.turns import turn

PIECE = 1 << 16
OWN = ("format", "crs", "properties", "encoding")


@features.get("/api/export")
@open_to_all
def export() -> Response:
    """A selection of a layer as a file. Raises errors.ParameterInvalid, LayerNotFound, Busy, TooSlow, ExportFailed."""
    layer, view, values = read_layer(OWN)
    here = installation()
    format = _one_of(values, "format", tuple(FORMATS), "geojson")
    encoding = _one_of(values, "encoding", ENCODINGS, "utf-8")
    reference = CRS84 if format == "kml" else asked_for(values, "crs", here.city)
    fields = _chosen(view, values)
    wanted = {name: value for name, value in values.items() if name not in (*OWN, "layer", "lang")}
    chosen = selection.read_selection(layer, view, here.city, wanted, visible)
    lang = "ja" if values.get("lang", "ja") == "ja" else "en"
    folder = tempfile.TemporaryDirectory(prefix="gisapp-export-", ignore_cleanup_errors=True)
    try:
        job = Job(
            url=here.database.url(audience_role()).render_as_string(hide_password=False),
            timeout_ms=10 * here.settings.statement_timeout_ms,
            statement=statement_of(chosen, fields, format, reference),
            values=chosen.values,
            format=format,
            layer=layer.name,
            columns=tuple(_column(layer, name, lang) for name in fields),
            geometry=layer.geometry,
            srid=reference.srid,
            encoding=encoding,
            lang=lang,
            path=str(Path(folder.name) / f"{layer.name}.{FORMATS[format].ending}"),
        )
        with turn():
            said = write(job)
        _note(layer, view, values, said, fields)
        return _send(job, said, folder, reference)
    except BaseException:
        folder.cleanup()
        raise


def _one_of(values: Mapping[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    raw = values.get(name, default).lower()
    if raw not in known:
        listed = ", ".join(known)
        raise invalid(name, f"{listed} のどれかです", f"it is one of {listed}", f"{name}={known[0]}")
    return raw


def _chosen(view: View, values: Mapping[str, str]) -> tuple[str, ...]:
    known = fields_of(view)
    named = {name for name in values.get("properties", ",".join(known)).split(",") if name}
    if named - set(known):
        listed = ", ".join(known)
        raise invalid(
            "properties", f"項目は {listed} です", f"the fields are {listed}", f"properties={known[0]}"
        )
    return tuple(name for name in known if name in named)


def _column(layer: Layer, name: str, lang: str) -> Column:
    field = layer.field(name)
    return Column(name, field.title.get(lang), field.type)


def _note(
    layer: Layer, view: View, values: Mapping[str, str], said: Mapping[str, Any], fields: tuple[str, ...]
) -> None:
    """What not everybody may see is on record before it leaves: how many rows, which columns, what was asked."""
    concerned = [(layer, view)] + ([visible(values["meets"])] if values.get("meets") else [])
    words = {name: value[:300] for name, value in values.items() if name != "layer"}
    for one, seen in concerned:
        if seen.needs:
            about = {"rows": said["rows"], "columns": list(fields), "asked": words}
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
