"""A Folium page closed to the outside: it leads every link here, or it is not made at all."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import folium
import folium.plugins
import pytest
from folium.elements import JSCSSMixin

from gisapp.maps import city_map
from gisapp.maps.elements import MapLibreLayer
from gisapp.maps.figure import NotVendored, OfflineFigure, manifest

STYLE: dict[str, Any] = {"version": 8, "sources": {}, "layers": []}


def figure_of(*children: Any, **options: Any) -> OfflineFigure:
    figure = OfflineFigure(nonce="n0nce", **options)
    drawn = folium.Map(tiles=None)
    for child in children:
        child.add_to(drawn)
    figure.add_child(drawn, name=drawn.get_name())
    return figure


def all_elements() -> list[type[JSCSSMixin]]:
    """Every class of Folium that brings files along."""
    found, open_classes = [], [JSCSSMixin]
    while open_classes:
        for kind in open_classes.pop().__subclasses__():
            open_classes.append(kind)
            if kind.__module__.startswith("folium."):
                found.append(kind)
    return sorted(set(found), key=lambda kind: kind.__name__)


def test_a_page_links_nothing_but_files_of_this_server() -> None:
    html = figure_of(MapLibreLayer(STYLE)).render()
    links = re.findall(r"""(?:src|href)=["']([^"']+)""", html)
    assert len(links) >= 6
    assert all(link.startswith("/static/") for link in links)
    assert "jquery" not in html and "bootstrap" not in html


@pytest.mark.parametrize("kind", all_elements(), ids=lambda kind: kind.__name__)
def test_every_folium_element_is_vendored_or_refused(kind: type[JSCSSMixin]) -> None:
    figure = OfflineFigure()
    for _, url in (*kind.default_js, *kind.default_css):
        if url in manifest()["links"]:
            figure.link(url)
        else:
            with pytest.raises(NotVendored, match=re.escape(url)):
                figure.link(url)


@pytest.mark.parametrize(
    "plugin",
    [folium.plugins.Fullscreen, folium.plugins.MiniMap, folium.plugins.Draw, folium.plugins.MeasureControl],
)
def test_a_plugin_that_is_not_vendored_stops_the_page(plugin: Any) -> None:
    with pytest.raises(NotVendored):
        figure_of(plugin()).render()


def test_an_icon_font_that_is_left_out_stops_the_page() -> None:
    with pytest.raises(NotVendored, match=r"L\.AwesomeMarkers"):
        figure_of(folium.Marker((35, 139), icon=folium.Icon())).render()


def test_a_popup_brings_the_library_that_it_needs() -> None:
    html = figure_of(folium.Marker((35, 139), popup="本町")).render()
    assert "/static/vendor/jquery-3.7.1/jquery.min.js" in html


def test_a_picture_of_another_host_stops_the_page() -> None:
    figure = figure_of()
    figure.html.add_child(folium.Element('<img alt="" src="https://example.org/a.png">'))
    with pytest.raises(NotVendored, match=r"example\.org"):
        figure.render()


def test_folium_own_lists_stay_as_they_were() -> None:
    before = copy.deepcopy((folium.Map.default_js, folium.Map.default_css, MapLibreLayer.default_js))
    figure_of(MapLibreLayer(STYLE)).render()
    assert (folium.Map.default_js, folium.Map.default_css, MapLibreLayer.default_js) == before


def test_a_notebook_may_show_a_map_twice() -> None:
    figure = figure_of(MapLibreLayer(STYLE))
    first, second = (re.findall(r"""(?:src|href)=["']([^"']+)""", figure.render()) for _ in range(2))
    assert first == second


def test_the_nonce_is_on_our_scripts_and_on_no_other() -> None:
    figure = figure_of(MapLibreLayer(STYLE))
    figure.html.add_child(folium.Element("<script>window.__ran = 1</script>"))
    scripts = re.findall(r"<script[^>]*>", figure.render())
    assert scripts.count("<script>") == 1
    assert all('nonce="n0nce"' in script for script in scripts if script != "<script>")


def test_readers_may_enlarge_the_page() -> None:
    html = figure_of().render()
    assert html.count('name="viewport"') == 1
    assert "user-scalable" not in html and "maximum-scale" not in html
    assert '<html lang="ja">' in html


def test_the_title_is_text() -> None:
    assert "<title>&lt;b&gt;&amp;" in figure_of(title="<b>&").render()


def test_a_style_arrives_as_it_was_whatever_its_text() -> None:
    nasty = "</script><script>alert(1)</script> {{ 7*7 }} {% raw %} {# x #} {{{ & \u2028 \\ '\""
    style = {**STYLE, "layers": [{"id": nasty, "type": "background"}]}
    html = figure_of(MapLibreLayer(style)).render()
    (sent,) = re.findall(r"style: (\{.*\}),\n", html)
    assert json.loads(sent) == style
    assert "<script>alert" not in html


@pytest.mark.parametrize("part", ["glyphs", "sprite"])
def test_a_style_that_needs_a_glyph_server_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="glyphs"):
        MapLibreLayer({**STYLE, part: "/fonts/{fontstack}/{range}.pbf"})


def test_a_notebook_gets_a_folium_map_that_asks_one_server_only() -> None:
    drawn = city_map("sample", ["disaster.flood_depth"], server="http://127.0.0.1:8765/")
    assert isinstance(drawn, folium.Map)
    html = drawn.get_root().render()
    assert "disaster.flood_depth/depth" in html and "roads.street/" in html and "tax.parcel" not in html
    links = re.findall(r"""(?:src|href)=["']([^"']+)""", html)
    assert links and all(link.startswith("http://127.0.0.1:8765/static/") for link in links)
