"""Map pages made with Folium: nothing they show or run comes from anywhere but this server.

From the inside out: `figure` closes Folium's pages, `elements` are Folium elements of our own, `style` joins
the layer folders' styles, `build` decides what a page shows (a `viewer`), `pages` draws it, `routes` answers.
"""

from gisapp.maps import light  # noqa: F401  (first: Folium without pandas)
from gisapp.maps.notebook import city_map
from gisapp.maps.routes import maps

__all__ = ["city_map", "maps"]
