"""What an export's parameters ask for. The export reads them, and so does whoever signs an address of one: both refuse alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from gisapp import errors
from gisapp.access.policy import Asker, view_of
from gisapp.catalogue.layer import Layer, View
from gisapp.features import selection
from gisapp.features.exports.formats import ENCODINGS, FORMATS
from gisapp.features.exports.job import statement_of
from gisapp.features.expressions import fields_of
from gisapp.features.parameters import invalid
from gisapp.features.questions import read_layer_of
from gisapp.features.references import CRS84, Reference, asked_for
from gisapp.features.selection import Find, Selection
from gisapp.installation import Installation
from gisapp.settings import City

OWN = ("format", "crs", "properties", "encoding")


@dataclass(frozen=True)
class Asked:
    """One export as it was asked for; `statement` gives its rows."""

    layer: Layer
    view: View
    values: Mapping[str, str]
    format: str
    encoding: str
    reference: Reference
    fields: tuple[str, ...]
    chosen: Selection
    lang: str

    @property
    def statement(self) -> str:
        """Its rows in SQL."""
        return statement_of(self.chosen, self.fields, self.format, self.reference)


def read(arguments: MultiDict[str, str], city: City, find: Find) -> Asked:
    """What the parameters ask for; find: a layer with the asker's view of it. Raises errors.ParameterInvalid, LayerNotFound."""
    layer, view, values = read_layer_of(arguments, OWN, city, find)
    format = _one_of(values, "format", tuple(FORMATS), "geojson")
    encoding = _one_of(values, "encoding", ENCODINGS, "utf-8")
    reference = CRS84 if format == "kml" else asked_for(values, "crs", city)
    fields = _chosen(view, values)
    wanted = {name: value for name, value in values.items() if name not in (*OWN, "layer", "lang")}
    chosen = selection.read_selection(layer, view, city, wanted, find)
    lang = "ja" if values.get("lang", "ja") == "ja" else "en"
    return Asked(layer, view, values, format, encoding, reference, fields, chosen, lang)


def require(installation: Installation, asker: Asker, question: str) -> None:
    """Refuse what `/api/export?<question>` would refuse this asker. Raises errors.ParameterInvalid, LayerNotFound."""

    def find(name: str) -> tuple[Layer, View]:
        layer = installation.catalogue.layer(name)
        view = view_of(asker, layer)
        if view is None:
            raise errors.LayerNotFound(layer=name)
        return layer, view

    read(MultiDict(parse_qsl(question, keep_blank_values=True)), installation.city, find)


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
