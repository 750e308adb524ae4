"""What lies at a pixel, as JSON, a page or plain text: `features.identify`, with its rights and its record."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from flask import render_template

from gisapp.features.identify import Found
from gisapp.features.words import text_of

Rows = list[tuple[str, str]]


def as_geojson(found: Sequence[Found], lang: str) -> str:
    """A FeatureCollection in longitude and latitude."""
    features = []
    for each in found:
        head = {
            "type": "Feature",
            "id": f"{each.layer.id}.{each.id}",
            "layer": each.layer.id,
            "layer_title": each.layer.title.get(lang),
            "label": each.layer.label_of(each.values, lang),
            "properties": {
                field.name: each.values[field.name]
                for field in each.layer.fields
                if field.name in each.values
            },
        }
        features.append(f'{json.dumps(head, ensure_ascii=False)[:-1]}, "geometry": {each.geometry}}}')
    return f'{{"type": "FeatureCollection", "features": [{", ".join(features)}]}}'


def as_text(found: Sequence[Found], lang: str) -> str:
    """Layer, feature, and a line for each field."""
    if not found:
        return "この場所には何もありません。\n" if lang == "ja" else "There is nothing at this place.\n"
    parts = []
    for each in found:
        lines = [f"{each.layer.title.get(lang)} ({each.layer.id}.{each.id})"]
        lines += [f"  {title} = {text}" for title, text in rows_of(each, lang)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def as_page(found: Sequence[Found], lang: str) -> str:
    """A table for each feature."""
    tables = [
        (each.layer.title.get(lang), each.layer.label_of(each.values, lang), rows_of(each, lang))
        for each in found
    ]
    return render_template("ogc/wms_info.html", tables=tables, lang=lang)


def rows_of(each: Found, lang: str) -> Rows:
    """Titles and values in words, of the fields that the asker may see."""
    fields = [field for field in each.layer.fields if field.name in each.values]
    return [
        (
            field.title.get(lang),
            (text_of(each.layer, field, each.values[field.name], lang) + f" {field.unit}").strip(),
        )
        for field in fields
    ]


FORMATS: dict[str, Callable[[Sequence[Found], str], str]] = {
    "application/json": as_geojson,
    "application/geo+json": as_geojson,
    "text/html": as_page,
    "text/plain": as_text,
}
