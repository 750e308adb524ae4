"""Where is it: addresses, parcel numbers, facilities, streets, coordinates and mesh codes, found in the city's own data."""

# routes

__all__ = ["search"]
