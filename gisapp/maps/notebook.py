"""The city's map in a notebook: `from gisapp.maps import city_map`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import folium
import folium.utilities

from gisapp.catalogue.load import load_catalogue
from gisapp.maps.elements import MapLibreLayer
from gisapp.maps.figure import OfflineFigure
from gisapp.maps.pages import leaflet_map
from gisapp.maps.style import is_backdrop, map_style
from gisapp.settings import City, load_city


def city_map(
    city: City | str, layers: Iterable[str] = (), server: str = "http://127.0.0.1:8000", height: str = "600px"
) -> folium.Map:
    """A `folium.Map` of the city: base map, streets and `layers` (ids such as "disaster.flood_depth").

    Tiles, scripts and styles come from a running gisapp at `server`, which answers with what its visitors may
    see; nothing comes from anybody else. The map takes Folium's own elements; one whose files gisapp does not
    hold raises `gisapp.maps.figure.NotVendored` when it is shown. Raises errors.CityNotFound,
    CatalogueInvalid, LayerNotFound.

        from gisapp.maps import city_map
        city_map("sample", ["disaster.flood_depth", "disaster.shelter"])
    """
    folium.utilities.pd = sys.modules.get("pandas")  # gisapp.maps.light
    city = load_city(city) if isinstance(city, str) else city
    catalogue = load_catalogue(city)
    wanted = [catalogue.layer(layer) for layer in layers]
    chosen = [layer for layer in catalogue.layers.values() if layer in wanted or is_backdrop(layer)]
    figure = OfflineFigure(title=city.name_ja, server=server, height=height)
    city_view = leaflet_map(city.bounds, zoom_control=True)
    figure.add_child(city_view, name=city_view.get_name())
    city_view.add_child(MapLibreLayer(map_style(chosen, {layer.id for layer in chosen})))
    if not city.sample:  # a made-up city is of any size: its map opens in its middle
        west, south, east, north = city.bounds
        city_view.fit_bounds([[south, west], [north, east]])
    return city_view
