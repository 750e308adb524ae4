"""A Folium page that asks nobody else for anything, and that a strict Content-Security-Policy lets run.

Folium's elements register their scripts and styles as CDN links while they render. So the figure lets its
children render, then leads every link to a file of static/ through static/vendor/vendor.json, and raises
`NotVendored` for one that is not there: a page that would call out fails where it is made, not on a closed
network years later. The lists of links that Folium keeps on its classes are never touched; they are shared by
all maps of the process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from branca.element import CssLink, Figure, JavascriptLink
from folium.template import Template

from gisapp.settings import ROOT

MANIFEST = "vendor.json"

_AWAY = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)""", re.I
)
_VIEWPORT = re.compile(r"""<meta\s+name=["']?viewport["']?[^>]*>""", re.I)


class NotVendored(LookupError):
    """An element of the page wants a file that does not stand under static/vendor (gisapp.maps.vendor)."""


def _plain(html: str) -> str:
    return html


class OfflineFigure(Figure):
    """A branca Figure whose links all lead to this server.

    `nonce` goes on every script that the figure itself writes, and on no other: a script that came in with
    data gets none and does not run. `styles` are paths under static/, linked after those of the elements.
    `frame` puts Folium's HTML (the map's div) into the page around it. `server` is empty in our pages; a
    notebook, which is not served by gisapp, gives the address of one (`http://127.0.0.1:8000`).
    """

    _template = Template(
        """<!DOCTYPE html>
<html lang="{{ this.lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>{{ this.title|e }}</title>
{{ header }}
{% for path in this.styles %}
<link rel="stylesheet" href="{{ this.static(path)|e }}">
{% endfor %}
<link rel="icon" type="image/svg+xml" href="{{ this.static("icons/gisapp.svg")|e }}">
<meta name="theme-color" content="#123a6b">
</head>
<body>
{{ body }}
<script nonce="{{ this.nonce|e }}">
{{ script }}
</script>
</body>
</html>
"""
    )

    def __init__(
        self,
        nonce: str = "",
        lang: str = "ja",
        title: str = "gisapp",
        styles: tuple[str, ...] = (),
        frame: Callable[[str], str] = _plain,
        server: str = "",
        height: str | None = None,
    ) -> None:
        super().__init__(title=title, height=height)
        self.nonce, self.lang = nonce, lang
        self.styles, self.frame = styles, frame
        self.server = server.rstrip("/")
        del self.header._children["meta_http"]  # the template says its own

    def render(self, **kwargs: Any) -> str:
        """The page. Raises NotVendored for a link, or a picture or frame, that leads to another host."""
        for child in self._children.values():
            child.render(**kwargs)
        script = self.script.render(**kwargs)
        self._lead_links_here(script)
        header = _VIEWPORT.sub("", self.header.render(**kwargs))
        header = re.sub(r"<script(?=[\s>])", f'<script nonce="{self.nonce}"', header)
        body = self.frame(self.html.render(**kwargs))
        for address in _AWAY.findall(header + body):
            if not (self.server and address.startswith(f"{self.server}/static/")):
                raise NotVendored(f"the page would ask another host: {address}")
        return str(self._template.render(this=self, header=header, body=body, script=script))

    def static(self, path: str) -> str:
        """URL of a file under static/."""
        return f"{self.server}/static/{path}"

    def link(self, url: str) -> str | None:
        """The URL here for a link of an element; None when the manifest leaves it out on purpose.

        `static:<path>` is a file of our own, anything else must be in the manifest. Raises NotVendored.
        """
        if url.startswith("static:"):
            return self.static(url.removeprefix("static:"))
        links = manifest()["links"]
        if url not in links:
            raise NotVendored(f"not vendored: {url}. Add it to gisapp/maps/vendor.py and run that.")
        return None if links[url] is None else self.static(f"vendor/{links[url]}")

    def _lead_links_here(self, script: str) -> None:
        for name, element in list(self.header._children.items()):
            if not isinstance(element, JavascriptLink | CssLink) or element.url.startswith(self.static("")):
                continue
            here, needed_by = self.link(element.url), manifest()["needed_by"].get(element.url)
            if needed_by and needed_by in script and here is None:
                raise NotVendored(f"an element uses {needed_by}, which is not vendored: {element.url}")
            if here is None or (needed_by and needed_by not in script):
                del self.header._children[name]
            else:
                element.url = here


@cache
def manifest() -> dict[str, Any]:
    """static/vendor/vendor.json, read once."""
    return dict(json.loads((ROOT / "static" / "vendor" / MANIFEST).read_text("utf-8")))
