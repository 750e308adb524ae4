"""Folium elements of our own; the files that draw them stand under static/ and are links of the figure."""

from gisapp.maps.elements.maplibre import MapLibreLayer

__all__ = ["MapLibreLayer"]
