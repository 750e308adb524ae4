"""Where is it: addresses, parcel numbers, facilities, streets, coordinates and mesh codes, found in the city's own data."""

from gisapp.search.routes import search

__all__ = ["search"]
