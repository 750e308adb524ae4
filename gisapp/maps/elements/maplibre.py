"""A MapLibre style as one layer of a Leaflet map: vector tiles, drawn in the browser, under its overlays.

Leaflet's zoom z is MapLibre's zoom z-1, because MapLibre counts in tiles of 512 pixels; the bridge
(maplibre-gl-leaflet) takes care of it.
"""

from __future__ import annotations

import json
from typing import Any

from folium.elements import JSCSSMixin
from folium.map import Layer
from folium.template import Template

FONTS = "'BIZ UDPGothic','Hiragino Sans','Noto Sans JP','Noto Sans CJK JP','Yu Gothic UI',sans-serif"
"""Labels are drawn with the reader's own fonts: no font and no glyph server is needed for any character, as
long as the style has no `glyphs` (MapLibre 5.11 and later)."""


class MapLibreLayer(JSCSSMixin, Layer):
    """`style` is a MapLibre style without `glyphs` and `sprite`; its tile URLs may be paths of this server.

    Must stand in an `OfflineFigure`. Raises ValueError for a style that would need files we do not serve.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = gisappMapLibre({
            style: {{ this.style_json }},
            worker: {{ this.get_root().link("vendor:maplibre-gl-worker")|tojson }},
            server: {{ this.get_root().server|tojson }},
            fonts: {{ this.fonts|tojson }}
        });
        {% endmacro %}
        """
    )
    default_js = [
        ("maplibre_gl", "vendor:maplibre-gl"),
        ("maplibre_gl_leaflet", "vendor:maplibre-gl-leaflet"),
        ("gisapp_maplibre", "static:js/maplibre-layer.js"),
    ]
    default_css = [("maplibre_gl_css", "vendor:maplibre-gl-css")]
    fonts = FONTS

    def __init__(self, style: dict[str, Any], name: str | None = None) -> None:
        super().__init__(name=name, overlay=False, control=False)
        if style.keys() & {"glyphs", "sprite"}:
            raise ValueError("a style here has neither glyphs nor sprite: labels use the reader's own fonts")
        self._name = "MapLibreLayer"
        self.style = style

    @property
    def style_json(self) -> str:
        """The style as JavaScript, safe inside a script and inside the template that branca makes of it.

        Outside of strings JSON never holds `{{`, `{%` or `{#`, so these can only be data, and are escaped.
        """
        text = json.dumps(self.style, ensure_ascii=False, separators=(",", ":"))
        for raw, safe in _ESCAPES:
            text = text.replace(raw, safe)
        return text


_ESCAPES = (
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("&", "\\u0026"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
    ("{{", "{\\u007b"),
    ("{%", "{\\u0025"),
    ("{#", "{\\u0023"),
)
