"""Draws a legend as a picture, by the same symbolizers as the map. In a drawing process only."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import mapnik
from PIL import Image

from gisapp.rasters.finish import packed, taken
from gisapp.rasters.style import DEFAULTS
from gisapp.rasters.symbolizers import symbolizers

SRS = "epsg:3857"  # units only
HIGH, SWATCH, EDGE, SIZE = 22, 28, 4, 12  # pixels: a row, its sign, around it, the letters
FONT = ("Noto Sans CJK JP Regular",)
WORD = "字"  # stands for a name whose colour is shown
Row = Mapping[str, Any]


def draw_legend(faces: Sequence[str], *, rows: Sequence[Row], form: str, paper: str) -> bytes:
    """The rows of a legend (see gisapp.catalogue.legend), one below the other."""
    width = SWATCH + 3 * EDGE + max((_wide(str(row["label"])) for row in rows), default=0)
    height = max(HIGH * len(rows), 1)
    drawn = mapnik.Map(width, height, SRS)
    styles = "".join(_style(number, row, faces) for number, row in enumerate(rows))
    mapnik.load_map_from_string(drawn, f'<Map srs="{SRS}">{styles}</Map>', True)
    for number, row in enumerate(rows):
        middle = -(number + 0.5) * HIGH
        _add(drawn, f"sign{number}", _shape(row["kind"], middle), WORD)
        _add(drawn, f"word{number}", _point(SWATCH + 2 * EDGE, middle), str(row["label"]))
    drawn.zoom_to_box(mapnik.Box2d(0, -height, width, 0))
    picture = mapnik.Image(width, height)
    mapnik.render(drawn, picture)
    picture.premultiply()
    image = taken(picture).convert("RGBA")
    if paper:
        image = Image.alpha_composite(Image.new("RGBA", image.size, paper), image).convert("RGB")
    return packed(image, form)


def _wide(label: str) -> int:
    return sum(SIZE if ord(letter) > 0x2E7F else round(SIZE * 0.62) for letter in label)


def _style(number: int, row: Row, faces: Sequence[str]) -> str:
    kind = row["kind"]
    values = dict(DEFAULTS[kind])
    values[f"{'text' if kind == 'symbol' else kind}-color"] = row["color"]
    if kind != "symbol":
        values[f"{kind}-opacity"] = row["opacity"]
    if kind == "fill":
        values["fill-outline-color"] = row["outline"]
    elif kind == "line":
        values |= {"line-width": min(row["width"], HIGH / 2), "line-dasharray": row["dash"]}
    elif kind == "circle":
        values["circle-radius"] = min(row["width"], HIGH - 6) / 2
        if row["outline"]:
            values |= {"circle-stroke-color": row["outline"], "circle-stroke-width": 1}
    else:
        values["text-size"] = SIZE
    sign = symbolizers(kind, values, 1, "text", faces)
    if kind == "line" and row["outline"]:
        under = {**values, "line-color": row["outline"], "line-width": values["line-width"] + 2}
        sign = symbolizers(kind, under, 1, "text", faces) + sign
    label = {
        **DEFAULTS["symbol"],
        "text-size": SIZE,
        "text-font": FONT,
        "text-anchor": "left",
        "text-max-width": 999,
        "text-padding": 0,
    }
    word = symbolizers("symbol", label, 1, "text", faces)
    return "".join(
        f'<Style name="{name}{number}"><Rule>{content}</Rule></Style>'
        for name, content in (("sign", sign), ("word", word))
    )


def _add(drawn: Any, name: str, wkb: bytes, text: str) -> None:
    context, source = mapnik.Context(), mapnik.MemoryDatasource()
    context.push("text")
    feature = mapnik.Feature(context, 1)
    feature["text"] = text
    feature.geometry = mapnik.Geometry.from_wkb(wkb)
    source.add_feature(feature)
    layer = mapnik.Layer(name, SRS)
    layer.datasource = source
    layer.styles.append(name)
    drawn.layers.append(layer)


def _shape(kind: str, middle: float) -> bytes:
    left, right, half = EDGE, EDGE + SWATCH, HIGH / 2 - EDGE
    if kind in ("circle", "symbol"):
        return _point((left + right) / 2, middle)
    if kind == "line":
        return struct.pack("<BII4d", 1, 2, 2, left, middle, right, middle)
    low, high = middle - half, middle + half
    return struct.pack("<BIII10d", 1, 3, 1, 5, left, low, right, low, right, high, left, high, left, low)


def _point(x: float, y: float) -> bytes:
    return struct.pack("<BI2d", 1, 1, x, y)
